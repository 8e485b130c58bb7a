"""Arguments of `fit` and `evaluate` that a paired dataset has itself."""

import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests import paired_data
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor

X, Y, X_TARGET = small_data(target=12)


@pytest.fixture(scope="module")
def model():
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile(
        "sgd", "sparse_categorical_crossentropy", **EAGERLY_ON_TENSORFLOW
    )
    return model


def pairs(**kwargs):
    return keras_grl.pair((X, Y), X_TARGET, batch_size=24, **kwargs)


class Steps(keras.callbacks.Callback):
    """Records the steps."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append("train")

    def on_test_batch_end(self, batch, logs=None):
        self.steps.append("test")


def warned(call, *args, **kwargs):
    """What users are warned of. Keras has warnings for developers too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*args, verbose=0, **kwargs)
    caught = [each for each in caught if each.category is UserWarning]
    assert all(each.filename == __file__ for each in caught)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize("shuffle", [True, False])
def test_shuffle(model, shuffle):
    (message,) = warned(model.fit, pairs(shuffle=not shuffle), shuffle=shuffle)
    assert f"Received: shuffle={shuffle}" in message
    assert f"x_target, shuffle={shuffle})`" in message
    assert warned(model.fit, pairs(shuffle=shuffle), shuffle=shuffle) == []
    assert warned(model.fit, pairs(shuffle=shuffle)) == []


def test_shuffle_of_datasets(model):
    """Nobody knows whether they shuffle themselves."""
    data = keras_grl.pair(
        paired_data.Batches(X, Y, batch=12),
        paired_data.Batches(X_TARGET, batch=12),
    )
    assert data.shuffle is None
    assert warned(model.fit, data, shuffle=False) == []
    labeled = paired_data.Batches(X, Y, batch=12)
    mixed = keras_grl.pair(labeled, X_TARGET, batch_size=24)
    (message,) = warned(model.fit, mixed, shuffle=False)
    assert "shuffle=False" in message


@pytest.mark.parametrize(("given", "want"), [(None, True), (False, False)])
def test_shuffle_of_paired_arrays(model, monkeypatch, given, want):
    """Keras shuffles them."""
    seen = []
    monkeypatch.setattr(
        keras.Model, "fit", lambda self, *args, **kwargs: seen.append(kwargs)
    )
    x = {"source": X, "target": X_TARGET}
    model.fit(x, Y, batch_size=12, shuffle=given)
    assert seen[0]["shuffle"] is want


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_labels_and_weights_beside_pairs(model, name):
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=rf"(?s){name}=None.*x_target\)"):
            method(pairs(), verbose=0, **{name: np.ones(12)})


def test_batch_sizes(model):
    with pytest.raises(ValueError, match="already has a batch size"):
        model.fit(pairs(), batch_size=4, verbose=0)
    (message,) = warned(model.evaluate, pairs(), batch_size=4)
    assert "Received: batch_size=4" in message
    assert "x_target, batch_size=4)`" in message
    paired = {"validation_data": pairs(), "validation_batch_size": 4}
    for data in (pairs(), pairs(shuffle=False)):
        (message,) = warned(model.fit, data, epochs=2, **paired)
        assert "Received: validation_batch_size=4" in message
        assert "x_target, batch_size=4)`" in message
    plain = {"validation_data": (X, Y), "validation_batch_size": 4}
    assert warned(model.fit, pairs(), **plain) == []
    x = {"source": X, "target": X_TARGET}
    assert warned(model.fit, x, Y, batch_size=4, validation_data=pairs()) == []
    assert warned(model.evaluate, X, Y, batch_size=4) == []


def test_steps(model):
    """These are not void arguments."""
    data = pairs(length="source")
    assert len(data) == 1
    history = []
    model.fit(
        data,
        steps_per_epoch=3,
        validation_data=keras_grl.pair((X, Y), X_TARGET, batch_size=8),
        validation_steps=2,
        verbose=0,
        callbacks=[Steps(history)],
    )
    assert history == ["train"] * 3 + ["test"] * 2
