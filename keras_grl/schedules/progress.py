"""Training progress p, and its horizon."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_grl.backend import trace
from keras_grl.types import FunctionOfP
from keras_grl.types import Tensor
from keras_grl.validation import check_integer
from keras_grl.validation import invalid
from keras_grl.validation import is_number

_WITH_OPS = (
    "Write it with `keras.ops`: `ops.exp(-10 * p)` for `np.exp(-10 * p)`, "
    "`ops.where(p < 0.5, 0.0, 1.0)` for `0.0 if p < 0.5 else 1.0`, "
    "`ops.minimum(p, 0.5)` for `min(p, 0.5)`."
)
# Steps are counted in int32, which every backend has.
MOST_STEPS = 2**31 - 1


def progress(step: Tensor, total_steps: Tensor) -> Tensor:
    """Training progress p = step / total_steps, clamped to [0, 1].

    Args:
        step: Integer scalar, tensor or number. Number of training steps
            taken so far: 0 at the first batch.
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


def _float32(value: Tensor) -> Tensor:
    # A Python integer may be too large for the backend's integers.
    if isinstance(value, int):
        value = float(value)
    return ops.cast(value, "float32")


def check_total_steps(total_steps: object) -> int:
    """`total_steps` as an int, if an int32 step counter can hold it."""
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


def function_of_p(schedule: FunctionOfP) -> FunctionOfP:
    """A schedule's `at`, or the function itself."""
    return getattr(schedule, "at", schedule)


def check_values(
    name: str,
    schedule: FunctionOfP,
    points: Sequence[float] = (0.0, 0.5, 1.0),
) -> tuple[float, ...] | None:
    """The values of a schedule, by default at p = 0, 0.5 and 1.

    Args:
        name: The argument named in errors.
        schedule: A schedule or a function of p.
        points: Where it is called.

    Returns:
        The values, or None if they cannot be read, for example while a model
        is traced.

    Raises:
        ValueError: If the schedule raises an error, reads a variable, or does
            not return a finite number of at least 0.
    """
    values = []
    for p in points:
        value = _value(name, schedule, p)
        if value is None:
            return None
        values.append(value)
    return tuple(values)


def _value(name: str, schedule: FunctionOfP, p: float) -> float | None:
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
                f"It raised {type(error).__name__} at p={p}: {error}\n"
                f"{_WITH_OPS}",
            )
        ) from error
    if reads.variables:
        raise ValueError(no_variable(name, schedule))

    def problem() -> ValueError:
        hint = f"At p={p} it is {value!r}."
        return ValueError(invalid(name, expected, schedule, hint))

    is_tensor = ops.is_tensor(value)
    if not (is_tensor or is_number(value)) or "bool" in str(
        getattr(value, "dtype", type(value))
    ):
        raise problem()
    if tuple(getattr(value, "shape", ())) != ():
        raise problem()
    try:
        number = float(value)
    except Exception as error:
        if is_tensor:
            return None
        raise problem() from error
    # It is computed in float32.
    if not 0.0 <= number <= 3.4e38:
        raise problem()
    return number


def check_traceable(name: str, schedule: FunctionOfP) -> None:
    """Refuses a schedule that a compiled training step cannot compute.

    PyTorch would compute it, in steps that are not compiled. It is refused
    there too, since models train on every backend.

    Args:
        name: The argument named in errors.
        schedule: A schedule or a function of p, whose values are right.

    Raises:
        ValueError: If it asks for the value of a tensor, as NumPy's functions
            and Python's `if`, `min` and `float` do.
    """
    try:
        trace(function_of_p(schedule))
    except Exception as error:
        raise ValueError(
            invalid(
                name,
                "a function of progress p that is written with `keras.ops`",
                schedule,
                "A compiled training step cannot compute it with NumPy or "
                f"Python, which need the value of p. {_WITH_OPS}",
            )
        ) from error


class _Reads(keras.StatelessScope):
    """Records the variables that are read in this scope."""

    def __init__(self) -> None:
        super().__init__(initialize_variables=False)
        self.variables: list[keras.Variable] = []

    def get_current_value(self, variable: keras.Variable) -> Tensor | None:
        self.variables.append(variable)
        return super().get_current_value(variable)


def no_variable(name: str, received: object) -> str:
    """The message for a variable that was passed as a schedule."""
    return invalid(
        name,
        "a number or a function of progress p that reads no variable",
        received,
        "On some backends a compiled training step would silently ignore a "
        "callback that assigns the variable. Write the values as a function of "
        "p, such as `lambda p: 0.1 + 0.9 * p` or "
        "`keras_grl.schedules.SigmoidRamp()`.",
    )
