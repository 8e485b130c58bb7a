"""Learning rates that become invalid, whoever sets them."""

import keras
import numpy as np
import pytest
from keras.optimizers import schedules

import keras_grl
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy

X, Y, T = small_data(source=12, target=12)


def compiled(rate, optimizer=keras.optimizers.SGD):
    model = keras_grl.AdaptationModel(small_extractor(), small_classifier())
    model.compile(optimizer(rate), "sparse_categorical_crossentropy")
    return model


def pairs():
    return keras_grl.pair((X, Y), T, batch_size=12, seed=0)


STEPS = 2  # in an epoch


class Linear(schedules.LearningRateSchedule):
    """One that no registry of Keras knows."""

    def __call__(self, step):
        return 0.1 - 0.04 * keras.ops.cast(step, "float32")


class Dips(schedules.LearningRateSchedule):
    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        return keras.ops.where(step == 2, np.nan, 0.1)


@pytest.mark.parametrize(
    ("rate", "step"),
    [
        (schedules.PolynomialDecay(0.1, 4, end_learning_rate=-0.1), 3),
        (schedules.PiecewiseConstantDecay([2], [0.1, -1.0]), 3),
        (Linear(), 3),
        (Dips(), 2),
    ],
    ids=["polynomial", "piecewise", "custom", "nan"],
)
def test_a_schedule_is_refused_before_training(rate, step):
    model = compiled(rate)
    before = [to_numpy(each) for each in model.weights]
    words = rf"(?s)`learning_rate`.*at least 0.*at step {step}"
    with pytest.raises(ValueError, match=words):
        model.fit(pairs(), epochs=3, verbose=0)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), value)
    assert int(model.optimizer.iterations) == 0


def test_what_is_valid_in_this_run_is_accepted():
    # Its value after the last step is negative.
    rate = schedules.PolynomialDecay(0.1, 4, end_learning_rate=-0.1)
    logs = compiled(rate).fit(pairs(), epochs=1, verbose=0).history
    np.testing.assert_allclose(logs["learning_rate"], [0.0], atol=1e-8)


def test_the_check_changes_no_step():
    rate = schedules.PolynomialDecay(0.1, 8, end_learning_rate=0.0)
    model = compiled(rate)
    logs = model.fit(pairs(), epochs=2, verbose=0).history
    np.testing.assert_allclose(logs["learning_rate"], [0.075, 0.05], rtol=1e-5)
    model.fit(pairs(), epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 4 * STEPS
    words = rf"(?s)`learning_rate`.*at step {4 * STEPS + 1}"
    model = compiled(schedules.PiecewiseConstantDecay([8], [0.1, -1.0]))
    model.fit(pairs(), epochs=4, verbose=0)
    with pytest.raises(ValueError, match=words):
        model.fit(pairs(), epochs=2, verbose=0)


def test_a_resumed_run_is_read_to_its_end_only():
    model = compiled(schedules.PiecewiseConstantDecay([7], [0.1, -1.0]))
    model.fit(pairs(), epochs=2, verbose=0)
    model.fit(pairs(), epochs=4, initial_epoch=2, verbose=0)
    assert int(model.optimizer.iterations) == 4 * STEPS


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_callback_is_refused_at_the_end_of_its_epoch(value):
    rates = [0.1, value, 0.1]
    scheduler = keras.callbacks.LearningRateScheduler(
        lambda epoch: rates[epoch]
    )
    model = compiled(0.1)
    ends = []
    ended = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(epoch)
    )
    with pytest.raises(ValueError, match=r"(?s)`learning_rate`.*at least 0"):
        model.fit(pairs(), epochs=3, verbose=0, callbacks=[scheduler, ended])
    assert ends == [0]
