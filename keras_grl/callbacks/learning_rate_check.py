"""Whether a learning rate is valid, in all of a run."""

import keras
from keras import ops

from keras_grl.schedules.horizon import step_counter
from keras_grl.schedules.horizon import steps_taken
from keras_grl.validation import invalid

_POINTS = 33


def check_learning_rate(
    optimizer: keras.optimizers.Optimizer, steps: int = 0
) -> None:
    """Refuses a learning rate that is, or becomes, negative or not finite.

    Args:
        optimizer: An optimizer whose learning rate is a number, a Keras
            schedule or a function.
        steps: Integer, the number of steps that follow. A schedule is read at
            the first of them, the last one and some between.

    Raises:
        ValueError: If it is.
    """
    if steps < 2 or isinstance(optimizer.learning_rate, keras.Variable):
        _check_now(optimizer)
        return
    counter = step_counter(optimizer)
    begin = steps_taken(optimizer)
    points = {
        begin + (steps - 1) * point // (_POINTS - 1) for point in range(_POINTS)
    }
    try:
        for step in sorted(points):
            # Keras has no public access to the schedule.
            counter.assign(step)
            _check_now(optimizer)
    finally:
        counter.assign(begin)


def _check_now(optimizer: keras.optimizers.Optimizer) -> None:
    rate = float(ops.convert_to_numpy(optimizer.learning_rate))
    # NaN is not at least 0 either.
    if not 0.0 <= rate < float("inf"):
        raise ValueError(
            invalid(
                "learning_rate",
                "a finite number, at least 0, in every training step",
                rate,
                f"It is that of {optimizer.name!r} at step "
                f"{steps_taken(optimizer)}.",
            )
        )
