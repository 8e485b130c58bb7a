"""Domains of different shapes, and preprocessing that makes them different."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl

Y = np.arange(8) % 3
SERIES = np.random.default_rng(0).random((8, 6, 4)).astype("float32")
LONGER = np.random.default_rng(1).random((8, 9, 4)).astype("float32")
ROWS = SERIES[:, 0]
MODES = pytest.mark.parametrize("mode", ["joint", "separate"])


def fitted(extractor, source, target, mode, preprocessing=None):
    model = keras_grl.DANNModel(
        keras.Sequential(extractor),
        layers.Dense(3, "softmax"),
        layers.Dense(1),
        preprocessing=preprocessing,
        batch_normalization=mode,
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    pairs = keras_grl.pair((source, Y), target, batch_size=8, seed=0)
    return model.fit(pairs, verbose=0).history


def dense():
    return [layers.Dense(5)]


def flat():
    return [layers.Flatten(), layers.Dense(5)]


@MODES
@pytest.mark.parametrize(
    ("extractor", "source", "target", "preprocessing"),
    [
        (dense, ROWS, ROWS, lambda: (layers.Dense(5), layers.Dense(6))),
        (dense, ROWS, ROWS, lambda: (None, layers.Dense(6))),
        (
            flat,
            SERIES,
            LONGER,
            lambda: (layers.Cropping1D((0, 1)), layers.Cropping1D((0, 1))),
        ),
        (
            lambda: [*flat(), layers.Dense(3)],
            SERIES,
            SERIES,
            lambda: (layers.Conv1D(2, 2), layers.Conv1D(2, 3)),
        ),
    ],
    ids=["widths", "one layer", "lengths", "kernels"],
)
def test_preprocessing_with_other_shapes(
    extractor, source, target, preprocessing, mode
):
    words = r"(?s)`preprocessing`.*one shape.*have the shapes.*source"
    by_domain = dict(zip(("source", "target"), preprocessing(), strict=True))
    with pytest.raises(ValueError, match=words):
        fitted(extractor(), source, target, mode, by_domain)


def test_series_of_different_length_with_flatten():
    words = r"(?s)`feature_extractor`.*Flatten.*6, 4.*9, 4"
    with pytest.raises(ValueError, match=words):
        fitted(flat(), SERIES, LONGER, "separate")


@MODES
def test_preprocessing_that_makes_them_alike(mode):
    cropped = {
        "source": layers.Cropping1D((0, 1)),
        "target": layers.Cropping1D((0, 4)),
    }
    assert "domain_loss" in fitted(flat(), SERIES, LONGER, mode, cropped)


def test_a_network_for_any_length():
    pooled = [layers.Conv1D(4, 3), layers.GlobalAveragePooling1D()]
    assert "domain_loss" in fitted(pooled, SERIES, LONGER, "separate")
    kept = {"source": layers.Dense(4), "target": layers.Dense(4)}
    pooled = [layers.Conv1D(4, 3), layers.GlobalAveragePooling1D()]
    assert "domain_loss" in fitted(pooled, SERIES, LONGER, "separate", kept)
