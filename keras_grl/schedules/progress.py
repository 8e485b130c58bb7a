"""The training progress p, and the horizon that it is counted over."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_grl.validation import check_integer
from keras_grl.validation import invalid
from keras_grl.validation import is_number

# Steps are counted in int32, which every backend has.
MOST_STEPS = 2**31 - 1


def progress(step: Any, total_steps: Any) -> Any:
    """The training progress p = step / total_steps, clamped to [0, 1].

    Args:
        step: Integer scalar, tensor or number. Training steps already taken:
            0 at the first batch.
        total_steps: Integer scalar, tensor or number. The horizon.

    Returns:
        A float32 scalar tensor.

    Example:

    >>> float(progress(25, total_steps=100))
    0.25
    >>> float(progress(300, total_steps=100))
    1.0

    Reference:
        Ganin & Lempitsky (2015), section 4 ("p linearly changing from 0 to
        1").
    """
    return ops.clip(_float32(step) / _float32(total_steps), 0.0, 1.0)


def _float32(value: Any) -> Any:
    # A Python integer may be more than the backend's integers hold.
    if isinstance(value, int):
        value = float(value)
    return ops.cast(value, "float32")


def check_total_steps(total_steps: Any) -> int:
    """`total_steps` as an int, if a step counter can count that far."""
    number = check_integer("total_steps", total_steps)
    if number > MOST_STEPS:
        raise ValueError(
            invalid(
                "total_steps",
                f"an integer from 1 to {MOST_STEPS}",
                total_steps,
                "It is the number of training steps (batches) in which p goes "
                "from 0 to 1: epochs * steps_per_epoch.",
            )
        )
    return number


def function_of_p(schedule: Any) -> Callable[[Any], Any]:
    """The function of progress p that a schedule is."""
    return getattr(schedule, "at", schedule)


def check_values(name: str, schedule: Any) -> tuple[float, ...] | None:
    """The values of a schedule at p = 0, 0.5 and 1.

    Args:
        name: The argument to be named in errors.
        schedule: A schedule or a function of p.

    Returns:
        The values, or None where they cannot be read, as while a model is
        traced.

    Raises:
        ValueError: If the schedule fails, reads a variable, or returns what
            is not a finite number of at least 0.
    """
    values = []
    for p in (0.0, 0.5, 1.0):
        value = _value(name, schedule, p)
        if value is None:
            return None
        values.append(value)
    return tuple(values)


def _value(name: str, schedule: Any, p: float) -> float | None:
    expected = (
        "a function of progress p that returns one finite number, at least 0"
    )
    reads = _Reads()
    try:
        with reads:
            value = function_of_p(schedule)(
                ops.convert_to_tensor(p, dtype="float32")
            )
    except Exception as error:
        raise ValueError(
            invalid(
                name,
                expected,
                schedule,
                f"It raised {type(error).__name__} at p={p}: {error}",
            )
        ) from error
    if reads.variables:
        raise ValueError(no_variable(name, schedule))
    problem = invalid(name, expected, schedule, f"At p={p} it is {value!r}.")
    is_tensor = ops.is_tensor(value)
    if not (is_tensor or is_number(value)) or "bool" in str(
        getattr(value, "dtype", type(value))
    ):
        raise ValueError(problem)
    if tuple(getattr(value, "shape", ())) != ():
        raise ValueError(problem)
    try:
        number = float(ops.convert_to_numpy(value) if is_tensor else value)
    except Exception as error:
        if is_tensor:
            return None
        raise ValueError(problem) from error
    # float32 is what it is computed in.
    if not 0.0 <= number <= 3.4e38:
        raise ValueError(problem)
    return number


class _Reads(keras.StatelessScope):
    """Notes the variables that are read within it."""

    def __init__(self) -> None:
        super().__init__(initialize_variables=False)
        self.variables: list[Any] = []

    def get_current_value(self, variable: Any) -> Any:
        self.variables.append(variable)
        return super().get_current_value(variable)


def no_variable(name: str, received: Any) -> str:
    """The message for a variable in the place of a schedule."""
    return invalid(
        name,
        "a number or a function of progress p that reads no variable",
        received,
        "A callback that assigns the variable would not reach a compiled "
        "training step on every backend, silently. Write the values as a "
        "function of p, such as `lambda p: 0.1 + 0.9 * p` or "
        "`keras_grl.schedules.SigmoidRamp()`.",
    )
