"""What a user may write for a schedule, and what a file holds for it."""

from collections.abc import Callable
from typing import Any

import keras

from keras_grl.schedules.progress import check_values
from keras_grl.schedules.progress import no_variable
from keras_grl.schedules.ramps import Constant
from keras_grl.schedules.ramps import Schedule
from keras_grl.validation import check_number
from keras_grl.validation import invalid
from keras_grl.validation import is_number


def get(
    identifier: Any, name: str = "adaptation_factor"
) -> Callable[[Any], Any]:
    """The schedule that `identifier` stands for.

    Args:
        identifier: A number (a `Constant`), a `Schedule`, a
            `ProgressSchedule`, a function of p, or the config of one.
        name: The argument to be named in errors.

    Returns:
        A schedule or a function of the training progress p.

    Raises:
        ValueError: If it is none of these, or a variable, or reads one; if it
            is a number that is negative, NaN or infinite, or its value at
            p = 0, 0.5 or 1 is.

    Example:

    >>> get(0.3).get_config()
    {'value': 0.3}
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    # A variable of Keras or TensorFlow.
    if isinstance(identifier, keras.Variable) or hasattr(identifier, "assign"):
        raise ValueError(no_variable(name, identifier))
    if is_number(identifier):
        value = check_number(name, identifier, minimum=0.0)
        return Constant(value)
    if isinstance(
        identifier, keras.optimizers.schedules.LearningRateSchedule
    ) and not hasattr(identifier, "at"):
        raise ValueError(
            invalid(
                name,
                "a number or a function of progress p",
                identifier,
                "A learning rate schedule is a function of the step. Use one "
                "of `keras_grl.schedules`, such as `SigmoidRamp()`.",
            )
        )
    if not callable(identifier):
        raise ValueError(
            invalid(
                name,
                "a number, a schedule of `keras_grl.schedules` or a function "
                "of progress p",
                identifier,
            )
        )
    check_values(name, identifier)
    return identifier


def same(first: Any, second: Any) -> bool:
    """Whether two schedules are made alike.

    What is compiled for the one is then right for the other.
    """
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, (bool, int, float, str)):
        return bool(first == second)
    if not hasattr(first, "get_config"):
        return False
    mine, others = vars(first), vars(second)
    return mine.keys() == others.keys() and all(
        same(mine[name], others[name]) for name in mine
    )


def serialize(schedule: Callable[[Any], Any]) -> Any:
    """The config of a schedule or of a registered function of p.

    Raises:
        ValueError: If it could not be loaded again, not being registered.
    """
    kind = (
        schedule
        if hasattr(schedule, "__name__") and not isinstance(schedule, Schedule)
        else type(schedule)
    )
    name = keras.saving.get_registered_name(kind)
    if keras.saving.get_registered_object(name) is not kind:
        raise ValueError(
            "A function of progress p can be saved only if it is registered, "
            f"or it could not be loaded again. Received: {schedule!r}\n"
            "Put `@keras.saving.register_keras_serializable()` above the "
            "definition of the function or class (a lambda must become a "
            "`def` for that)."
        )
    return keras.saving.serialize_keras_object(schedule)
