"""LearningRateAnnealing."""

from typing import Any

import keras
from keras import ops

from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.schedules import FitSchedule
from keras_grl.schedules import FunctionSchedule
from keras_grl.schedules import ProgressSchedule
from keras_grl.schedules import Schedule
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class LearningRateAnnealing(HorizonCallback):
    """Puts a schedule of the learning rate on a model, and logs it.

    The optimizer computes the learning rate on the device from its own step
    counter; the callback does no work per step. The learning rate of the last
    step of each epoch is logged as `learning_rate` (with a Keras schedule, that
    of the next step).

    If a `BackupAndRestore` is among the callbacks, put this one before it:
    with a schedule the optimizer has one weight less than with a number.
    `DANNModel.fit` takes care of that itself.

    `DANNModel.fit` adds this callback by itself if there is none; it then
    tells the horizon to an optimizer made with a schedule without
    `total_steps`, such as `SGD(keras_grl.schedules.InverseDecay(0.01))`.

    Args:
        schedule: A `keras_grl.schedules.ProgressSchedule` such as
            `InverseDecay(0.01)`, or a function of the training progress p that
            returns the learning rate. With None the optimizer keeps its own.
        total_steps: Integer, the number of optimizer steps in which p goes
            from 0 to 1, counted over all calls of `fit`. With None every `fit`
            is a run of its own: p starts at `initial_epoch / epochs` and ends
            at 1.

    Raises:
        ValueError: If an argument is invalid; when training begins, if the
            horizon is unknown.

    Example:

    >>> from keras_grl.schedules import InverseDecay
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(
    ...     np.ones((8, 2)), np.ones((8, 1)), batch_size=1, verbose=0,
    ...     callbacks=[LearningRateAnnealing(InverseDecay(0.01))])
    >>> [round(v, 5) for v in history.history["learning_rate"]]
    [0.00181]

    Reference:
        Ganin & Lempitsky (2015), Appendix C.
    """

    def __init__(self, schedule: Any = None, total_steps: int | None = None):
        super().__init__()
        if total_steps is not None:
            total_steps = check_integer("total_steps", total_steps)
        if schedule is not None and not isinstance(schedule, ProgressSchedule):
            keras_schedule = keras.optimizers.schedules.LearningRateSchedule
            if not callable(schedule) or isinstance(
                schedule, (keras_schedule, Schedule)
            ):
                raise ValueError(
                    invalid(
                        "schedule",
                        "a learning rate schedule of `keras_grl.schedules`, "
                        "such as `InverseDecay(0.01)`, or a function of "
                        "progress p",
                        schedule,
                        "A schedule of Keras goes into the optimizer itself: "
                        "`keras.optimizers.SGD(schedule)`.",
                    )
                )
            schedule = FunctionSchedule(schedule)
        if schedule is not None and total_steps is not None:
            schedule = schedule.over(total_steps)
        self.schedule = schedule
        self.total_steps = total_steps

    @property
    def _optimizer(self) -> Any:
        # Mixed precision wraps the optimizer in one that scales the loss.
        optimizer = self.model.optimizer
        return getattr(optimizer, "inner_optimizer", optimizer)

    def _own(self) -> ProgressSchedule | None:
        """The optimizer's schedule, as its owner made it."""
        for value in vars(self._optimizer).values():
            if isinstance(value, FitSchedule):
                return value.schedule
            if isinstance(value, ProgressSchedule):
                return value
        return None

    def needs_horizon(self) -> bool:
        schedule = self.schedule or self._own()
        return (
            schedule is not None
            and schedule.total_steps is None
            and self.total_steps is None
        )

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        if self.schedule is not None:
            _set_learning_rate(self._optimizer, self.schedule)

    def begin(self, total_steps: int | None, step: int | None) -> None:
        own = self._own()
        schedule = self.schedule or own
        if schedule is None:
            return
        optimizer = self._optimizer
        if self.total_steps is not None and schedule.total_steps is None:
            schedule = schedule.over(self.total_steps)
        if schedule.total_steps is None and total_steps is not None:
            first_step = _steps_taken(optimizer) - (step or 0)
            schedule = FitSchedule(schedule, total_steps, first_step)
        if schedule is not own:
            _set_learning_rate(optimizer, schedule)
        if schedule is not own or self.schedule is not None:
            # The old schedule is part of a step that is compiled already.
            self.model.make_train_function(force=True)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self._last_learning_rate()

    def _last_learning_rate(self) -> float:
        optimizer = self._optimizer
        for value in vars(optimizer).values():
            if isinstance(value, ProgressSchedule):
                last = max(_steps_taken(optimizer) - 1, 0)
                return float(ops.convert_to_numpy(value(last)))
        return float(ops.convert_to_numpy(optimizer.learning_rate))


def _set_learning_rate(
    optimizer: Any,
    schedule: keras.optimizers.schedules.LearningRateSchedule,
) -> None:
    # Not `optimizer.learning_rate = schedule`: on TensorFlow that reads the
    # old value first, which a schedule without a horizon does not have.
    keras.optimizers.Optimizer.learning_rate.fset(optimizer, schedule)


def _steps_taken(optimizer: Any) -> int:
    """The step with which the optimizer calls its schedule.

    Not `optimizer.iterations`: that one counts the updates, of which there are
    fewer with `gradient_accumulation_steps`.
    """
    (schedule,) = (
        value
        for value in vars(optimizer).values()
        if isinstance(value, ProgressSchedule)
    )
    probe = _Probe()
    _set_learning_rate(optimizer, probe)
    _ = optimizer.learning_rate
    _set_learning_rate(optimizer, schedule)
    return probe.step


class _Probe(keras.optimizers.schedules.LearningRateSchedule):
    """Remembers the step that it is called with."""

    step = 0

    def __call__(self, step: Any) -> float:
        self.step = int(ops.convert_to_numpy(step))
        return 0.0

    def get_config(self) -> dict[str, Any]:
        return {}
