"""FitSchedule: a learning rate whose horizon came from `fit`."""

from typing import Any

import keras
from keras import ops

from keras_grl.schedules.horizon import Horizon
from keras_grl.schedules.learning_rates import ProgressSchedule
from keras_grl.schedules.progress import progress


@keras.saving.register_keras_serializable(package="keras_grl")
class FitSchedule(ProgressSchedule):
    """What a file holds in the place of a schedule whose horizon `fit` told.

    Where nothing of ours is there to give a loaded optimizer its horizon, as
    in a plain Keras model, the schedule remembers it.

    Args:
        schedule: The `ProgressSchedule` without `total_steps`.
        total_steps: Integer, the horizon of the last `fit`.
        first_step: Integer, the optimizer step at which p = 0 (negative in a
            `fit` that resumed with a new optimizer).
    """

    def __init__(
        self, schedule: ProgressSchedule, total_steps: int, first_step: int
    ):
        super().__init__(total_steps)
        self.first_step = first_step
        self.schedule = schedule
        self._horizon: Horizon | None = None

    @classmethod
    def over(
        cls, schedule: ProgressSchedule, horizon: Horizon
    ) -> "FitSchedule":
        """A schedule that follows the horizon of an optimizer."""
        fitted = cls(schedule, total_steps=1, first_step=0)
        fitted._horizon = horizon
        return fitted

    def values(self) -> tuple[int, int]:
        """`total_steps` and `first_step`, as they are now."""
        if self._horizon is not None and self._horizon.is_known:
            return self._horizon.values()
        assert self.total_steps is not None
        return self.total_steps, self.first_step

    def at(self, p: Any) -> Any:
        return self.schedule.at(p)

    def progress_at(self, step: Any, horizon: Horizon | None) -> Any:
        if self._horizon is not None:
            return self.schedule.progress_at(step, self._horizon)
        step = ops.cast(step, "float32") - self.first_step
        return progress(step, self.total_steps)

    def get_config(self) -> dict[str, Any]:
        total_steps, first_step = self.values()
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "total_steps": total_steps,
            "first_step": first_step,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FitSchedule":
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})


def without_fit(schedule: Any) -> Any:
    """A schedule as its owner made it, whatever `fit` put in its place."""
    return schedule.schedule if isinstance(schedule, FitSchedule) else schedule
