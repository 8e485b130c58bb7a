"""PyTorch, with channels last in memory."""

from typing import Any

import keras
import numpy as np
import torch
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from benchmarks.by_hand import MOMENTUM
from benchmarks.by_hand import Network
from benchmarks.by_hand import Weights

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, x: torch.Tensor, factor: float
    ) -> torch.Tensor:
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(
        ctx: FunctionCtx, upstream: torch.Tensor
    ) -> tuple[torch.Tensor, None]:
        return -ctx.factor * upstream, None


def _parameter(array: np.ndarray) -> torch.Tensor:
    weight = torch.from_numpy(array)
    if weight.ndim == 4:
        weight = weight.permute(3, 2, 0, 1)
        weight = weight.contiguous(memory_format=torch.channels_last)
    return weight.to(DEVICE).requires_grad_()


def _on_device(array: np.ndarray | torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(array).to(DEVICE)


def _dense(x: torch.Tensor, layers: list[Any]) -> torch.Tensor:
    *hidden, (kernel, bias) = layers
    for inner, shift in hidden:
        x = functional.relu(torch.addmm(shift, x, inner))
    return torch.addmm(bias, x, kernel)


class Loop:
    """One network, trained by hand."""

    def __init__(
        self, network: Network, model: keras.Model, learning_rate: float
    ):
        self.network = network
        self.weights = Weights.of(model, _parameter)
        self.optimizer = torch.optim.SGD(
            self.weights.flat(), learning_rate, momentum=MOMENTUM
        )

    def step(
        self,
        source: np.ndarray | torch.Tensor,
        labels: np.ndarray | torch.Tensor,
        target: np.ndarray | torch.Tensor,
        factor: float,
    ) -> torch.Tensor:
        images = torch.cat([_on_device(source), _on_device(target)])
        images = images.permute(0, 3, 1, 2).float()
        features = self._features(images / 127.5 - 1)
        count = len(source)
        label_loss = functional.cross_entropy(
            _dense(features[:count], self.weights.label),
            _on_device(labels),
        )
        logits = _dense(_Reversed.apply(features, factor), self.weights.domain)[
            :, 0
        ]
        domains = torch.zeros(len(images), device=DEVICE)
        domains[count:] = 1
        loss = label_loss + functional.binary_cross_entropy_with_logits(
            logits, domains
        )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _features(self, x: torch.Tensor) -> torch.Tensor:
        for number, (kernel, bias) in enumerate(self.weights.convolutions):
            padding = kernel.shape[-1] // 2 if self.network.padded else 0
            x = functional.conv2d(x, kernel, bias, padding=padding)
            if number < self.network.pooled:
                x = functional.max_pool2d(
                    x, self.network.window, 2, ceil_mode=self.network.padded
                )
            x = functional.relu(x)
        return x.permute(0, 2, 3, 1).flatten(1)
