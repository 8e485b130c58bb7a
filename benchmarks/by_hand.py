"""The best loop that we could write by hand, on each backend.

It trains what `keras_grl.architectures.LeNet` and `SVHN` (without dropout and
max-norm) are, with the same loss and optimizer, in the form that is fastest
there: PyTorch with channels last in memory, JAX with pooling by slices and
without YNNPACK's convolutions, TensorFlow as a `tf.function`.
"""

import importlib
import math
from collections.abc import Callable
from typing import Any
from typing import NamedTuple
from typing import SupportsFloat

import keras
import numpy as np

MOMENTUM = 0.9


class Network(NamedTuple):
    """What differs between the networks.

    Args:
        size: Pixels of a square image.
        window: Of a pooling.
        padded: Whether convolutions and poolings are.
        pooled: How many convolutions have a pooling after them.
    """

    size: int
    window: int
    padded: bool
    pooled: int

    @property
    def padding(self) -> str:
        return "SAME" if self.padded else "VALID"


NETWORKS = {
    "LeNet": Network(28, 2, False, 2),
    "SVHN": Network(32, 3, True, 2),
}


class Weights(NamedTuple):
    """Pairs of kernel and bias."""

    convolutions: list[Any]
    label: list[Any]
    domain: list[Any]

    @classmethod
    def of(cls, model: keras.Model, make: Callable[[Any], Any]) -> "Weights":
        """Those of a `DANNModel`, of which `make` makes the backend's own."""

        def pairs(part: keras.Model) -> list[Any]:
            arrays = [make(np.array(w)) for w in part.get_weights()]
            return list(zip(arrays[::2], arrays[1::2], strict=True))

        parts = (
            model.feature_extractor,
            model.label_predictor,
            model.domain_classifier,
        )
        return cls(*map(pairs, parts))

    def flat(self) -> list[Any]:
        return [w for part in self for pair in part for w in pair]


def factor(step: int, total: int) -> float:
    """The adaptation factor of equation 14."""
    return 2 / (1 + math.exp(-10 * step / total)) - 1


def loop(
    name: str, model: keras.Model, learning_rate: float
) -> Callable[..., SupportsFloat]:
    """A function that trains one step, from the weights that a model has.

    Args:
        name: Of the network.
        model: A `DANNModel`.
        learning_rate: Number.

    Returns:
        A function of source images, their labels, target images and the
        adaptation factor. It returns the loss.
    """
    module = importlib.import_module(
        f"benchmarks.by_hand_{keras.backend.backend()}"
    )
    return module.Loop(NETWORKS[name], model, learning_rate).step
