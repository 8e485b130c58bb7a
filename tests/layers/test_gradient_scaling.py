import keras
import numpy as np
import pytest
from keras import ops

from keras_grl.layers import GradientReversal
from keras_grl.layers import GradientScaling
from tests.testing import grad
from tests.testing import to_numpy

SPECIAL = np.array([0.0, -0.0, 1e-45, np.inf, -np.inf, np.nan], "float32")


def test_forward_is_exact_to_the_bit():
    outputs = to_numpy(GradientScaling(0.1)(SPECIAL))
    np.testing.assert_array_equal(
        outputs.view("uint32"), SPECIAL.view("uint32")
    )


@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 3.0])
def test_gradient_is_scale_times_upstream(scale):
    rng = np.random.default_rng(0)
    x, upstream = rng.normal(size=(2, 3, 4)).astype("float32")
    layer = GradientScaling(scale)
    weights = ops.convert_to_tensor(upstream)
    got = to_numpy(grad(lambda x: ops.sum(layer(x) * weights), x))
    np.testing.assert_allclose(got, scale * upstream, rtol=1e-6)


def test_scales_multiply_in_a_chain_and_with_a_reversal():
    layers = [GradientScaling(0.5), GradientReversal(3.0), GradientScaling(0.1)]

    def chain(x):
        for layer in layers:
            x = layer(x)
        return ops.sum(x)

    got = to_numpy(grad(chain, np.ones(2, "float32")))
    np.testing.assert_allclose(got, [-0.15, -0.15], rtol=1e-6)


def weights_after(optimizer, scale):
    """Of two dense layers with the scaling between, after three steps."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 3)).astype("float32")
    y = rng.normal(size=(12, 1)).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh"),
            GradientScaling(scale),
            keras.layers.Dense(1),
        ]
    )
    start = [to_numpy(w) for w in model.weights]
    model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    return x, y, start, [to_numpy(w) for w in model.weights]


@pytest.mark.parametrize("nesterov", [False, True])
def test_equals_a_learning_rate_of_its_own_under_sgd(nesterov):
    """Against momentum SGD by hand, with two learning rates."""
    rate, momentum, scale = 0.05, 0.9, 0.1
    optimizer = keras.optimizers.SGD(rate, momentum, nesterov=nesterov)
    x, y, weights, got = weights_after(optimizer, scale)
    w1, b1, w2, b2 = (w.astype("float64") for w in weights)
    rates = (scale * rate, scale * rate, rate, rate)
    velocity = [0.0] * 4
    for i in range(0, 12, 4):
        xs, ys = x[i : i + 4].astype("float64"), y[i : i + 4]
        hidden = np.tanh(xs @ w1 + b1)
        error = 2 * (hidden @ w2 + b2 - ys) / 4
        back = error @ w2.T * (1 - hidden**2)
        gradients = (xs.T @ back, back.sum(0), hidden.T @ error, error.sum(0))
        values = [w1, b1, w2, b2]
        for k in range(4):
            step = -rates[k] * gradients[k]
            velocity[k] = momentum * velocity[k] + step
            values[k] = values[k] + (
                momentum * velocity[k] + step if nesterov else velocity[k]
            )
        w1, b1, w2, b2 = values
    for value, by_hand in zip(got, (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(value, by_hand, rtol=1e-4, atol=1e-6)


def test_has_no_effect_under_adam():
    """What the documentation warns of."""
    *_, plain = weights_after(keras.optimizers.Adam(0.01, epsilon=1e-12), 1.0)
    *_, scaled = weights_after(keras.optimizers.Adam(0.01, epsilon=1e-12), 0.1)
    for a, b in zip(plain, scaled, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_masks_pass():
    embedding = keras.layers.Embedding(5, 2, mask_zero=True)
    outputs = GradientScaling(0.1)(embedding(np.array([[1, 2, 0]])))
    assert to_numpy(outputs._keras_mask).tolist() == [[True, True, False]]


def test_round_trip():
    layer = GradientScaling(0.1, name="pretrained")
    again = GradientScaling.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.scale == 0.1


@pytest.mark.parametrize("bad", [-0.1, float("nan"), "0.1", None])
def test_bad_scale(bad):
    with pytest.raises(ValueError, match=r"`scale`.*at least 0.*Received"):
        GradientScaling(bad)
