"""A training step that is made again when a schedule was replaced."""

import copy
from collections.abc import Callable
from typing import Any

import keras

from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.schedules.resolving import same
from keras_grl.types import FunctionOfP
from keras_grl.types import StepResult


class FollowingStep:
    """The `train_function` of a model, which follows `set_schedule`.

    A compiled step contains the schedules of the adaptation factor. If one was
    replaced since, for example by a callback, the step is made again.

    Args:
        model: A model whose `train_function` was just made.
        make: Sets its `train_function` again. Called with True.
    """

    def __init__(self, model: keras.Model, make: Callable[[bool], object]):
        self._model = model
        self._make = make
        self._step = model.train_function
        # Known at the first step, which compiles it.
        self._compiled: list[tuple[GradientReversal, FunctionOfP]] | None = None

    def __call__(self, *args: Any) -> StepResult:
        if self._compiled is None:
            self._compiled = self._schedules()
        elif not all(same(each.schedule, old) for each, old in self._compiled):
            self._make_again()
        return self._step(*args)

    def schedule_of(self, layer: GradientReversal) -> FunctionOfP:
        """The schedule of a layer in the last training step."""
        for each, schedule in self._compiled or []:
            if each is layer:
                return schedule
        return layer.schedule

    def _make_again(self) -> None:
        if keras.distribution.distribution() is not None:
            # Keras would look for the variables, which are in the step.
            raise ValueError(
                "With `keras.distribution` a schedule of the adaptation factor "
                "cannot be replaced between the steps of a model. Expected: "
                "`set_schedule` before the model is compiled. Received: "
                f"{[each.schedule for each, _ in self._compiled or []]}\n"
                "Write values that change over training as a function of "
                "progress p."
            )
        self._make(True)
        self._step = self._model.train_function
        self._model.train_function = self
        self._compiled = self._schedules()

    def _schedules(self) -> list[tuple[GradientReversal, FunctionOfP]]:
        # Copies, to see an attribute that changes.
        return [
            (
                each,
                copy.copy(each.schedule)
                if hasattr(each.schedule, "get_config")
                else each.schedule,
            )
            for each in gradient_reversal_layers(self._model)
        ]
