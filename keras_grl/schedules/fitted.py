"""FitSchedule: a learning rate whose horizon was set by `fit`."""

import keras
from keras import ops

from keras_grl.schedules.horizon import HasProgress
from keras_grl.schedules.horizon import Horizon
from keras_grl.schedules.learning_rates import ProgressSchedule
from keras_grl.schedules.progress import progress
from keras_grl.types import Config
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class FitSchedule(ProgressSchedule):
    """Saved in place of a schedule whose horizon was set by `fit`.

    A plain Keras model cannot restore the horizon of a loaded optimizer, so
    the schedule stores it.

    Args:
        schedule: The `ProgressSchedule` without `total_steps`.
        total_steps: Integer, the horizon of the last `fit`.
        first_step: Integer, the optimizer step at which p = 0 (negative if
            `fit` resumed with a new optimizer).
    """

    def __init__(
        self, schedule: HasProgress, total_steps: int, first_step: int
    ):
        super().__init__(total_steps)
        self.first_step = first_step
        self.schedule = schedule
        self._horizon: Horizon | None = None

    @classmethod
    def over(cls, schedule: HasProgress, horizon: Horizon) -> "FitSchedule":
        """A schedule that uses the horizon of an optimizer."""
        fitted = cls(schedule, total_steps=1, first_step=0)
        fitted._horizon = horizon
        return fitted

    def values(self) -> tuple[int, int]:
        """The current `total_steps` and `first_step`."""
        if self._horizon is not None and self._horizon.is_known:
            return self._horizon.values()
        assert self.total_steps is not None
        return self.total_steps, self.first_step

    def at(self, p: Tensor) -> Tensor:
        return self.schedule.at(p)

    def progress_at(self, step: Tensor, horizon: Horizon | None) -> Tensor:
        if self._horizon is not None:
            return self.schedule.progress_at(step, self._horizon)
        step = ops.cast(step, "float32") - self.first_step
        return progress(step, self.total_steps)

    def get_config(self) -> Config:
        total_steps, first_step = self.values()
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "total_steps": total_steps,
            "first_step": first_step,
        }

    @classmethod
    def from_config(cls, config: Config) -> "FitSchedule":
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})


def without_fit(schedule: HasProgress | None) -> HasProgress | None:
    """The user's schedule, taken out of a `FitSchedule`."""
    return schedule.schedule if isinstance(schedule, FitSchedule) else schedule
