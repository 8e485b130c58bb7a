"""Initial weights for networks that have up to 60 million of them."""

import contextlib
import math
from collections.abc import Iterator

import keras
import numpy as np
import pytest


@contextlib.contextmanager
def quick_weights() -> Iterator[None]:
    """Random weights from NumPy, with the limits of Glorot and Bengio.

    Keras takes seconds to generate them, and JAX compiles that for each shape.
    """
    rng = np.random.default_rng(0)

    def glorot_uniform(self, shape, dtype=None, **kwargs):
        *window, inputs, outputs = shape
        limit = math.sqrt(6 / (inputs + outputs) / math.prod(window))
        values = rng.random(shape, dtype="float32")
        values -= 0.5
        values *= 2 * limit
        return keras.ops.convert_to_tensor(values, dtype)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keras.initializers.GlorotUniform, "__call__", glorot_uniform
        )
        yield
