"""Domains whose samples differ in shape, through one model."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import pair
from tests.testing import EAGERLY_ON_TENSORFLOW

Y = np.arange(16) % 3


def model_of(extractor, how=None, **kwargs):
    model = keras_grl.DANNModel(
        extractor,
        keras.layers.Dense(3, "softmax"),
        keras.layers.Dense(1),
        **kwargs,
    )
    model.compile("sgd", "sparse_categorical_crossentropy", **(how or {}))
    return model


def series(length, count=16):
    return np.ones((count, length, 3), "float32")


@pytest.mark.parametrize("built", [True, False])
def test_series_of_unequal_length_pass_separately(built):
    layers = [keras.Input((None, 3))] if built else []
    extractor = keras.Sequential([*layers, keras.layers.SimpleRNN(4)])
    # One of them in compiled steps.
    how = EAGERLY_ON_TENSORFLOW if built else {}
    model = model_of(extractor, how, batch_normalization="separate")
    data = pair((series(4), Y), series(6), batch_size=8)
    model.fit(data, validation_data=data, verbose=0)
    model.evaluate(data, verbose=0)
    for length in (3, 4):
        assert model.predict(series(length), verbose=0).shape == (16, 3)
        assert model.classifier(series(length)).shape == (16, 3)


def test_series_of_unequal_length_cannot_pass_jointly():
    extractor = keras.Sequential(
        [keras.Input((None, 3)), keras.layers.SimpleRNN(4)]
    )
    model = model_of(extractor)
    data = pair((series(9), Y), series(14), batch_size=8)
    same = pair((series(9), Y), series(9), batch_size=8)
    for call in (
        lambda: model.fit(data, verbose=0),
        lambda: model.fit(same, validation_data=data, verbose=0),
        lambda: model.evaluate(data, verbose=0),
    ):
        with pytest.raises(ValueError, match='"separate"'):
            call()
    assert int(model.optimizer.iterations.value) == 0


def test_an_encoder_for_each_domain(tmp_path):
    x_source, x_target = np.ones((16, 4)), np.ones((16, 7))
    model = model_of(
        keras.layers.Dense(5),
        preprocessing={
            "source": keras.layers.Dense(6),
            "target": keras.layers.Dense(6),
        },
    )
    model.fit(pair((x_source, Y), x_target, batch_size=8), verbose=0)
    expected = model.predict(x_target, verbose=0)
    assert expected.shape == (16, 3)
    assert model.extract_features({"source": x_source}).shape == (16, 5)
    assert model.classifier.input_shape == (None, 7)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(x_target, verbose=0), expected, atol=1e-6
    )
