"""The classifiers of the command: what they take, and what is saved."""

import warnings

import keras
import numpy as np
import pytest

from keras_grl import adapting
from keras_grl.commands import backbones
from keras_grl.commands.errors import CommandError
from keras_grl.commands.main import main

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 3, 3, 3), "uint8")
# One of each kind of preprocessing, and those that have it inside.
KINDS = {
    "ConvNeXtTiny": keras.applications.convnext,
    "DenseNet121": keras.applications.densenet,
    "EfficientNetB0": keras.applications.efficientnet,
    "InceptionV3": keras.applications.inception_v3,
    "MobileNet": keras.applications.mobilenet,
    "MobileNetV2": keras.applications.mobilenet_v2,
    "MobileNetV3Small": keras.applications.mobilenet_v3,
    "NASNetMobile": keras.applications.nasnet,
    "ResNet50": keras.applications.resnet,
    "ResNet50V2": keras.applications.resnet_v2,
    "VGG16": keras.applications.vgg16,
    "VGG19": keras.applications.vgg19,
    "Xception": keras.applications.xception,
}


@pytest.mark.parametrize("name", KINDS)
def test_preprocessing_is_that_of_the_network(name, tmp_path):
    images = keras.Input((3, 3, 3))
    model = keras.Model(images, backbones.preprocessed(name, images))
    expected = KINDS[name].preprocess_input(
        IMAGES.astype("float32"), data_format="channels_last"
    )
    found = keras.ops.convert_to_numpy(model(IMAGES.astype("float32")))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_it_is_saved_with_the_network(tmp_path):
    images = keras.Input((3, 3, 3))
    model = keras.Model(images, backbones.preprocessed("VGG16", images))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    pixels = IMAGES.astype("float32")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(pixels)),
        keras.ops.convert_to_numpy(model(pixels)),
    )


@pytest.mark.backend_free
def test_all_networks_of_keras_are_known():
    names = backbones.names()
    assert set(KINDS) <= set(names) and len(names) >= 38
    assert not {"mobilenet", "resnet", "keras_applications"} & set(names)


def test_the_small_backbone():
    build = backbones.builder("small", None, 16, 3)
    one, other = build(), build()
    assert one.input_shape == (None, 16, 16, 3)
    assert one.output_shape == (None, 3)
    kernels = [
        model.get_layer("probabilities").kernel for model in (one, other)
    ]
    assert not np.array_equal(*map(keras.ops.convert_to_numpy, kernels))
    p = one.predict(np.full((2, 16, 16, 3), 255, "uint8"), verbose=0)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.backend_free
def test_weights_by_default():
    assert backbones.check("small", None) is None
    assert backbones.check("small", "none") is None
    assert backbones.check("VGG16", None) == "imagenet"
    assert backbones.check("VGG16", "none") is None
    assert backbones.check("VGG16", "imagenet") == "imagenet"
    assert backbones.check("VGG16", __file__) == __file__


def network(include_top, weights, input_shape, pooling):
    """As a network of `keras.applications`, with one layer."""
    assert not include_top and pooling == "avg"
    warnings.warn("`input_shape` is undefined or non-square", stacklevel=2)
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(2, 3),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    if weights is not None:
        model.load_weights(weights)
    return model


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Weights of the network above, which is MobileNetV2 in the test."""
    monkeypatch.setattr(keras.applications, "MobileNetV2", network)
    path = tmp_path / "network.weights.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network(False, None, (8, 8, 3), "avg").save_weights(path)
    return path


@pytest.mark.backend_free
def test_weights_of_a_file_are_loaded_without_a_warning(file, tmp_path):
    models = [
        backbones.builder("MobileNetV2", weights, 8, 5)()
        for weights in (str(file), str(file), None)
    ]
    kernels = [model.get_weights()[0] for model in models]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


@pytest.mark.backend_free
def test_weights_of_another_network_get_one_short_error(file, tmp_path):
    other = tmp_path / "other.weights.h5"
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    model.save_weights(other)
    build = backbones.builder("MobileNetV2", str(other), 8, 5)
    with pytest.raises(CommandError) as raised:
        build()
    said = str(raised.value)
    assert f"--weights: {other} does not fit MobileNetV2 without its" in said
    assert "List of objects" not in said and "\n" not in said
    assert "keras.applications.MobileNetV2(include_top=False).save_w" in said


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), 1e-3),
        (("--backbone", "MobileNetV2", "--weights", "none"), 1e-3),
        (("--backbone", "MobileNetV2", "--weights", "FILE"), 1e-4),
        (("--learning-rate", "0.01"), 0.01),
        (
            (
                *("--backbone", "MobileNetV2", "--weights", "FILE"),
                *("--learning-rate", "3e-3"),
            ),
            0.003,
        ),
    ],
)
def test_pretrained_weights_change_slowly(
    data, file, options, expected, monkeypatch
):
    received = {}

    def adapt(*args, **kwargs):
        received.update(kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(adapting, "adapt", adapt)
    options = [str(file) if each == "FILE" else each for each in options]
    paths = [str(data / name) for name in ("source", "target", "output")]
    words = ["adapt", *paths[:2], "--output", paths[2], *options]
    assert main([*words, "--batch-size", "8", "--image-size", "8"]) == 130
    assert received["learning_rate"] == expected
