import keras
import numpy as np
import pytest

from keras_grl.layers import MeanSubtraction
from tests.testing import to_numpy


def images(count=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, size=(count, 5, 6, 3), dtype="uint8")


def test_given_mean_and_scale_per_channel():
    x = images()
    mean, scale = np.array([10.0, 20.0, 30.0]), [1.0, 2.0, 4.0]
    got = to_numpy(MeanSubtraction(mean, scale)(x))
    np.testing.assert_allclose(got, (x - mean) / scale, rtol=1e-6)


def test_one_number_for_all_channels():
    x = images()
    got = to_numpy(MeanSubtraction(100, 50.0)(x))
    np.testing.assert_allclose(got, (x - 100.0) / 50.0, rtol=1e-6)


def test_the_mean_of_all_images_trained_on():
    """Exact whatever the sizes of the batches; prediction changes nothing."""
    layer = MeanSubtraction()
    x = images(9)
    for batch in (x[:4], x[4:5], x[5:]):
        outputs = to_numpy(layer(batch, training=True))
    mean = x.astype("float64").mean(axis=(0, 1, 2))
    np.testing.assert_allclose(to_numpy(layer.mean), mean, rtol=1e-6)
    np.testing.assert_allclose(outputs, x[5:] - mean, atol=1e-4)
    layer(255 - x)
    np.testing.assert_allclose(to_numpy(layer.mean), mean, rtol=1e-6)
    assert float(to_numpy(layer.count)) == 9


def test_a_frozen_layer_keeps_its_mean():
    layer = MeanSubtraction()
    layer(images(4), training=True)
    mean = to_numpy(layer.mean).copy()
    layer.trainable = False
    layer(images(4, seed=1), training=True)
    np.testing.assert_array_equal(to_numpy(layer.mean), mean)
    assert float(to_numpy(layer.count)) == 4


def test_channels_first():
    x = images()
    layer = MeanSubtraction(data_format="channels_first")
    layer(x.transpose(0, 3, 1, 2), training=True)
    mean = x.astype("float64").mean(axis=(0, 1, 2))
    np.testing.assert_allclose(to_numpy(layer.mean), mean, rtol=1e-6)
    fixed = MeanSubtraction([1, 2, 3], data_format="channels_first")
    got = to_numpy(fixed(x.transpose(0, 3, 1, 2))).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(got, x.astype("float32") - [1, 2, 3])


def test_half_precision_keeps_small_differences():
    """1/16 is lost between 256 and 512 in float16, not here."""
    layer = MeanSubtraction(255.0, dtype="mixed_float16")
    outputs = layer(np.full((1, 1, 1, 1), 255.0625, "float32"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    assert float(to_numpy(outputs)[0, 0, 0, 0]) == 0.0625


def test_learns_in_fit_and_is_saved(tmp_path):
    x = images(8)
    model = keras.Sequential(
        [
            keras.Input((5, 6, 3)),
            MeanSubtraction(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    model.fit(x, np.ones(8), batch_size=4, verbose=0)
    mean = x.astype("float64").mean(axis=(0, 1, 2))
    np.testing.assert_allclose(to_numpy(model.layers[0].mean), mean, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        to_numpy(again.layers[0].mean), to_numpy(model.layers[0].mean)
    )
    assert float(to_numpy(again.layers[0].count)) == 8


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"mean": "imagenet"}, "mean"),
        ({"mean": float("nan")}, "mean"),
        ({"scale": 0}, "scale"),
        ({"scale": None}, "scale"),
        ({"data_format": "hwc"}, "data_format"),
    ],
)
def test_bad_arguments(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        MeanSubtraction(**kwargs)


def test_a_mean_of_other_channels():
    with pytest.raises(ValueError, match=r"`mean`.*one for each of 3"):
        MeanSubtraction([1.0, 2.0])(images())
