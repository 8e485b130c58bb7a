"""Checks of arguments, with one clear error: expected, received, hint."""

import math
import numbers
import operator
from collections.abc import Iterable

import keras
import numpy as np


def invalid(name: str, expected: str, received: object, hint: str = "") -> str:
    """The message of every error about one argument.

    Args:
        name: The argument.
        expected: What it must be.
        received: What was passed.
        hint: How to fix it.
    """
    message = (
        f"Invalid value received for argument `{name}`. Expected {expected}. "
        f"Received: {name}={received!r}"
    )
    return f"{message}\n{hint}" if hint else message


def check_number(
    name: str,
    value: object,
    minimum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """`value` as a float, if it is a finite number within the bounds."""
    expected = "a finite number"
    if minimum is not None:
        expected += f", at least {minimum:g}"
    if above is not None:
        expected += f", greater than {above:g}"
    if below is not None:
        expected += f", less than {below:g}"
    _refuse_variable(name, expected, value)
    # NumPy's scalars and 0-d arrays are numbers to a user.
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(invalid(name, expected, value)) from None
    if (
        isinstance(value, (str, bool))
        or not math.isfinite(number)
        or (minimum is not None and number < minimum)
        or (above is not None and number <= above)
        or (below is not None and number >= below)
    ):
        raise ValueError(invalid(name, expected, value))
    return number


def check_integer(name: str, value: object, minimum: int = 1) -> int:
    """`value` as an int, if it is a whole number of at least `minimum`."""
    expected = f"an integer, at least {minimum}"
    _refuse_variable(name, expected, value)
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(invalid(name, expected, value)) from None
    if isinstance(value, bool) or number < minimum:
        raise ValueError(invalid(name, expected, value))
    return number


def check_per_channel(
    name: str,
    value: object,
    channels: int | None = None,
    above: float | None = None,
) -> list[float]:
    """`value`, one number or one per channel, as a list of floats.

    If `channels` is given, the list has that length.
    """
    _refuse_variable(name, "one number, or one for each channel", value)
    values = (
        [value]
        if isinstance(value, str)
        else np.atleast_1d(np.asarray(value)).tolist()
    )
    if channels is not None and len(values) not in (1, channels):
        raise ValueError(
            invalid(name, f"one number, or one for each of {channels}", value)
        )
    checked = [check_number(name, each, above=above) for each in values]
    return checked * (channels or 1) if len(checked) == 1 else checked


def check_range(name: str, value: object) -> tuple[float, float]:
    """`value`, if it is two numbers, the smaller one first."""
    expected = "two numbers, the smaller one first"
    try:
        values: list[object] = list(value)  # type: ignore[call-overload]
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(invalid(name, expected, value)) from None
    low, high = check_number(name, first), check_number(name, second)
    if low > high:
        raise ValueError(invalid(name, expected, value))
    return low, high


def check_boolean(name: str, value: object) -> bool:
    """`value`, if it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(invalid(name, "True or False", value))
    return bool(value)


def check_choice(name: str, value: str, choices: Iterable[str]) -> str:
    """`value`, if it is one of `choices`."""
    choices = tuple(choices)
    if value not in choices:
        expected = "one of " + ", ".join(f'"{choice}"' for choice in choices)
        raise ValueError(invalid(name, expected, value))
    return value


def check_layer(name: str, layer: object) -> None:
    """Refuse what is not a Keras model or layer."""
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(invalid(name, "a Keras model or layer", layer))


def check_registered(name: str, value: object) -> None:
    """Refuses a function or an object that could be saved but not loaded.

    Args:
        name: The argument that it was passed for.
        value: A function, or an instance of a class.
    """
    kind = value if hasattr(value, "__name__") else type(value)
    registered = keras.saving.get_registered_name(kind)
    if keras.saving.get_registered_object(registered) is not kind:
        raise ValueError(
            f"A model with `{name}={value!r}` could be saved but not loaded: "
            "the function or class is not registered.\n"
            "Put `@keras.saving.register_keras_serializable()` above its "
            "definition (a lambda must become a `def`)."
        )


def is_variable(value: object) -> bool:
    """Whether `value` is a variable, of Keras or its backend."""
    return (
        isinstance(value, keras.Variable)
        # TensorFlow's.
        or hasattr(value, "assign")
        # PyTorch's.
        or getattr(value, "requires_grad", False) is True
    )


def _refuse_variable(name: str, expected: str, value: object) -> None:
    if is_variable(value):
        raise ValueError(
            invalid(
                name,
                f"{expected}, not a variable",
                value,
                "It is read only once: a callback that assigns the variable "
                f"later would have no effect. Pass `{name}=float(variable)`, "
                "or a schedule where the argument takes one.",
            )
        )


def is_number(value: object) -> bool:
    """Whether `value` is a number, of Python or NumPy, or a 0-d array."""
    return (
        isinstance(value, numbers.Number) or getattr(value, "shape", None) == ()
    )
