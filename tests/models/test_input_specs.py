"""Extractors of integers and dicts, and parts of each domain's own width."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops

from keras_grl import DANNModel
from keras_grl.models.input_specs import integer_dtypes
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import to_numpy


@keras.saving.register_keras_serializable(package="tests")
class Table(keras.Model):
    """Rows of a table, averaged: floats index nothing."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = self.add_weight(shape=(10, 4), name="table")

    def build(self, input_shape):
        """Nothing: the table does not depend on the inputs."""

    def call(self, ids, training=False):
        ids = ops.bitwise_and(ids, 7)
        return ops.mean(ops.take(self.table, ids, axis=0), axis=1)


class Parts(keras.Model):
    def __init__(self):
        super().__init__()
        self.series, self.table = layers.Dense(4), Table()

    def call(self, x, training=False):
        return self.table(x["ids"]) + self.series(x["series"])


IDS = np.arange(40).reshape(8, 5) % 10
LABELS = np.arange(8) % 3
INPUTS = {
    "int32": IDS.astype("int32"),
    "int64": IDS,
    "a dict": {"series": np.ones((8, 3), "float32"), "ids": IDS},
}


@pytest.mark.parametrize("name", INPUTS)
def test_a_subclassed_extractor_is_built_with_the_dtypes_of_the_batches(name):
    x = INPUTS[name]
    extractor = Parts() if isinstance(x, dict) else Table()
    model = DANNModel(extractor, small_classifier())
    # One of them in compiled steps.
    how = {} if name == "a dict" else EAGERLY_ON_TENSORFLOW
    model.compile("sgd", "sparse_categorical_crossentropy", **how)
    model.fit({"source": x, "target": x}, LABELS, batch_size=4, verbose=0)
    predicted = model.predict(x, verbose=0)
    np.testing.assert_allclose(
        to_numpy(model.classifier(x)), predicted, atol=1e-6
    )


def test_input_dtypes_are_saved(tmp_path):
    model = DANNModel(Table(), small_classifier())
    expected = model.predict(IDS, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(IDS, verbose=0), expected)
    assert "int" in loaded.classifier.input.dtype


def test_pixels_stay_floats():
    pixels = {"image": np.zeros((2, 4), "uint8"), "ids": IDS[:2]}
    assert integer_dtypes(pixels) == {"image": None, "ids": "int64"}
    assert integer_dtypes([pixels["image"], IDS]) == [None, "int64"]
    assert integer_dtypes(np.zeros((2, 4), "float64")) is None
    assert integer_dtypes({"image": pixels["image"]}) is None


def test_an_encoder_for_each_domain(tmp_path):
    rng = np.random.default_rng(0)
    source = rng.normal(size=(8, 4)).astype("float32")
    target = rng.normal(size=(8, 7)).astype("float32")
    model = DANNModel(
        layers.Dense(5, activation="tanh"),
        small_classifier(),
        preprocessing={"source": layers.Dense(6), "target": layers.Dense(6)},
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = {"source": source, "target": target}
    model.fit(x, LABELS, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for inputs in (target, {"source": source}):
        np.testing.assert_allclose(
            to_numpy(loaded(inputs)), to_numpy(model(inputs)), atol=1e-6
        )
    assert model.classifier.input_shape == (None, 7)
    assert model.source_preprocessing.kernel.shape == (4, 6)
