"""A network with a reversal in it, and its training by hand in NumPy.

`x W -> R -> v`, with the loss mean((x W v - d)²).
"""

import keras
import numpy as np

from keras_grl import schedules
from keras_grl.layers import GradientReversal
from keras_grl.types import Array
from tests.versions import at_least

# Why torch refuses to compile the layer into one graph. In Keras 3.14 it stops
# before the layer's own reason.
NO_GRAPH = (
    r"torch\.compiler\.disable"
    if at_least("keras", 3, 15)
    else "Failed to trace builtin operator"
)

RATE = 0.1
STEPS = 4
# λ of the four steps below, and of those after them.
FACTORS = [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]

_RANDOM = np.random.default_rng(0)
X = _RANDOM.normal(size=(6, 3)).astype("float32")
D = _RANDOM.normal(size=(6, 1)).astype("float32")
W = _RANDOM.normal(size=(3, 2)).astype("float32")
V = _RANDOM.normal(size=(2, 1)).astype("float32")


def reversal(**kwargs: object) -> GradientReversal:
    """λ goes from 0 to 1 in four steps."""
    return GradientReversal(
        schedules.LinearRamp(), total_steps=STEPS, name="reversal", **kwargs
    )


def network(layer: GradientReversal) -> keras.Model:
    """The network in Keras, with the weights W and V."""
    inputs = keras.Input((3,))
    features = keras.layers.Dense(2, use_bias=False, name="features")(inputs)
    outputs = keras.layers.Dense(1, use_bias=False)(layer(features))
    model = keras.Model(inputs, outputs)
    model.layers[1].kernel.assign(W)
    model.layers[3].kernel.assign(V)
    return model


def gradients(w: Array, v: Array, factor: float) -> tuple[Array, Array]:
    """Of W, with -λ, and of v, without."""
    error = 2 * (X @ w @ v - D) / len(X)
    return -factor * X.T @ error @ v.T, (X @ w).T @ error


def trained(steps: int) -> tuple[Array, Array]:
    """W and v after steps of gradient descent."""
    w, v = W.astype("float64"), V.astype("float64")
    for factor in FACTORS[:steps]:
        of_w, of_v = gradients(w, v, factor)
        w, v = w - RATE * of_w, v - RATE * of_v
    return w, v


def assert_trained(w: Array, v: Array, steps: int) -> None:
    want_w, want_v = trained(steps)
    np.testing.assert_allclose(w, want_w, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(v, want_v, rtol=1e-5, atol=1e-6)
    # Another λ would show: that of the next step, or a plain gradient.
    assert np.abs(want_w - W).max() > 0.01
