"""The classifiers of the command: what they take, and what is saved."""

import keras
import numpy as np
import pytest

from keras_grl.commands import backbones

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
