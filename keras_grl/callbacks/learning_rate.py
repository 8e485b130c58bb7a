"""LearningRateAnnealing."""

import copy

import keras
from keras import ops

from keras_grl import schedules
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.callbacks.learning_rate_check import check_learning_rate
from keras_grl.schedules import FunctionSchedule
from keras_grl.schedules import ProgressSchedule
from keras_grl.schedules.fitted import save_horizon
from keras_grl.schedules.fitted import without_horizon
from keras_grl.schedules.horizon import HasProgress
from keras_grl.schedules.horizon import add_horizon
from keras_grl.schedules.horizon import called_schedule
from keras_grl.schedules.horizon import horizon_of
from keras_grl.schedules.horizon import set_learning_rate
from keras_grl.schedules.horizon import single_optimizers
from keras_grl.schedules.horizon import step_counter
from keras_grl.schedules.horizon import steps_taken
from keras_grl.schedules.progress import check_total_steps
from keras_grl.schedules.resolving import same
from keras_grl.types import FunctionOfP
from keras_grl.types import Logs
from keras_grl.types import ScheduleLike
from keras_grl.validation import check_number
from keras_grl.validation import invalid


class LearningRateAnnealing(HorizonCallback):
    """Sets a schedule of the learning rate for a model, and logs it.

    The optimizer computes the learning rate on the device from its own step
    counter; the callback does no work per step. The learning rate of the last
    step of each epoch is logged as `learning_rate` (with a Keras schedule, that
    of the next step).

    If a `BackupAndRestore` is among the callbacks, put this one before it:
    with a schedule the optimizer has one weight fewer than with a number.
    `DANNModel.fit` sorts them itself.

    `DANNModel.fit` adds this callback if there is none; it then sets the
    horizon of an optimizer whose schedule has no `total_steps`, such as
    `SGD(keras_grl.schedules.InverseDecay(0.01))`.

    Args:
        schedule: A schedule of `keras_grl.schedules` such as
            `InverseDecay(0.01)`, or a function of training progress p that
            returns the learning rate. With None the optimizer keeps its own.
        total_steps: Integer, the number of optimizer steps in which p goes
            from 0 to 1, counted over all calls of `fit`. With None every `fit`
            is a separate run: p starts at `initial_epoch / epochs` and ends at
            1.

    Raises:
        ValueError: If an argument is invalid; when training begins, if the
            horizon is unknown, or differs from the `total_steps` of a
            `DANNModel`, or if the learning rate is negative or not finite, with
            a Keras schedule at any of 33 steps of the run; at the end of an
            epoch, if the schedule has changed, or a callback has assigned a
            learning rate that is negative or not finite.

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

    def __init__(
        self,
        schedule: ScheduleLike | None = None,
        total_steps: int | None = None,
    ):
        super().__init__()
        if total_steps is not None:
            total_steps = check_total_steps(total_steps)
        if schedule is not None and not isinstance(schedule, ProgressSchedule):
            schedule = FunctionSchedule(_of_progress(schedule))
        self.schedule = schedule
        self.total_steps = total_steps

    @property
    def _optimizers(self) -> list[keras.optimizers.Optimizer]:
        # `self.model` first writes JAX's training state to the variables.
        return single_optimizers(self.model.optimizer)

    def _schedule(
        self, optimizer: keras.optimizers.Optimizer
    ) -> HasProgress | None:
        """The schedule for the optimizer, as the user created it."""
        schedule = self.schedule or without_horizon(called_schedule(optimizer))
        if (
            schedule is not None
            and schedule.total_steps is None
            and self.total_steps is not None
        ):
            schedule = copy.copy(schedule)
            schedule.total_steps = self.total_steps
        return schedule

    def horizons(self) -> dict[str, int | None]:
        given = {"`LearningRateAnnealing`": self.total_steps}
        for optimizer in self._optimizers:
            schedule = self._schedule(optimizer)
            if schedule is not None:
                given[f"the schedule of {optimizer.name!r}"] = (
                    schedule.total_steps
                )
        return given

    def needs_horizon(self) -> bool:
        if self.total_steps_of_model is not None:
            return False
        found = map(self._schedule, self._optimizers)
        return any(each and each.total_steps is None for each in found)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        watched: dict[str, FunctionOfP] = {}
        for optimizer in self._optimizers:
            schedule = self._schedule(optimizer)
            if schedule is None:
                check_learning_rate(optimizer)
                continue
            watched[f"the learning rate's schedule of {optimizer.name}"] = (
                schedule
            )
            self._install(optimizer, schedule)
        self.watch(watched)

    def _install(
        self, optimizer: keras.optimizers.Optimizer, schedule: HasProgress
    ) -> None:
        # In an `AdaptationModel` every schedule has a horizon, as after
        # loading.
        is_new = False
        if schedule.total_steps is None or self.model_counts:
            is_new = horizon_of(step_counter(optimizer)) is None
            horizon = add_horizon(
                self.model.optimizer, optimizer, in_files=self.model_counts
            )
            if not horizon.in_files:
                save_horizon(optimizer, horizon)
        if is_new or not same(schedule, called_schedule(optimizer)):
            set_learning_rate(optimizer, schedule)
            # The compiled step contains the old one, and the weights of the
            # optimizer as they were.
            self.model.make_train_function(force=True)

    def begin(
        self, total_steps: int | None, step: int | None, resumed: bool
    ) -> None:
        if self.total_steps_of_model is not None:
            total_steps = self.total_steps_of_model
            step = self.model.step_counter.steps_counted
        for optimizer in self._optimizers:
            horizon = horizon_of(step_counter(optimizer))
            if horizon and total_steps is not None and step is not None:
                known, first_step = horizon.values()
                if not (resumed and known):
                    first_step = steps_taken(optimizer) - step
                horizon.assign(total_steps, first_step)
            elif called_schedule(optimizer) is None:
                # One of Keras, a function, or a number.
                ahead = (total_steps or 0) - (step or 0)
                check_learning_rate(optimizer, ahead)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        optimizers = self._optimizers
        for optimizer in optimizers:
            prefix = "" if len(optimizers) == 1 else f"{optimizer.name}_"
            rate = _last_learning_rate(optimizer)
            if isinstance(optimizer.learning_rate, keras.Variable):
                # A callback may have assigned it.
                check_number("learning_rate", rate, minimum=0.0)
            if logs is not None:
                logs[f"{prefix}learning_rate"] = rate


def _last_learning_rate(optimizer: keras.optimizers.Optimizer) -> float:
    schedule = called_schedule(optimizer)
    if schedule is None:
        return float(ops.convert_to_numpy(optimizer.learning_rate))
    horizon = horizon_of(step_counter(optimizer))
    p = schedule.progress_at(steps_taken(optimizer) - 1, horizon)
    return float(ops.convert_to_numpy(schedule.at(p)))


def _of_progress(schedule: ScheduleLike) -> FunctionOfP:
    """Refuses what is not a function of progress p."""
    if not callable(schedule) or isinstance(
        schedule, keras.optimizers.schedules.LearningRateSchedule
    ):
        raise ValueError(
            invalid(
                "schedule",
                "a schedule of `keras_grl.schedules`, such as "
                "`InverseDecay(0.01)`, or a function of progress p",
                schedule,
                "Pass a Keras schedule to the optimizer: "
                "`keras.optimizers.SGD(schedule)`.",
            )
        )
    return schedules.get(schedule, "schedule")
