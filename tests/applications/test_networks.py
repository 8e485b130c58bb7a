"""The networks that `--network` chooses, and their changes of images."""

import keras
import numpy as np
import pytest

import keras_grl
from applications import syn_numbers_to_svhn
from applications.runner.augmentation import augmentation
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import SyntheticSettings
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW

pytestmark = pytest.mark.usefixtures("small")


@pytest.mark.parametrize("name", ["paper", "small", "deep"])
def test_every_network_learns_from_the_domains(name):
    domains = syn_numbers_to_svhn.load(Options(), SyntheticSettings(), seed=0)
    normalization = "image" if name == "deep" else "none"
    model = syn_numbers_to_svhn.EXPERIMENT.network(
        Settings(network=name, normalization=normalization), domains
    )
    compiled = {} if name == "deep" else EAGERLY_ON_TENSORFLOW
    model.compile("sgd", "sparse_categorical_crossentropy", **compiled)
    x = domains.target.x[:2]
    before = model.get_weights()
    dataset = keras_grl.pair(
        (domains.source.x[:4], domains.source.y[:4]), x, batch_size=(4, 2)
    )
    logs = model.fit(dataset, epochs=1, verbose=0).history
    assert np.isfinite(logs["label_loss"] + logs["domain_loss"]).all()
    after = zip(before, model.get_weights(), strict=True)
    assert any(np.any(a != b) for a, b in after)
    assert model.predict(x, verbose=0).shape == (2, 10)
    if name == "paper":
        # What is left of the target's mean color is black.
        mean = np.empty((1, 32, 32, 3), "float32")
        mean[:] = domains.target.x.mean(axis=(0, 1, 2))
        subtracted = model.target_preprocessing(mean)
        assert np.abs(keras.ops.convert_to_numpy(subtracted)).max() < 1e-4
    else:
        assert model.batch_normalization == "domain_specific"
        # The same layers, cut elsewhere.
        other = syn_numbers_to_svhn.EXPERIMENT.network(
            Settings(network=name, features="convolutions"), domains
        )
        dense = {"small": 100, "deep": 256}[name]
        assert model.feature_extractor.output_shape == (None, dense)
        assert other.feature_extractor.output_shape[1] > 4 * dense
        names = [
            [
                layer.name
                for part in (each.feature_extractor, each.label_predictor)
                for layer in part.layers
                if layer.weights
            ]
            for each in (model, other)
        ]
        assert names[0] == names[1]


def test_images_are_changed_in_training_alone():
    images = np.full((64, 28, 28, 3), 40, "uint8")
    layer = augmentation("negative", "of_source")
    np.testing.assert_array_equal(layer(images, training=False), images)
    changed = keras.ops.convert_to_numpy(layer(images, training=True))
    mean = changed.mean(axis=(1, 2, 3))
    # Brightness moves by 0.2 * 255 at most: what is far away is a negative.
    assert 12 < (mean > 128).sum() < 52
    assert len(np.unique(mean.round(3))) > 32
    light = augmentation("light", "of_source")
    changed = keras.ops.convert_to_numpy(light(images, training=True))
    assert changed.max() < 128


def test_changing_images_does_not_prevent_compiling():
    model = keras.Sequential([augmentation("negative", "of_source")])
    model.compile("sgd", "mse")
    assert model.jit_compile == (BACKEND == "jax")


@pytest.mark.parametrize("network", ["small", "deep"])
def test_normalized_images_have_no_brightness_contrast_and_color(network):
    settings = SyntheticSettings(network=network, normalization="image")
    data = syn_numbers_to_svhn.load(Options(), settings, seed=0)
    model = syn_numbers_to_svhn.EXPERIMENT.network(settings, data)
    plain = syn_numbers_to_svhn.EXPERIMENT.network(
        Settings(network=network), data
    )
    images = data.target.x[:2].astype("float32")
    # Another brightness and contrast in each channel.
    changed = images * np.array([0.8, 0.5, 0.9]) + np.array([40.0, 90.0, 9.0])
    layer = model.feature_extractor.get_layer("instance_normalization")
    normalized = keras.ops.convert_to_numpy(layer(images))
    expected = images - images.mean((1, 2), keepdims=True)
    # The layer's epsilon is small beside what the images have.
    expected /= images.std((1, 2), keepdims=True)
    np.testing.assert_allclose(normalized, expected, atol=0.1)
    moved = [
        np.abs(
            each.feature_extractor.predict(images, verbose=0)
            - each.feature_extractor.predict(changed, verbose=0)
        ).max()
        for each in (model, plain)
    ]
    assert moved[0] < 0.3 * moved[1]
    assert model.count_params() == plain.count_params()
