"""Warnings about schedules at the end of training."""

import warnings

from keras import ops

from keras_grl.layers.step_counter import StepCounter
from keras_grl.schedules import Constant
from keras_grl.schedules.progress import check_values
from keras_grl.schedules.progress import function_of_p
from keras_grl.types import FunctionOfP


def warn_of_early_end(
    what: str, schedule: FunctionOfP, counter: StepCounter, fix: str
) -> None:
    """Warns if a run ended before a schedule took effect.

    Args:
        what: What the schedule controls.
        schedule: The schedule.
        counter: The layer that counts the steps of the run.
        fix: How to pass the number of steps.
    """
    if isinstance(schedule, Constant):
        return
    step, total_steps = counter.steps_counted, counter.horizon
    values = check_values("schedule", schedule)
    if not total_steps or values is None:
        return
    p = min(step / total_steps, 1.0)
    last = function_of_p(schedule)(counter.last_progress())
    value, end = float(ops.convert_to_numpy(last)), values[-1]
    if p >= 0.5 and value >= 0.5 * end:
        return
    warnings.warn(
        f"Training stopped after {step} of {total_steps} steps (p = {p:.2f}), "
        f"when {what} had reached {value:.2g}; its schedule ends at {end:.2g}. "
        "So the domains have hardly been adapted to each other. If you expect "
        "training to stop early, pass the number of steps that you expect, "
        f"instead of a large number of epochs: {fix}; about {max(step, 1)} for "
        "a run such as this one.",
        stacklevel=2,
    )


def warn_of_skipped_steps(steps: int, factor: float) -> None:
    """Warns that the optimizer has not applied any step.

    Args:
        steps: Integer, the number of steps of this `fit`.
        factor: Float, the adaptation factor.
    """
    warnings.warn(
        f"None of {steps} training steps was applied: in float16 the "
        "optimizer skips a step whose gradients are not finite. No weight was "
        "trained, and training progress p does not advance. Check the inputs "
        "and the loss for NaN or very large values, lower the adaptation "
        f"factor (now {factor:.3g}), or use `mixed_bfloat16`.",
        stacklevel=2,
    )
