"""Schedules from what users pass and from configs, and back to configs."""

import keras

from keras_grl.schedules.progress import check_traceable
from keras_grl.schedules.progress import check_values
from keras_grl.schedules.progress import no_variable
from keras_grl.schedules.ramps import Constant
from keras_grl.schedules.ramps import Schedule
from keras_grl.types import Config
from keras_grl.types import FunctionOfP
from keras_grl.types import ScheduleLike
from keras_grl.validation import check_number
from keras_grl.validation import invalid
from keras_grl.validation import is_number
from keras_grl.validation import is_variable


def get(
    identifier: ScheduleLike | Config, name: str = "adaptation_factor"
) -> FunctionOfP:
    """The schedule for an identifier.

    Args:
        identifier: A number (a `Constant`), a `Schedule`, a
            `ProgressSchedule`, a function of p, or the config of one.
        name: The argument named in errors.

    Returns:
        A schedule or a function of training progress p.

    Raises:
        ValueError: If it is none of these, or a variable, or reads one; if the
            number, or a value in [0, 1] (33 are read), is negative, NaN or
            infinite; if a function is not written with `keras.ops`.

    Example:

    >>> get(0.3).get_config()
    {'value': 0.3}
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if is_variable(identifier):
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
    # Often enough to find where an oscillating one is negative.
    points = [step / 32 for step in range(33)]
    if check_values(name, identifier, points) is not None:
        check_traceable(name, identifier)
    return identifier


def same(first: object, second: object) -> bool:
    """Whether two schedules have the same type and the same attributes.

    A step that is compiled for one of them is then right for the other.
    """
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, (bool, int, float, str)):
        return bool(first == second)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if not hasattr(first, "get_config"):
        return False
    mine, others = vars(first), vars(second)
    return mine.keys() == others.keys() and all(
        same(mine[name], others[name]) for name in mine
    )


def serialize(schedule: FunctionOfP) -> Config | str:
    """The config of a schedule or of a registered function of p.

    Raises:
        ValueError: If it is not registered, so that it could not be loaded.
    """
    kind = (
        schedule
        if hasattr(schedule, "__name__") and not isinstance(schedule, Schedule)
        else type(schedule)
    )
    name = keras.saving.get_registered_name(kind)
    if keras.saving.get_registered_object(name) is not kind:
        raise ValueError(
            "A function of progress p can be saved only if it is registered; "
            f"otherwise it could not be loaded. Received: {schedule!r}\n"
            "Put `@keras.saving.register_keras_serializable()` above the "
            "definition of the function or class (a lambda must become a "
            "`def`)."
        )
    return keras.saving.serialize_keras_object(schedule)
