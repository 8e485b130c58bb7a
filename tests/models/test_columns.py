"""Data frames are matched by column name wherever a model takes inputs."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl.baselines import last_hidden_features
from tests.streams.test_columns import Frame
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

X, Y, X_TARGET = small_data(target=12)


def frame(columns, x=X):
    return Frame(x[:, ["abc".index(each) for each in columns]], *columns)


def made():
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


def paired(source, target):
    return keras_grl.pair((source, Y), target, batch_size=24, seed=0)


@pytest.fixture(scope="module")
def model():
    model = made()
    model.fit(paired(frame("abc"), frame("abc", X_TARGET)), verbose=0)
    return model


USES = {
    "extract_features": lambda model, x: model.extract_features(x),
    "at a layer": lambda model, x: model.extract_features(
        x, at=model.feature_extractor.layers[-1].name
    ),
    "call": lambda model, x: model(x),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, Y, verbose=0),
    "test_on_batch": lambda model, x: model.test_on_batch(x, Y),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
@pytest.mark.parametrize(
    "of_domain",
    [lambda x: x, lambda x: {"source": x}, lambda x: {"target": x}],
    ids=["plain", "source", "target"],
)
def test_one_domain(model, use, of_domain):
    want = to_numpy(use(model, of_domain(X)))
    for columns in ("cab", "abc"):
        got = to_numpy(use(model, of_domain(frame(columns))))
        np.testing.assert_allclose(got, want, rtol=1e-6)
    with pytest.raises(ValueError, match="must have the same columns"):
        use(model, of_domain(frame("ab")))


@pytest.mark.parametrize("domain", ["source", "target"])
def test_last_hidden_features(model, domain):
    want = last_hidden_features(model, X, domain=domain)
    got = last_hidden_features(model, frame("bca"), domain=domain)
    np.testing.assert_allclose(got, want, rtol=1e-6)


def pairs(source, target):
    return {"source": source, "target": target}


FRAMES = pairs(frame("abc"), frame("cab", X_TARGET))


def trained(train):
    keras.utils.set_random_seed(1)
    model = made()
    train(model)
    return [to_numpy(weight) for weight in model.trainable_variables]


TRAINS = {
    "fit": lambda x: (
        lambda model: model.fit(x, Y, batch_size=12, shuffle=False, verbose=0)
    ),
    "train_on_batch": lambda x: lambda model: model.train_on_batch(x, Y),
}


@pytest.mark.parametrize("train", TRAINS.values(), ids=TRAINS.keys())
def test_training_on_paired_arrays(train):
    """Without `pair`: the domains are matched by name too."""
    want = trained(train(pairs(X, X_TARGET)))
    got = trained(train(FRAMES))
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    other = pairs(frame("abc"), frame("ab", X_TARGET))
    with pytest.raises(ValueError, match="the same columns"):
        trained(train(other))


def test_the_first_batch_defines_the_order():
    model = made()
    model.train_on_batch(FRAMES, Y)
    want = to_numpy(model.extract_features(X))
    got = to_numpy(model.extract_features(frame("bac")))
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_paired_validation_arrays(model):
    want = model.evaluate(pairs(X, X_TARGET), Y, verbose=0, return_dict=True)
    got = model.evaluate(FRAMES, Y, verbose=0, return_dict=True)
    assert got == pytest.approx(want, rel=1e-5)
    losses = []
    for x in (FRAMES, pairs(X, X_TARGET)):
        keras.utils.set_random_seed(1)
        logs = made().fit(
            paired(frame("abc"), X_TARGET), validation_data=(x, Y), verbose=0
        )
        losses.append(logs.history["val_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
