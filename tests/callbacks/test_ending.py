"""The warnings if training ends before the schedule of λ."""

import warnings

import keras
import numpy as np
import pytest

from keras_grl import schedules
from keras_grl.callbacks import AdaptationFactorScheduler
from tests.callbacks.test_horizon import fit
from tests.callbacks.test_horizon import functional_model

# Of Keras on torch; `pytest.warns` gives it out again.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)


def stopped_after(epochs):
    """Like `EarlyStopping`, with the epoch known beforehand."""

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 == epochs:
                self.model.stop_training = True

    return Stop()


RAMP = schedules.SigmoidRamp()
LATE_RAMP = schedules.LinearRamp(warmup=0.8)
FALLING = schedules.LinearRamp(start=1.0, end=0.0)


@pytest.mark.parametrize(
    ("schedule", "total_steps", "stop", "epochs"),
    [
        (RAMP, None, 3, 100),
        (RAMP, 400, 3, 100),
        (RAMP, 400, 2, 2),
        (LATE_RAMP, None, 6, 10),
        (FALLING, None, 2, 10),
        (lambda p: 0.1 + p, None, 4, 10),
    ],
    ids=["fit", "given", "in the last epoch", "late", "falling", "function"],
)
def test_early_end_warns(schedule, total_steps, stop, epochs):
    scheduler = AdaptationFactorScheduler(schedule, total_steps)
    with pytest.warns(UserWarning, match=r"stopped after.*total_steps=\.\.\."):
        fit(
            functional_model(1.0),
            scheduler,
            stopped_after(stop),
            epochs=epochs,
        )


@pytest.mark.parametrize(
    ("schedule", "total_steps", "stop", "epochs"),
    [
        (RAMP, None, None, 2),
        (RAMP, 400, None, 2),
        (RAMP, None, 5, 10),
        (RAMP, 8, 2, 100),
        (0.5, None, 1, 100),
        (LATE_RAMP, None, 19, 20),
    ],
    ids=["whole", "slice", "half-way", "given", "number", "late"],
)
def test_no_warning(schedule, total_steps, stop, epochs):
    model = functional_model(1.0)
    scheduler = AdaptationFactorScheduler(schedule, total_steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for _ in range(2):
            fit(model, scheduler, stopped_after(stop), epochs=epochs)


def test_early_stopping_and_the_numbers():
    stop = keras.callbacks.EarlyStopping("loss", patience=3, mode="max")
    model = functional_model(1.0, learning_rate=1e-3)
    with pytest.warns(UserWarning) as caught:
        fit(model, AdaptationFactorScheduler(RAMP), stop, epochs=1000)
    (message,) = [
        str(warning.message)
        for warning in caught
        if warning.category is UserWarning
    ]
    assert "after 16 of 4000 steps (p = 0.00)" in message
    assert "had reached 0.019; its schedule ends at 1" in message
    assert "about 16 for a run" in message


def test_all_steps_skipped():
    """Gradients of float16 that are not finite: nothing is trained."""
    model = functional_model(RAMP)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    model.compile(optimizer, "mse")
    before = model.get_weights()[0]
    x = np.full((4, 2), np.inf, "float32")
    with pytest.warns(UserWarning, match="None of 8 training steps"):
        model.fit(
            x,
            np.ones((4, 1), "float32"),
            batch_size=1,
            epochs=2,
            verbose=0,
            callbacks=[AdaptationFactorScheduler()],
        )
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_a_schedule_that_changes_in_training():
    held = {"factor": 0.1}

    class Assign(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            held["factor"] = float(epoch)

    scheduler = AdaptationFactorScheduler(lambda p: held["factor"] + 0.0 * p)
    with pytest.raises(ValueError, match=r"has changed in training.*\n.*of p"):
        fit(functional_model(1.0), scheduler, Assign(), epochs=3)
