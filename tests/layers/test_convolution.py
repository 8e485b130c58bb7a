"""Keras's outputs and gradients, whatever form they are computed in."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from keras_grl.layers import Conv2D
from tests.losses.in_one_piece import gradient
from tests.testing import BACKEND
from tests.testing import to_numpy

OF_THE_BUILDERS = [
    {"kernel_size": 5},
    {"kernel_size": 5, "padding": "same"},
    {"kernel_size": 3, "padding": "same", "use_bias": False},
    {"kernel_size": 5, "strides": 2},
    {"kernel_size": 1, "activation": "relu"},
    {"kernel_size": 3, "padding": "same", "groups": 2},
    {"kernel_size": (3, 5), "padding": "same", "dilation_rate": 2},
]
OTHERS = [
    {"kernel_size": 2, "padding": "same"},
    {"kernel_size": (3, 2), "padding": "same", "dilation_rate": (2, 1)},
    {"kernel_size": 3, "padding": "same", "strides": 2},
    {"kernel_size": 3, "padding": "same", "strides": (1, 2)},
]


def images(shape=(3, 9, 8, 4), seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape).astype("float32")


def both(shape, **arguments):
    """Our layer and Keras's with the same weights, the bias not 0."""
    layers = []
    for each in (Conv2D, keras.layers.Conv2D):
        layer = each(6, **arguments)
        layer.build(shape)
        values = [
            images(weight.shape, seed)
            for seed, weight in enumerate(layer.weights)
        ]
        layer.set_weights(values)
        layers.append(layer)
    return layers


@pytest.mark.parametrize("arguments", OF_THE_BUILDERS + OTHERS, ids=str)
def test_outputs_and_gradients_of_keras(arguments):
    x = images()
    layers = both(x.shape, **arguments)
    shape = layers[1].compute_output_shape(x.shape)
    upstream = ops.convert_to_tensor(images(shape, seed=9))

    def outputs_and_gradients(layer):
        inputs = [x, *layer.get_weights()]

        def outputs(inputs):
            x, *weights = inputs
            return layer.stateless_call(weights, [], x)[0]

        def loss(index, value):
            replaced = [*inputs[:index], value, *inputs[index + 1 :]]
            return ops.sum(outputs(replaced) * upstream)

        return to_numpy(outputs(list(map(ops.convert_to_tensor, inputs)))), [
            gradient(functools.partial(loss, index), value)
            for index, value in enumerate(inputs)
        ]

    (got, of_got), (want, of_want) = map(outputs_and_gradients, layers)
    assert got.shape == shape
    np.testing.assert_allclose(got, want, atol=1e-4)
    assert len(of_got) == 3 - (arguments.get("use_bias") is False)
    for ours, keras_own in zip(of_got, of_want, strict=True):
        assert np.any(keras_own)
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=1e-3)


@pytest.mark.skipif(
    BACKEND != "torch", reason="on the others Keras's form is the fastest"
)
@pytest.mark.parametrize("arguments", OF_THE_BUILDERS, ids=str)
def test_what_the_builders_have_is_fast(arguments, monkeypatch):
    def slow(*args, **kwargs):
        raise AssertionError("convolved by Keras")

    monkeypatch.setattr(Conv2D, "convolution_op", slow)
    Conv2D(6, **arguments)(images())


@pytest.mark.skipif(
    BACKEND != "torch", reason="on the others it is Keras's layer"
)
@pytest.mark.parametrize("memory", ["as it is", "transposed", "strided"])
def test_images_however_they_lie_in_memory(memory):
    x = images((3, 8, 8, 4))
    if memory == "transposed":
        x = np.asarray(x.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    elif memory == "strided":
        x = images((3, 16, 8, 4))[:, ::2]
    ours, keras_own = both(x.shape, kernel_size=3)
    x = ops.convert_to_tensor(x)
    np.testing.assert_allclose(
        to_numpy(ours(x)), to_numpy(keras_own(x)), atol=1e-5
    )


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float16"])
def test_half_precision(dtype):
    x = images()
    ours, keras_own = both(x.shape, kernel_size=3, dtype=dtype)
    got, want = ours(x), keras_own(x)
    assert got.dtype == want.dtype
    # The bias may be added before the sum is rounded.
    np.testing.assert_allclose(
        to_numpy(ops.cast(got, "float32")),
        to_numpy(ops.cast(want, "float32")),
        atol=0.15,
    )


@pytest.mark.skipif(
    BACKEND == "tensorflow",
    reason="TensorFlow has no channels_first convolution on the CPU",
)
def test_channels_first():
    x = images((3, 4, 9, 8))
    ours, keras_own = both(x.shape, kernel_size=3, data_format="channels_first")
    np.testing.assert_allclose(
        to_numpy(ours(x)), to_numpy(keras_own(x)), atol=1e-5
    )


def test_images_of_any_size():
    """One model, whose shape is known only when it is called."""
    image = keras.Input((None, None, 4))
    layer = Conv2D(6, 3, padding="same")
    model = keras.Model(image, layer(image))
    assert model.output_shape == (None, None, None, 6)
    own = keras.layers.Conv2D(6, 3, padding="same")
    own.build((None, None, None, 4))
    own.set_weights(layer.get_weights())
    for shape in ((3, 7, 8, 4), (3, 12, 5, 4)):
        x = images(shape)
        np.testing.assert_allclose(
            model.predict(x, verbose=0), to_numpy(own(x)), atol=1e-5
        )


def test_configuration_is_that_of_keras():
    """So that one can take the other's place in a file."""
    ours, keras_own = (
        each(6, (3, 2), padding="same", name="conv")
        for each in (Conv2D, keras.layers.Conv2D)
    )
    assert ours.get_config() == keras_own.get_config()
    again = Conv2D.from_config(keras_own.get_config())
    assert again.get_config() == ours.get_config()
