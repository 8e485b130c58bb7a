"""TargetLossWeight: the horizon and the log of a scheduled target loss."""

import keras
from keras import ops

from keras_grl.callbacks.ending import warn_of_early_end
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.schedules.progress import function_of_p
from keras_grl.types import FunctionOfP
from keras_grl.types import Logs


def target_loss_schedule(model: keras.Model) -> FunctionOfP | None:
    """The schedule of `target_loss_weight`; None if it is a number."""
    term = getattr(model, "_target", None)
    return None if term is None or not term.is_scheduled else term.schedule


class TargetLossWeight(HorizonCallback):
    """Sets the horizon of `target_loss_weight`, and logs its last value.

    `fit` adds it if the model is compiled with a schedule.
    """

    def horizons(self) -> dict[str, int | None]:
        own = getattr(self._schedule, "total_steps", None)
        return {"the schedule of `target_loss_weight`": own}

    def needs_horizon(self) -> bool:
        return self.model.step_counter.given_total_steps is None

    @property
    def _schedule(self) -> FunctionOfP:
        return target_loss_schedule(self.model)  # type: ignore[return-value]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        self.watch({"target_loss_weight": self._schedule})

    def begin(
        self, total_steps: int | None, step: int | None, resumed: bool
    ) -> None:
        counter = self.model.step_counter
        if counter.given_total_steps is not None:
            # Loaded weights may have set another horizon.
            counter.set_horizon(counter.given_total_steps)
        elif total_steps is not None:
            counter.set_horizon(total_steps, None if resumed else step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        if logs is not None:
            logs["target_loss_weight"] = self._last()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.model.stop_training:
            warn_of_early_end(
                "the weight of the target loss",
                self._schedule,
                self.model.step_counter,
                "`DANNModel(..., total_steps=...)`, or `epochs=...` of `fit`",
            )

    def _last(self) -> float:
        p = self.model.step_counter.last_progress()
        return float(ops.convert_to_numpy(function_of_p(self._schedule)(p)))
