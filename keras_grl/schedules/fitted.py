"""What a file of a plain Keras model holds of the horizon that `fit` has set.

An optimizer that Keras loads has no horizon yet, and an optimizer whose number
of variables differs from that of the file gets none of its state. So the
configuration of the optimizer holds the horizon, as constants.
"""

import keras
from keras import ops

from keras_grl.schedules.horizon import HasProgress
from keras_grl.schedules.horizon import Horizon
from keras_grl.schedules.horizon import called_schedule
from keras_grl.schedules.learning_rates import ProgressSchedule
from keras_grl.schedules.progress import progress
from keras_grl.types import Config
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class WithHorizon(ProgressSchedule):
    """A schedule with the horizon of one `fit`.

    Args:
        schedule: A `ProgressSchedule` without `total_steps`.
        total_steps: Integer, the horizon of the last `fit`.
        first_step: Integer, the optimizer step at which p = 0 (negative if
            `fit` resumed with a new optimizer).
    """

    total_steps: int

    def __init__(
        self, schedule: HasProgress, total_steps: int, first_step: int
    ):
        super().__init__(total_steps)
        self.first_step = first_step
        self.schedule = schedule

    def at(self, p: Tensor) -> Tensor:
        return self.schedule.at(p)

    def progress_at(self, step: Tensor, horizon: Horizon | None) -> Tensor:
        step = ops.cast(step, "float32") - self.first_step
        return progress(step, self.total_steps)

    def get_config(self) -> Config:
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "total_steps": self.total_steps,
            "first_step": self.first_step,
        }

    @classmethod
    def from_config(cls, config: Config) -> "WithHorizon":
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return WithHorizon(**{**config, "schedule": schedule})


@keras.saving.register_keras_serializable(package="keras_grl")
class FitSchedule(WithHorizon):
    """The name of `WithHorizon` in older files. It is not written any more."""


def without_horizon(schedule: HasProgress | None) -> HasProgress | None:
    """The user's schedule, taken out of a `WithHorizon`."""
    return schedule.schedule if isinstance(schedule, WithHorizon) else schedule


def save_horizon(
    optimizer: keras.optimizers.Optimizer, horizon: Horizon
) -> None:
    """Lets the configuration of an optimizer hold its horizon.

    Args:
        optimizer: Keras optimizer that wraps no other optimizer.
        horizon: Its horizon, whose two weights are not in files.
    """
    if "get_config" not in vars(optimizer):
        optimizer.get_config = _Configuration(optimizer, horizon).get


class _Configuration:
    def __init__(self, optimizer: keras.optimizers.Optimizer, horizon: Horizon):
        self._optimizer = optimizer
        self._horizon = horizon

    def get(self) -> Config:
        """Replaces the optimizer's `get_config`."""
        config = type(self._optimizer).get_config(self._optimizer)
        schedule = called_schedule(self._optimizer)
        if (
            schedule is not None
            and schedule.total_steps is None
            and self._horizon.is_known
        ):
            fitted = WithHorizon(schedule, *self._horizon.values())
            serialize = keras.optimizers.schedules.serialize
            config["learning_rate"] = serialize(fitted)
        return config
