"""p of a model: it counts the steps that the optimizer has applied.

A step of float16 whose gradients are not finite is skipped: neither the weights
nor the optimizer's step counter move. So the adaptation factor and the learning
rate stand at the same p.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.schedules.fitted import FitSchedule
from keras_grl.schedules.horizon import add_horizon
from keras_grl.schedules.horizon import called_schedule
from keras_grl.schedules.horizon import set_learning_rate
from keras_grl.schedules.horizon import single_optimizers
from keras_grl.schedules.horizon import step_counter
from keras_grl.schedules.horizon import steps_taken


def share_progress(model: keras.Model) -> None:
    """Gives the optimizer of a model the horizon that `fit` assigns.

    To be called at the end of `compile`, before the optimizer is built or
    loaded.

    Args:
        model: A compiled paired model.
    """
    model.counts_applied_steps = True
    owner = getattr(model, "optimizer", None)
    if owner is None:
        return
    for optimizer in single_optimizers(owner):
        schedule = called_schedule(optimizer)
        if schedule is None:
            continue
        # Also if it knows its horizon: files with and without one, and those
        # of a callback that tells it, have the same weights.
        horizon = add_horizon(owner, optimizer, in_files=True)
        if isinstance(schedule, FitSchedule):
            # From a file. What it remembers becomes the optimizer's.
            set_learning_rate(optimizer, schedule.schedule)
            horizon.assign(*schedule.values())
        total_steps = getattr(model, "total_steps", None)
        if total_steps is not None:
            layer = gradient_reversal_layers(model)[0]
            first_step = steps_taken(optimizer) - layer.steps_counted
            horizon.assign(total_steps, first_step)


def count_applied_steps(
    model: keras.Model, train_step: Callable[..., Any], *args: Any
) -> Any:
    """A training step, after which λ's counter has the steps applied.

    In the forward pass neither counter can know of the other.

    Args:
        model: The model.
        train_step: `train_step` of `keras.Model`.
        *args: What the trainer passes: `data`, on JAX `state` and `data`.

    Returns:
        What `train_step` returns.
    """
    counters = [layer.step for layer in gradient_reversal_layers(model)]
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


def _move(counters: list[Any], applied: Any, before: list[Any]) -> None:
    """Sets the counters to what they were, plus the steps applied."""
    was_applied, *were = before
    steps = applied - was_applied
    for counter, was in zip(counters, were, strict=True):
        counter.assign(was + ops.cast(steps, counter.dtype))


def _moved_state(
    model: keras.Model,
    counters: list[Any],
    applied: Any,
    before: Any,
    after: Any,
) -> Any:
    """The same on JAX, where the trainer has the values of the variables."""
    trainable, non_trainable, optimizer, metrics = after
    (place,) = _places([applied], model.optimizer.variables)
    steps = optimizer[place] - before[2][place]
    non_trainable = list(non_trainable)
    for place in _places(counters, model.non_trainable_variables):
        was = before[1][place]
        non_trainable[place] = was + ops.cast(steps, was.dtype)
    return trainable, non_trainable, optimizer, metrics


def _places(wanted: list[Any], variables: list[Any]) -> list[int]:
    ids = [id(variable) for variable in variables]
    return [ids.index(id(each)) for each in wanted]
