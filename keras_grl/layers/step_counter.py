"""StepCounter: counts training steps, on the device."""

import weakref
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from keras_grl.schedules.progress import MOST_STEPS
from keras_grl.schedules.progress import check_total_steps
from keras_grl.schedules.progress import progress
from keras_grl.types import AnyArray
from keras_grl.types import Tensor
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class StepCounter(keras.layers.Layer):
    """Two integer weights: the training steps so far, and the horizon.

    Args:
        total_steps: Integer, the number of training steps in which p goes from
            0 to 1. With None `fit` sets it.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`.
    """

    def __init__(self, total_steps: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        # The horizon of the user; None if `fit` sets it.
        self.given_total_steps = total_steps
        self.step = self._counter("step", 0)
        # So that `step_counters` finds the layer by its weight: Keras (3.15.1)
        # has no public way to walk the sub-layers of a custom layer.
        self.step.counts_for = weakref.ref(self)
        self.total_steps = self._counter("total_steps", total_steps or 0)
        self.knows_horizon = total_steps is not None

    def _counter(self, name: str, value: int) -> keras.Variable:
        return self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(value),
            dtype="int32",
            trainable=False,
            autocast=False,
            name=name,
        )

    def set_horizon(self, total_steps: int, step: int | None = None) -> None:
        """Sets the number of training steps, and the step to count from."""
        total_steps = check_total_steps(total_steps)
        if step is not None:
            step = check_integer("step", step, minimum=0)
            if step > MOST_STEPS:
                expected = f"an integer from 0 to {MOST_STEPS}"
                raise ValueError(invalid("step", expected, step))
            self.step.assign(step)
        self.total_steps.assign(total_steps)
        self.knows_horizon = True

    def count_step(self) -> None:
        """Adds one step. The last number of an int32 stays as it is."""
        self.step.assign(added(self.step, 1))

    @property
    def steps_counted(self) -> int:
        """Integer: the training steps so far."""
        return int(ops.convert_to_numpy(self.step + 0))

    @property
    def horizon(self) -> int:
        """Integer: the training steps in which p goes to 1; 0 if unknown."""
        return int(ops.convert_to_numpy(self.total_steps + 0))

    def progress_at(self, step: Tensor) -> Tensor:
        """Training progress p at a step; 0 if the horizon is unknown."""
        total_steps = ops.maximum(self.total_steps, 1)
        known = ops.cast(ops.minimum(self.total_steps, 1), "float32")
        return known * progress(step, total_steps)

    def last_progress(self) -> Tensor:
        """Training progress p of the last training step."""
        return self.progress_at(ops.maximum(self.step - 1, 0))

    def load_own_variables(self, store: Mapping[str, AnyArray]) -> None:
        if type(self) is StepCounter and not store.keys():
            # From a version whose models without an adaptation factor did not
            # count their steps.
            return
        super().load_own_variables(store)
        self.knows_horizon = self.knows_horizon or self.horizon > 0


def added(step: Tensor, steps: Tensor) -> Tensor:
    """The sum of two int32 numbers of steps, at most `MOST_STEPS`."""
    return ops.minimum(step, MOST_STEPS - steps) + steps


def step_counters(model: keras.layers.Layer) -> list[StepCounter]:
    """The step counters of a model, at any depth.

    Args:
        model: A Keras model or layer, built or not.

    Returns:
        List of the layers, sorted by path.
    """
    layers = []
    for variable in model.variables:
        layer = getattr(variable, "counts_for", lambda: None)()
        if layer is not None:
            layers.append(layer)
    return sorted(layers, key=lambda layer: layer.path or layer.name)
