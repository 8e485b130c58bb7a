"""JAX, with pooling by slices and without YNNPACK's convolutions."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from benchmarks.by_hand import MOMENTUM
from benchmarks.by_hand import Network
from benchmarks.by_hand import Weights

OPTIONS = {
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"
}


def _convolution(x: jax.Array, kernel: jax.Array, padding: str) -> jax.Array:
    return lax.conv_general_dilated(
        x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _max_pool(x: jax.Array, network: Network) -> jax.Array:
    window = network.window
    for axis in (1, 2):
        if network.padded:
            around = [(0, 0)] * 4
            around[axis] = (0, window - 2)
            x = jnp.pad(x, around, constant_values=-jnp.inf)
        stop = x.shape[axis] - window + 1
        x = functools.reduce(
            jnp.maximum,
            [
                lax.slice_in_dim(x, first, first + stop, 2, axis)
                for first in range(window)
            ],
        )
    return x


def _dense(x: jax.Array, layers: list[Any]) -> jax.Array:
    *hidden, (kernel, bias) = layers
    for inner, shift in hidden:
        x = jax.nn.relu(x @ inner + shift)
    return x @ kernel + bias


def _loss(
    weights: Weights,
    network: Network,
    source: jax.Array,
    labels: jax.Array,
    target: jax.Array,
    factor: jax.Array,
) -> jax.Array:
    x = jnp.concatenate([source, target]).astype("float32") / 127.5 - 1
    for number, (kernel, bias) in enumerate(weights.convolutions):
        x = _convolution(x, kernel, network.padding) + bias
        if number < network.pooled:
            x = _max_pool(x, network)
        x = jax.nn.relu(x)
    features = x.reshape(len(x), -1)
    count = len(source)
    scores = jax.nn.log_softmax(_dense(features[:count], weights.label))
    label_loss = -jnp.mean(scores[jnp.arange(count), labels])
    kept = lax.stop_gradient(features)
    logits = _dense(kept - factor * (features - kept), weights.domain)[:, 0]
    signs = jnp.where(jnp.arange(len(x)) < count, 1.0, -1.0)
    return label_loss + jnp.mean(jax.nn.softplus(signs * logits))


class Loop:
    """One network, trained by hand."""

    def __init__(
        self, network: Network, model: keras.Model, learning_rate: float
    ):
        self.weights = Weights.of(model, jnp.array)
        self.speeds = jax.tree.map(jnp.zeros_like, self.weights)

        def step(
            weights: Weights, speeds: Weights, *batch: jax.Array
        ) -> tuple[Weights, Weights, jax.Array]:
            loss, gradients = jax.value_and_grad(_loss)(
                weights, network, *batch
            )
            speeds = jax.tree.map(
                lambda speed, gradient: (
                    MOMENTUM * speed - learning_rate * gradient
                ),
                speeds,
                gradients,
            )
            return jax.tree.map(jnp.add, weights, speeds), speeds, loss

        def steps(
            weights: Weights,
            speeds: Weights,
            data: tuple[jax.Array, ...],
            rows: tuple[jax.Array, jax.Array],
            factors: jax.Array,
        ) -> tuple[Weights, Weights, jax.Array]:
            source, labels, target = data

            def body(
                state: tuple[Weights, Weights], each: tuple[jax.Array, ...]
            ) -> tuple[tuple[Weights, Weights], jax.Array]:
                ours, theirs, factor = each
                batch = source[ours], labels[ours], target[theirs], factor
                weights, speeds, loss = step(*state, *batch)
                return (weights, speeds), loss

            (weights, speeds), losses = lax.scan(
                body, (weights, speeds), (*rows, factors)
            )
            return weights, speeds, losses

        options = {
            "donate_argnums": (0, 1),
            "compiler_options": OPTIONS if _on_cpu() else None,
        }
        self.compiled = jax.jit(step, **options)
        self.scanned = jax.jit(steps, **options)

    def step(
        self,
        source: np.ndarray,
        labels: np.ndarray,
        target: np.ndarray,
        factor: float,
    ) -> jax.Array:
        self.weights, self.speeds, loss = self.compiled(
            self.weights,
            self.speeds,
            source,
            labels,
            target,
            np.float32(factor),
        )
        return loss

    def steps(
        self,
        data: tuple[jax.Array, ...],
        rows: tuple[np.ndarray, np.ndarray],
        factors: np.ndarray,
    ) -> jax.Array:
        """Several steps in one call, as a `lax.scan`.

        Args:
            data: Source images, their labels and target images, all of them.
            rows: Those of source and target in each batch, shape `(steps,
                batch)`.
            factors: The adaptation factor of each step.

        Returns:
            The loss of each step.
        """
        self.weights, self.speeds, losses = self.scanned(
            self.weights, self.speeds, data, rows, factors.astype("float32")
        )
        return losses


def _on_cpu() -> bool:
    return jax.default_backend() == "cpu"
