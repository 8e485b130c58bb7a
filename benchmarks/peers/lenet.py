"""The parts of LeNet as modules of PyTorch, for the peers that use it."""

import numpy as np
import torch
from torch import nn


def feature_extractor() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 32, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(32, 48, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
    )


def label_predictor() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(768, 100),
        nn.ReLU(),
        nn.Linear(100, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )


def channels_first(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
