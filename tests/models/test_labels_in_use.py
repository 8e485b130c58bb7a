"""Wrong labels are refused before training wherever a model takes labels."""

import functools
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

X, Y, X_TARGET = small_data(target=12)
SPARSE = "sparse_categorical_crossentropy"
ONE_HOT = "categorical_crossentropy"
ONE_NUMBER = Y.astype("float32")


def made(predictor, loss):
    model = DANNModel(
        small_extractor(),
        predictor,
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile("sgd", loss, **EAGERLY_ON_TENSORFLOW)
    return model


def several(features):
    """Two outputs by name."""
    return {
        "shape": keras.layers.Dense(3, "softmax")(features),
        "size": keras.layers.Dense(1)(features),
    }


def in_a_list(features):
    return list(several(features).values())


@functools.cache
def model_of(kind):
    """One model for all labels that it refuses."""
    if kind in (several, in_a_list):
        features = keras.Input((4,))
        predictor = keras.Model(features, kind(features))
        by_name = {"shape": SPARSE, "size": "mse"}
        return made(predictor, by_name if kind is several else [SPARSE, "mse"])
    loss, units = kind
    activation = None if loss == "mse" else "softmax"
    return made(keras.layers.Dense(units, activation), loss)


def pairs(y):
    return keras_grl.pair((X, y), X_TARGET, batch_size=24, seed=0)


BATCH = {"source": X, "target": X_TARGET}


def fit(model, y):
    return model.fit(pairs(y), verbose=0, epochs=2)


def fit_arrays(model, y):
    return model.fit(BATCH, y, batch_size=12, verbose=0)


def evaluate(model, y):
    return model.evaluate(X, y, verbose=0)


def evaluate_pairs(model, y):
    return model.evaluate(pairs(y), verbose=0)


def train_on_batch(model, y):
    return model.train_on_batch(BATCH, y)


def test_on_batch(model, y):
    return model.test_on_batch(X, y)


test_on_batch.__test__ = False
USES = [
    fit,
    fit_arrays,
    evaluate,
    evaluate_pairs,
    train_on_batch,
    test_on_batch,
]
WRONG = {
    "integers": ((ONE_HOT, 3), np.stack([Y] * 3, 1), "from 0 to 2"),
    "zeros": ((ONE_HOT, 3), np.zeros((12, 3)), "only zeros"),
    "a column": (("mse", 3), ONE_NUMBER[:, None], "one number for each"),
    "a row": (("mse", 3), ONE_NUMBER, "one number for each"),
    "one unit": (("mse", 1), np.zeros((12, 3)), r"Dense\(3\)"),
    "a missing output": (several, {"shape": Y}, "'size': y_size"),
    "another name": (several, {"shape": Y, "Size": ONE_NUMBER}, "'Size'"),
    "one array": (several, Y, "one array for each output"),
    "a shorter list": (in_a_list, [Y], "one array for each output"),
}


def validation(kind, y):
    """Right labels to train on, and wrong ones to validate on."""
    right = {
        (ONE_HOT, 3): np.eye(3)[Y],
        ("mse", 3): X,
        ("mse", 1): ONE_NUMBER,
        several: {"shape": Y, "size": ONE_NUMBER},
        in_a_list: [Y, ONE_NUMBER],
    }
    model_of(kind).fit(pairs(right[kind]), validation_data=(X, y), verbose=0)


@pytest.mark.parametrize(("kind", "y", "words"), WRONG.values(), ids=WRONG)
def test_wrong_labels(kind, y, words):
    model = model_of(kind)
    before = [to_numpy(weight) for weight in model.weights]
    calls = [functools.partial(use, model, y) for use in USES]
    for call in (*calls, lambda: validation(kind, y)):
        with pytest.raises(ValueError, match=f"(?is)^the labels.*{words}"):
            call()
    for got, want in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(got), want)


@pytest.mark.parametrize("use", USES)
def test_labels_that_do_not_sum_to_1(use):
    y = np.eye(3)[Y]
    y[0] = 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        use(model_of((ONE_HOT, 3)), y)
    messages = [str(w.message) for w in caught if w.category is UserWarning]
    assert len(messages) == 1
    assert "do not sum to 1" in messages[0]


def as_numbers(results):
    if hasattr(results, "history"):
        return [results.history[name] for name in sorted(results.history)]
    return results


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("kind", "y", "same"),
    [
        ((SPARSE, 3), Y.astype("uint64"), Y),
        (("mse", 1), Y.astype("uint64"), ONE_NUMBER),
        ((ONE_HOT, 3), np.eye(3, dtype="uint64")[Y], np.eye(3)[Y]),
        (in_a_list, [Y, ONE_NUMBER], (Y, ONE_NUMBER)),
    ],
    ids=["uint64", "uint64 numbers", "uint64 one-hot", "list"],
)
def test_labels_of_every_form(kind, y, same, use):
    """PyTorch has no uint64, TensorFlow took no list from pairs."""
    model = model_of(kind)
    weights = model.get_weights()
    results = []
    for each in (y, same):
        model.set_weights(weights)
        results.append(as_numbers(use(model, each)))
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_validation_labels_of_every_form():
    history = []
    for y in (Y.astype("uint64"), Y):
        keras.utils.set_random_seed(0)
        model = made(keras.layers.Dense(3, "softmax"), SPARSE)
        logs = model.fit(pairs(Y), validation_data=(X, y), verbose=0).history
        history.append(logs["val_loss"])
    np.testing.assert_allclose(*history, rtol=1e-5)


def test_labels_of_batches_of_every_form():
    """Of datasets, and of two labeled streams."""
    y = [Y.astype("uint64"), ONE_NUMBER]
    data = keras_grl.pair((X, y), X_TARGET, (X_TARGET, tuple(y)), batch_size=36)
    _, labels = data[0]
    for name in ("source", "labeled_target"):
        assert isinstance(labels[name], tuple)
        assert labels[name][0].dtype == "int64"
    assert np.isfinite(
        model_of(in_a_list).fit(data, verbose=0).history["loss"]
    ).all()
