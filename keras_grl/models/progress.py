"""p of a model counts the steps that the optimizer has applied.

In float16 the optimizer skips a step whose gradients are not finite: weights
and step counter do not change. The adaptation factor then uses the same p as
the learning rate.
"""

from collections.abc import Callable
from typing import Any
from typing import TypeAlias

import keras
from keras import ops

from keras_grl.layers.step_counter import added
from keras_grl.layers.step_counter import step_counters
from keras_grl.schedules.fitted import WithHorizon
from keras_grl.schedules.horizon import add_horizon
from keras_grl.schedules.horizon import called_schedule
from keras_grl.schedules.horizon import set_learning_rate
from keras_grl.schedules.horizon import single_optimizers
from keras_grl.schedules.horizon import step_counter
from keras_grl.schedules.horizon import steps_taken
from keras_grl.types import StepResult
from keras_grl.types import Tensor

# JAX: values of trainable, non-trainable, optimizer and metric variables.
_State: TypeAlias = tuple[
    list[Tensor], list[Tensor], list[Tensor], list[Tensor]
]


def share_progress(model: keras.Model) -> None:
    """Adds the horizon that `fit` assigns to the optimizer of a model.

    Must be called at the end of `compile`, before the optimizer is built or
    loaded.

    Args:
        model: A compiled `AdaptationModel`.
    """
    model.counts_applied_steps = True
    owner = getattr(model, "optimizer", None)
    if owner is None:
        return
    for optimizer in single_optimizers(owner):
        schedule = called_schedule(optimizer)
        if schedule is None:
            continue
        # Also if the schedule has `total_steps`, so that files always hold the
        # same weights.
        horizon = add_horizon(owner, optimizer, in_files=True)
        if isinstance(schedule, WithHorizon):
            # From a file: the optimizer takes over the horizon.
            set_learning_rate(optimizer, schedule.schedule)
            horizon.assign(schedule.total_steps, schedule.first_step)
        total_steps = getattr(model, "total_steps", None)
        if total_steps is not None:
            counted = model.step_counter.steps_counted
            first_step = steps_taken(optimizer) - counted
            horizon.assign(total_steps, first_step)


def count_applied_steps(
    model: keras.Model, train_step: Callable[..., StepResult], *args: Any
) -> StepResult:
    """A training step, after which the counter of p holds the steps applied.

    In the forward pass neither counter can read the other.

    Args:
        model: The model.
        train_step: `train_step` of `keras.Model`.
        *args: The arguments of the trainer: `data`, on JAX `state` and `data`.

    Returns:
        What `train_step` returns.
    """
    counters = [layer.step for layer in step_counters(model)]
    applied = step_counter(model.optimizer)
    if len(args) == 1:
        # `+ 0`: on torch a variable is changed in place.
        before = [each + 0 for each in (applied, *counters)]
        logs = train_step(*args)
        _move(counters, applied, before)
        return logs
    state, data = args
    logs, after = train_step(state, data)
    return logs, _moved_state(model, counters, applied, state, after)


def _move(
    counters: list[keras.Variable],
    applied: keras.Variable,
    before: list[Tensor],
) -> None:
    """Sets the counters to their values before, plus the steps applied."""
    was_applied, *were = before
    steps = applied - was_applied
    for counter, was in zip(counters, were, strict=True):
        counter.assign(added(was, ops.cast(steps, counter.dtype)))


def _moved_state(
    model: keras.Model,
    counters: list[keras.Variable],
    applied: keras.Variable,
    before: _State,
    after: _State,
) -> _State:
    """The same on JAX, where the trainer holds the values of the variables."""
    trainable, non_trainable, optimizer, metrics = after
    (position,) = _positions([applied], model.optimizer.variables)
    steps = optimizer[position] - before[2][position]
    non_trainable = list(non_trainable)
    for position in _positions(counters, model.non_trainable_variables):
        was = before[1][position]
        non_trainable[position] = added(was, ops.cast(steps, was.dtype))
    return trainable, non_trainable, optimizer, metrics


def _positions(
    wanted: list[keras.Variable], variables: list[keras.Variable]
) -> list[int]:
    ids = [id(variable) for variable in variables]
    return [ids.index(id(each)) for each in wanted]
