"""The base class of the schedule callbacks: takes the horizon from `fit`."""

from collections.abc import Sequence
from typing import Protocol

import keras

from keras_grl.schedules.progress import MOST_STEPS
from keras_grl.schedules.progress import check_traceable
from keras_grl.schedules.progress import check_values
from keras_grl.types import FunctionOfP
from keras_grl.types import Logs


class Resumer(Protocol):
    """A callback that may resume an interrupted run."""

    resumed: bool


class HorizonCallback(keras.callbacks.Callback):
    """Sets the horizon of schedules without `total_steps` to that of `fit`.

    One `fit` is one run: p goes from `initial_epoch / epochs` to 1. The first
    epoch is read at the first `on_epoch_begin`, after callbacks such as
    `BackupAndRestore` have set where to resume. Counters that were resumed with
    the weights keep their values: if float16 has skipped steps, they are lower
    than the number of steps in the epochs.

    An `AdaptationModel` counts the steps that its optimizer applies; its
    `total_steps` holds for all of its schedules.
    """

    def __init__(self) -> None:
        super().__init__()
        self.begun = False
        self.resumers: Sequence[Resumer] = []
        self._watched: dict[
            str, tuple[FunctionOfP, tuple[float, ...] | None]
        ] = {}

    @property
    def model_counts(self) -> bool:
        """Whether the model is an `AdaptationModel`."""
        return getattr(self.model, "counts_applied_steps", False)

    @property
    def total_steps_of_model(self) -> int | None:
        """The `total_steps` of the model, or None."""
        if not self.model_counts:
            return None
        return getattr(self.model, "total_steps", None)

    def horizons(self) -> dict[str, int | None]:
        """The user's `total_steps`, by the name of their owner."""
        raise NotImplementedError

    def needs_horizon(self) -> bool:
        """Whether a schedule of the model has no `total_steps`."""
        raise NotImplementedError

    def begin(
        self, total_steps: int | None, step: int | None, resumed: bool
    ) -> None:
        """Called before the first batch.

        Args:
            total_steps: Training steps of this `fit`; None if unknown.
            step: The number of the first batch among the steps of this `fit`;
                None if unknown.
            resumed: Whether the counters of an interrupted run are restored.
        """
        raise NotImplementedError

    def watch(self, watched: dict[str, FunctionOfP]) -> None:
        """Refuses later changes of these schedules, given by name.

        Also schedules that a compiled step cannot compute: an optimizer takes a
        schedule without a check.
        """
        self._watched = {
            name: (schedule, check_values(name, schedule))
            for name, schedule in watched.items()
        }
        for name, schedule in watched.items():
            check_traceable(name, schedule)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        for name, (schedule, values) in self._watched.items():
            now = check_values(name, schedule)
            if now != values:
                raise ValueError(
                    f"The schedule of {name!r} has changed in training, which "
                    "has no effect on a compiled training step. Expected: a "
                    "function that depends only on progress p, with the values "
                    f"{values} at p = 0, 0.5 and 1. Received: {now} from "
                    f"{schedule!r}\nWrite values that change over training as "
                    "a function of p."
                )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.begun = False
        self._check_one_horizon()
        if not self.needs_horizon():
            return
        steps = self.params.get("steps")
        if not steps:
            raise ValueError(
                "The horizon of a schedule is unknown: the data do not have a "
                "known number of steps per epoch. Expected: `steps_per_epoch`, "
                "or the schedule's `total_steps`. Received: steps_per_epoch="
                "None, total_steps=None\n"
                "Pass one of them: `model.fit(..., steps_per_epoch=1000)` or "
                f"`{type(self).__name__}(schedule, total_steps=10000)`."
            )
        epochs = self.params["epochs"]
        if steps * epochs > MOST_STEPS:
            raise ValueError(
                "The horizon of a schedule, epochs times steps per epoch, is "
                f"more than {MOST_STEPS}. Received: epochs={epochs}, with "
                f"{steps} steps in each\n"
                "Pass the number of steps that you expect to train: "
                f"`{type(self).__name__}(schedule, total_steps=10000)`."
            )

    def _check_one_horizon(self) -> None:
        of_model = self.total_steps_of_model
        if of_model is None:
            return
        for name, total_steps in self.horizons().items():
            if total_steps not in (None, of_model):
                raise ValueError(
                    "The model and one of its schedules have different "
                    f"horizons. Expected: {of_model}, the `total_steps` of the "
                    f"model, or None. Received: total_steps={total_steps} in "
                    f"{name}\nLeave it out there: the `total_steps` of the "
                    "model holds for the adaptation factor and the learning "
                    "rate."
                )

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.begun:
            return
        self.begun = True
        steps = self.params.get("steps")
        resumed = any(each.resumed for each in self.resumers)
        self.resumers = []
        if steps:
            self.begin(steps * self.params["epochs"], steps * epoch, resumed)
        else:
            self.begin(None, None, resumed)
