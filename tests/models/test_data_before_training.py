"""Data of a wrong form or value are refused before training begins."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.models.test_dataset_labels import PAIRED
from tests.models.test_dataset_labels import TARGET
from tests.models.test_dataset_labels import Batches
from tests.models.test_dataset_labels import X
from tests.models.test_dataset_labels import Y
from tests.models.test_dataset_labels import made
from tests.models.test_dataset_labels import tf_data
from tests.testing import fresh
from tests.testing import small_domain_classifier
from tests.testing import small_extractor

NARROW = {name: each[:, :2] for name, each in PAIRED.items()}
NONE = X[:0]


def pairs(x=X, target=TARGET, **kwargs):
    return keras_grl.pair(
        (x, Y), target, batch_size=24, shuffle=False, **kwargs
    )


class Began(keras.callbacks.Callback):
    began = False

    def on_train_begin(self, logs=None):
        self.began = True


def refused(words, data, **kwargs):
    """`fit` raises such an error before any callback has been called."""
    callback = Began()
    with pytest.raises(ValueError, match=f"(?s){words}"):
        fresh(made).fit(
            data, callbacks=[callback], shuffle=False, verbose=0, **kwargs
        )
    assert not callback.began


def kind(value):
    """A name for a case, equal in every process."""
    return value if isinstance(value, str) else type(value).__name__


class OnlyInputs(Batches):
    def __getitem__(self, index):
        return super().__getitem__(index)[0]


class InTuples(Batches):
    def __getitem__(self, index):
        return super().__getitem__(index)[:1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (OnlyInputs(X, Y), "needs paired batches"),
        (InTuples(X, Y), "needs paired batches"),
        (Batches(X, Y), "needs paired batches"),
        (OnlyInputs(PAIRED, Y), "need the source labels"),
        (InTuples(PAIRED, Y), "need the source labels"),
        (Batches(NARROW, Y), r"`x`.*\(None, 3\).*\(4, 2\)"),
        (pairs(X[:, :2], TARGET[:, :2]), r"`x`.*\(None, 3\).*\(12, 2\)"),
    ],
    ids=kind,
)
def test_the_form_of_training_data(data, words):
    refused(words, data)


def test_the_form_of_tf_data():
    refused("needs paired batches", tf_data(X, Y))
    refused(r"`x`.*\(None, 3\).*\(None, 2\)", tf_data(NARROW, Y))
    refused("need the source labels", tf_data(PAIRED, Y).map(lambda x, y: x))


EMPTY = "`validation_data` is empty.*at least one"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pairs(X[:, :2], TARGET[:, :2]), r"`validation_data`.*\(12, 2\)"),
        (Batches(X[:, :2], Y), r"`validation_data`.*\(4, 2\)"),
        (Batches(NARROW, Y), r"`validation_data`.*\(4, 2\)"),
        (OnlyInputs(X, Y), "`validation_data`.*without labels"),
        ((NONE, Y[:0]), EMPTY),
        ((X.tolist(), Y), "`validation_data`.*arrays.*np.asarray"),
        ((X.astype(str), Y), "`validation_data`.*numbers.*strings"),
        ((X.astype(object), Y), "`validation_data`.*numbers.*objects"),
        ((X, Y, np.full(12, -1.0)), "weights.*`validation_data`.*-1.0"),
        (Batches(X, Y, np.full(12, np.inf)), "`validation_data`.*inf"),
    ],
    ids=kind,
)
def test_validation_data(data, words):
    refused(words, pairs(), validation_data=data)


def test_validation_datasets_of_other_libraries():
    data = tf_data(X, Y)
    refused("dataset.batch", pairs(), validation_data=data.unbatch())
    refused(r"\(None, 2\)", pairs(), validation_data=tf_data(X[:, :2], Y))
    refused(EMPTY, pairs(), validation_data=data.take(0))
    torch = pytest.importorskip("torch")
    nothing = torch.utils.data.DataLoader([], batch_size=4)
    refused(EMPTY, pairs(), validation_data=nothing)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (NONE, "`x` is empty"),
        ({}, "`x` is empty"),
        (X.tolist(), "`x`.*arrays.*np.asarray"),
        (X.astype(str), "`x`.*numbers.*strings"),
        (X.astype(object), "`x`.*numbers.*objects"),
        ("images", "`x`.*'images'"),
        (3, "`x`.*3"),
    ],
    ids=kind,
)
def test_evaluate_and_predict(x, words):
    model = fresh(made)
    with pytest.raises(ValueError, match=f"(?s){words}"):
        model.predict(x, verbose=0)
    with pytest.raises(ValueError, match=f"(?s){words}"):
        model.evaluate(x, Y, verbose=0)


def test_arrays_without_pair():
    empty = {name: each[:0] for name, each in PAIRED.items()}
    refused("`x` is empty", empty, y=Y[:0])
    weights = np.where(Y == 0, -1.0, 1.0)
    refused("weights.*-1.0", PAIRED, y=Y, sample_weight=weights)
    with pytest.raises(ValueError, match=r"(?s)weights.*-1\.0"):
        fresh(made).evaluate(X, Y, sample_weight=weights, verbose=0)


@pytest.mark.parametrize("weight", [-1.0, -1e-3])
def test_negative_weights_of_a_stream(weight):
    with pytest.raises(ValueError, match=r"(?s)at least 0.*sample 0"):
        keras_grl.pair((X, Y, np.full(12, weight)), TARGET, batch_size=24)
    keras_grl.pair((X, Y, np.zeros(12)), TARGET, batch_size=24)


@pytest.mark.parametrize(
    "weights", [{5: 1.0}, {"0": 1.0}, {-1: 1.0}, {0.5: 2.0}, {3: 1.0}], ids=str
)
def test_class_weights_of_no_class(weights):
    words = "`class_weight`.*integers from 0 to 2"
    refused(words, pairs(), class_weight=weights)
    refused(words, Batches(PAIRED, Y), class_weight=weights)


def test_class_weights_of_classes():
    weights = {np.int64(1): 2.0, 2.0: 3.0}
    fresh(made).fit(pairs(), class_weight=weights, verbose=0)


def of_one_number(loss):
    model = DANNModel(
        small_extractor(), keras.layers.Dense(1), small_domain_classifier()
    )
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    "loss",
    [
        "poisson",
        keras.losses.Poisson(),
        "mean_squared_logarithmic_error",
        "kl_divergence",
    ],
    ids=kind,
)
def test_negative_labels(loss):
    data = keras_grl.pair((X, -1.0 * Y), TARGET, batch_size=24)
    with pytest.raises(ValueError, match="at least 0 for the loss"):
        of_one_number(loss).fit(data, verbose=0)
