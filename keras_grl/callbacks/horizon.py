"""What the callbacks of schedules share: the horizon, taken from `fit`."""

from typing import Any

import keras


class HorizonCallback(keras.callbacks.Callback):
    """Tells schedules without `total_steps` how long this `fit` is.

    One `fit` is one run: p goes from `initial_epoch / epochs` to 1. The epoch
    to count from is read at the first `on_epoch_begin`, when callbacks such as
    `BackupAndRestore` have told `fit` where to resume.
    """

    def __init__(self) -> None:
        super().__init__()
        self._begun = False

    def needs_horizon(self) -> bool:
        """Whether a schedule of the model has no `total_steps`."""
        raise NotImplementedError

    def begin(self, total_steps: int | None, step: int | None) -> None:
        """Called before the first batch.

        Args:
            total_steps: Training steps of this `fit`; None if unknown.
            step: The step of this `fit` that the first batch is; None if
                unknown.
        """
        raise NotImplementedError

    def on_train_begin(self, logs: Any = None) -> None:
        self._begun = False
        if self.needs_horizon() and not self.params.get("steps"):
            raise ValueError(
                "The horizon of a schedule is unknown: the data do not say "
                "how many steps an epoch has. Expected: `steps_per_epoch`, or "
                "the schedule's `total_steps`. Received: steps_per_epoch="
                "None, total_steps=None\n"
                "Pass one of them: `model.fit(..., steps_per_epoch=1000)` or "
                f"`{type(self).__name__}(schedule, total_steps=10000)`."
            )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._begun:
            return
        self._begun = True
        steps = self.params.get("steps")
        if steps:
            self.begin(steps * self.params["epochs"], steps * epoch)
        else:
            self.begin(None, None)
