"""Warnings about the adaptation factor at the end of training."""

import warnings

from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.schedules import Constant
from keras_grl.schedules.progress import check_values


def warn_of_early_end(layer: GradientReversal) -> None:
    """Warns if a run ended before its schedule took effect.

    Args:
        layer: A gradient reversal layer of the model.
    """
    if isinstance(layer.schedule, Constant):
        return
    step, total_steps = layer.steps_counted, layer.horizon
    values = check_values("adaptation_factor", layer.schedule)
    if not total_steps or values is None:
        return
    p = min(step / total_steps, 1.0)
    factor, end = layer.last_adaptation_factor(), values[-1]
    if p >= 0.5 and factor >= 0.5 * end:
        return
    warnings.warn(
        f"Training stopped after {step} of {total_steps} steps (p = {p:.2f}), "
        f"when the adaptation factor of {layer.name!r} had reached "
        f"{factor:.2g}; its schedule ends at {end:.2g}. So the domains have "
        "hardly been adapted to each other. If you expect training to stop "
        "early, pass the number of steps that you expect, instead of a large "
        "number of epochs: `DANNModel(..., total_steps=...)`, or "
        "`AdaptationFactorScheduler(schedule, total_steps=...)`; about "
        f"{max(step, 1)} for a run such as this one.",
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
