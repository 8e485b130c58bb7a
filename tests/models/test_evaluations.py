"""Two evaluations of the same pairs are equal, whatever was read before."""

import itertools

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.paired_data import Batches
from tests.testing import fresh
from tests.testing import small_data

# The target is shorter, and does not divide an epoch.
X, Y, X_TARGET = small_data(source=24, target=20)


def arrays(**kwargs):
    return keras_grl.pair((X, Y), X_TARGET, batch_size=8, seed=0, **kwargs)


def datasets():
    return keras_grl.pair(Batches(X, Y), Batches(X_TARGET))


def mixed():
    return keras_grl.pair((X, Y), Batches(X_TARGET), batch_size=4, seed=0)


def longer_target():
    """Its rest was seen by the second evaluation."""
    return keras_grl.pair(
        (X_TARGET, Y[:20]), X, batch_size=8, length="source", seed=0
    )


KINDS = {
    "shuffled": arrays,
    "in order": lambda: arrays(shuffle=False),
    "datasets": datasets,
    "mixed": mixed,
    "longer target": longer_target,
    "steps": lambda: datasets().with_steps(4),
}


def made():
    keras.utils.set_random_seed(0)
    # It is built by its first batch.
    model = DANNModel(
        keras.layers.Dense(4),
        keras.layers.Dense(3, "softmax"),
        keras.layers.Dense(1),
        adaptation_factor=0.5,
    )
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    return model


def built():
    model = made()
    model(X[:1])
    return model


def evaluated(model, data):
    return model.evaluate(data, verbose=0)


@pytest.fixture(scope="module")
def model():
    return made()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_evaluations_of_one_model(model, kind):
    data = kind()
    want = evaluated(model, data)
    for again in (data, data, kind()):
        np.testing.assert_allclose(evaluated(model, again), want, rtol=1e-6)


def test_the_first_evaluation_of_a_model(tmp_path, model):
    """Keras builds it with a batch that it reads before the first epoch."""
    model(X[:1])
    model.save(tmp_path / "model.keras")
    for kind in (arrays, datasets):
        want = evaluated(model, kind())
        loaded = keras.models.load_model(tmp_path / "model.keras")
        data = kind()
        for _ in range(2):
            np.testing.assert_allclose(evaluated(loaded, data), want, rtol=1e-6)
    np.testing.assert_allclose(evaluated(made(), datasets()), want, rtol=1e-6)


def test_what_is_evaluated(model):
    """An epoch of the source, and the target from its first batch on."""
    target = np.concatenate([X_TARGET, X_TARGET[:4]])
    want = model.evaluate(
        {"source": X, "target": target}, Y, batch_size=4, verbose=0
    )
    for kind in (datasets, lambda: arrays(shuffle=False)):
        got = evaluated(model, kind())
        np.testing.assert_allclose(got, want, rtol=1e-5)


@pytest.mark.parametrize("kind", [arrays, datasets])
def test_validation_in_every_epoch(kind):
    data = kind()
    history = (
        made().fit(kind(), validation_data=data, epochs=3, verbose=0).history
    )
    for name in ("val_domain_loss", "val_label_loss"):
        np.testing.assert_allclose(history[name], history[name][0], rtol=1e-6)


class Recorded(keras.callbacks.Callback):
    """Evaluates the training data after each epoch."""

    def __init__(self, data):
        super().__init__()
        self._data = data

    def on_epoch_end(self, epoch, logs=None):
        evaluated(self.model, self._data)


@pytest.mark.parametrize("kind", [datasets, longer_target])
def test_evaluation_does_not_move_the_training_data(kind):
    """The same batches train, and no rest of the target is left out."""
    losses = []
    for evaluates in (False, True):
        data = kind()
        callbacks = [Recorded(data)] if evaluates else []
        history = (
            fresh(built)
            .fit(
                data,
                validation_data=data if evaluates else None,
                epochs=3,
                verbose=0,
                callbacks=callbacks,
            )
            .history
        )
        losses.append(history["domain_loss"])
    np.testing.assert_allclose(*losses, rtol=1e-6)
    assert len(set(np.round(losses[0], 6))) == 3


def test_a_generator_continues(model):
    """It cannot be read again."""

    seen = []

    def batches():
        for number in itertools.count():
            seen.append(number)
            yield X_TARGET[:4]

    data = keras_grl.pair((X, Y), batches(), batch_size=16, length="source")
    for _ in range(2):
        assert np.isfinite(evaluated(model, data)).all()
    assert len(seen) >= 6
