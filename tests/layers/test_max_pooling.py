"""Keras's outputs and gradients, whatever form they are computed in."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_grl.backend import images as images_of_backend
from keras_grl.layers import MaxPooling2D
from tests.losses.in_one_piece import gradient
from tests.losses.in_one_piece import in_one_piece
from tests.testing import BACKEND
from tests.testing import grad
from tests.testing import to_numpy

# Window, strides, padding, height and width.
OF_THE_BUILDERS = [
    (2, 2, "valid", (24, 24)),
    (2, 2, "valid", (7, 9)),
    (3, 2, "same", (32, 32)),
    (3, 2, "same", (7, 8)),
    (3, 2, "valid", (15, 6)),
]
OTHERS = [
    ((2, 3), (3, 2), "same", (8, 9)),
    ((4, 2), (2, 3), "same", (6, 7)),
    ((5, 2), (2, 5), "same", (6, 6)),
    (2, 4, "same", (9, 5)),
    (2, 4, "valid", (9, 5)),
    (3, 1, "same", (5, 5)),
    (2, 1, "same", (5, 5)),
    (2, (1, 2), "valid", (4, 4)),
    (3, 2, "same", (2, 1)),
]
CASE = ("window", "strides", "padding", "pixels")


def images(pixels, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, *pixels, 4)).astype("float32")


def both(window, strides, padding, **kwargs):
    return (
        MaxPooling2D(window, strides, padding, **kwargs),
        keras.layers.MaxPooling2D(window, strides, padding, **kwargs),
    )


@pytest.mark.parametrize(CASE, OF_THE_BUILDERS + OTHERS)
def test_outputs_and_gradients_of_keras(window, strides, padding, pixels):
    ours, keras_own = both(window, strides, padding)
    x = images(pixels)
    shape = keras_own.compute_output_shape(x.shape)
    assert ours.compute_output_shape(x.shape) == shape
    upstream = ops.convert_to_tensor(images(shape[1:3], seed=1))

    def of_images(x):
        return [
            (layer(x), grad(lambda x, of=layer: ops.sum(of(x) * upstream), x))
            for layer in (ours, keras_own)
        ]

    (got, of_got), (want, of_want) = in_one_piece(of_images)(x)
    np.testing.assert_array_equal(to_numpy(got), to_numpy(want))
    assert got.shape == shape
    assert np.any(to_numpy(of_want))
    np.testing.assert_allclose(to_numpy(of_got), to_numpy(of_want), atol=1e-6)


@pytest.mark.skipif(
    BACKEND == "tensorflow", reason="there Keras's form is the fastest"
)
@pytest.mark.parametrize(CASE, OF_THE_BUILDERS)
def test_what_the_builders_have_is_fast(
    window, strides, padding, pixels, monkeypatch
):
    def slow(*args, **kwargs):
        raise AssertionError("pooled by Keras")

    monkeypatch.setattr(images_of_backend.ops, "max_pool", slow)
    MaxPooling2D(window, strides, padding)(images(pixels))


@pytest.mark.parametrize(CASE, OF_THE_BUILDERS)
def test_a_convolution_before_it_gets_the_same_gradient_from_flat_images(
    window, strides, padding, pixels
):
    """Who gets a window's gradient may differ where values are equal."""
    ours, keras_own = both(window, strides, padding)
    x = np.full((2, *pixels, 3), 0.7, "float32")
    x[1, :, : pixels[1] // 2] = -0.2
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(1, 1, 3, 4)).astype("float32")
    pooled = keras_own.compute_output_shape(x.shape)[1:3]
    upstream = ops.convert_to_tensor(images(pooled)[:2])

    def of_kernel(layer):
        def loss(kernel):
            return ops.sum(layer(ops.conv(x, kernel)) * upstream)

        return gradient(loss, kernel)

    want = of_kernel(keras_own)
    assert np.abs(want).min() > 1e-3
    np.testing.assert_allclose(of_kernel(ours), want, rtol=1e-4)


@pytest.mark.parametrize(CASE, OF_THE_BUILDERS)
def test_every_window_passes_its_whole_gradient_on(
    window, strides, padding, pixels
):
    """From images of one value too."""
    layer = MaxPooling2D(window, strides, padding)
    for x in (np.zeros((3, *pixels, 4), "float32"), images(pixels)):
        pooled = layer.compute_output_shape(x.shape)
        total = gradient(lambda x: ops.sum(layer(x)), x).sum()
        assert total == pytest.approx(np.prod(pooled), rel=1e-5)


@pytest.mark.parametrize(CASE, OF_THE_BUILDERS)
def test_values_that_are_not_finite(window, strides, padding, pixels):
    ours, keras_own = both(window, strides, padding)
    x = images(pixels)
    x[0, 1, 1], x[0, 3, 3], x[0, -1, -1] = np.inf, -np.inf, np.inf
    x[1] = -np.inf
    want = to_numpy(keras_own(x))
    assert np.isinf(want).any()
    np.testing.assert_array_equal(to_numpy(ours(x)), want)
    x[2, 2, 2] = np.nan
    if BACKEND == "tensorflow":
        # It may ignore NaN, and so may XLA's window on a CPU.
        np.testing.assert_array_equal(to_numpy(ours(x)), keras_own(x))
        return
    reached = to_numpy(keras_own(np.isnan(x).astype("float32"))) == 1
    assert reached.any()
    np.testing.assert_array_equal(np.isnan(to_numpy(ours(x))), reached)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32"])
@pytest.mark.parametrize(CASE, OF_THE_BUILDERS[1::2])
def test_other_dtypes(window, strides, padding, pixels, dtype):
    ours, keras_own = both(window, strides, padding, dtype=dtype)
    x = ops.cast(images(pixels) * 9, dtype)
    got, want = ours(x), keras_own(x)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(
        to_numpy(ops.cast(got, "float32")), to_numpy(ops.cast(want, "float32"))
    )


@pytest.mark.parametrize(CASE, OF_THE_BUILDERS[1::2])
def test_gradient_of_a_gradient(window, strides, padding, pixels):
    ours, keras_own = both(window, strides, padding)
    x = images(pixels)

    def second(layer):
        def first(x):
            return grad(lambda x: ops.sum(layer(x) ** 3), x)

        return gradient(lambda x: ops.sum(first(x) ** 2), x)

    want = second(keras_own)
    assert np.any(want)
    np.testing.assert_allclose(second(ours), want, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(
    BACKEND == "tensorflow",
    reason="TensorFlow has no channels_first pooling on the CPU",
)
def test_channels_first():
    ours, keras_own = both(3, 2, "same", data_format="channels_first")
    x = images((7, 8)).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(to_numpy(ours(x)), to_numpy(keras_own(x)))


def test_images_of_any_size():
    """One model, whose shape is known only when it is called."""
    image = keras.Input((None, None, 4))
    model = keras.Model(image, MaxPooling2D(3, 2, "same")(image))
    assert model.output_shape == (None, None, None, 4)
    for pixels in ((7, 8), (12, 5)):
        want = to_numpy(keras.layers.MaxPooling2D(3, 2, "same")(images(pixels)))
        got = model.predict(images(pixels), verbose=0)
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("memory", ["as it is", "transposed", "strided"])
def test_images_however_they_lie_in_memory(memory):
    x = images((8, 8))
    if memory == "transposed":
        x = np.asarray(x.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    elif memory == "strided":
        x = images((16, 8))[:, ::2]
    ours, keras_own = both(3, 2, "same")
    x = ops.convert_to_tensor(x)
    np.testing.assert_array_equal(to_numpy(ours(x)), to_numpy(keras_own(x)))


def test_configuration_is_that_of_keras():
    """So that one can take the other's place in a file."""
    ours, keras_own = both((3, 2), (2, 1), "same", name="pool")
    assert ours.get_config() == keras_own.get_config()
    again = MaxPooling2D.from_config(keras_own.get_config())
    assert again.get_config() == ours.get_config()


@pytest.mark.filterwarnings("ignore")
def test_export(tmp_path):
    """Padded; tests/models/test_export.py has a network that is not."""
    model = keras.Sequential(
        [keras.Input((7, 8, 4)), MaxPooling2D(3, 2, "same")]
    )
    x = images((7, 8))
    want = model.predict(x, verbose=0)
    if BACKEND == "torch":
        pytest.importorskip("onnx")
        runtime = pytest.importorskip("onnxruntime")
        path = str(tmp_path / "model.onnx")
        model.export(path, format="onnx", verbose=False)
        session = runtime.InferenceSession(
            path, providers=["CPUExecutionProvider"]
        )
        (got,) = session.run(None, {session.get_inputs()[0].name: x})
    else:
        tf = pytest.importorskip("tensorflow")
        model.export(tmp_path / "model", verbose=False)
        got = tf.saved_model.load(str(tmp_path / "model")).serve(x)
    np.testing.assert_array_equal(np.asarray(got), want)
