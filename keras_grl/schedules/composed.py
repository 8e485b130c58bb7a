"""Schedules built from other schedules."""

import itertools
from collections.abc import Sequence

import keras
from keras import ops

from keras_grl.schedules.progress import function_of_p
from keras_grl.schedules.ramps import Schedule
from keras_grl.schedules.resolving import get
from keras_grl.schedules.resolving import serialize
from keras_grl.types import Config
from keras_grl.types import FunctionOfP
from keras_grl.types import ScheduleLike
from keras_grl.types import Tensor
from keras_grl.validation import check_number
from keras_grl.validation import invalid

_PACKAGE = "keras_grl"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Scaled(Schedule):
    """A schedule times a factor: `factor * schedule.at(p)`.

    Args:
        schedule: A schedule of `keras_grl.schedules` without `total_steps`, a
            function of p, or a number.
        factor: Float, finite and at least 0.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> float(Scaled(keras_grl.schedules.LinearRamp(), 0.5).at(0.5))
    0.25
    """

    def __init__(self, schedule: ScheduleLike | Config, factor: float):
        self.schedule = _part(schedule, "schedule")
        self.factor = check_number("factor", factor, minimum=0.0)

    def at(self, p: Tensor) -> Tensor:
        return self.factor * function_of_p(self.schedule)(p)

    def get_config(self) -> Config:
        return {"schedule": serialize(self.schedule), "factor": self.factor}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class WarmUp(Schedule):
    """A schedule with a linear warm-up.

    `min(p / until, 1) * schedule.at(p)`.

    Args:
        schedule: A schedule of `keras_grl.schedules` without `total_steps`, a
            function of p, or a number.
        until: Float in (0, 1]. The progress p at which the warm-up ends.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    A learning rate with a warm-up, for the callback `LearningRateAnnealing`:

    >>> rate = WarmUp(keras_grl.schedules.InverseDecay(0.01), until=0.1)
    >>> [round(float(rate.at(p)), 5) for p in (0.0, 0.05, 0.1, 1.0)]
    [0.0, 0.00369, 0.00595, 0.00166]

    Reference:
        Goyal et al. (2017), Accurate, Large Minibatch SGD, section 2.2.
    """

    def __init__(self, schedule: ScheduleLike | Config, until: float = 0.1):
        self.schedule = _part(schedule, "schedule")
        self.until = check_number("until", until, above=0.0)
        if self.until > 1.0:
            raise ValueError(invalid("until", "a float in (0, 1]", until))

    def at(self, p: Tensor) -> Tensor:
        p = ops.convert_to_tensor(p, dtype="float32")
        warm = ops.minimum(p / self.until, 1.0)
        return warm * function_of_p(self.schedule)(p)

    def get_config(self) -> Config:
        return {"schedule": serialize(self.schedule), "until": self.until}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Join(Schedule):
    """Schedules one after the other, each over its own part of training.

    With boundaries `b_1 < b_2 < …`, `b_0 = 0` and `b_n = 1` the value in
    `b_i <= p < b_(i + 1)` is `schedules[i].at(q)`, where
    `q = (p - b_i) / (b_(i + 1) - b_i)` goes from 0 to 1.

    Args:
        schedules: A list of schedules of `keras_grl.schedules` without
            `total_steps`, functions of p, or numbers; at least two.
        boundaries: A list of floats in (0, 1), ascending, one fewer than the
            schedules: the progress p at which the next one begins.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    No adaptation in the first fifth of training, then the paper's ramp:

    >>> ramp = keras_grl.schedules.SigmoidRamp()
    >>> factor = Join([0.0, ramp], boundaries=[0.2])
    >>> [round(float(factor.at(p)), 4) for p in (0.1, 0.2, 0.28, 1.0)]
    [0.0, 0.0, 0.4621, 0.9999]
    """

    def __init__(
        self,
        schedules: Sequence[ScheduleLike | Config],
        boundaries: Sequence[float],
    ):
        if not isinstance(schedules, (list, tuple)) or len(schedules) < 2:
            raise ValueError(
                invalid("schedules", "a list of two or more", schedules)
            )
        self.schedules = [
            _part(each, f"schedules[{index}]")
            for index, each in enumerate(schedules)
        ]
        self.boundaries = _boundaries(boundaries, len(schedules) - 1)

    def at(self, p: Tensor) -> Tensor:
        p = ops.convert_to_tensor(p, dtype="float32")
        begins = [0.0, *self.boundaries]
        ends = [*self.boundaries, 1.0]
        value = None
        for schedule, begin, end in zip(
            self.schedules, begins, ends, strict=True
        ):
            q = ops.clip((p - begin) / (end - begin), 0.0, 1.0)
            own = ops.convert_to_tensor(
                function_of_p(schedule)(q), dtype="float32"
            )
            value = own if value is None else ops.where(p < begin, value, own)
        return value

    def get_config(self) -> Config:
        return {
            "schedules": [serialize(each) for each in self.schedules],
            "boundaries": self.boundaries,
        }


def _part(schedule: ScheduleLike | Config, name: str) -> FunctionOfP:
    part = get(schedule, name)
    total_steps = getattr(part, "total_steps", None)
    if total_steps is not None:
        raise ValueError(
            invalid(
                name,
                "a schedule without a horizon",
                part,
                f"It has total_steps={total_steps}. Leave it out: p is that of "
                "the composed schedule.",
            )
        )
    return part


def _boundaries(boundaries: Sequence[float], count: int) -> list[float]:
    expected = f"{count} ascending floats in (0, 1), one fewer than schedules"
    if not isinstance(boundaries, (list, tuple)) or len(boundaries) != count:
        raise ValueError(invalid("boundaries", expected, boundaries))
    checked = [
        check_number(f"boundaries[{index}]", each, above=0.0, below=1.0)
        for index, each in enumerate(boundaries)
    ]
    if any(a >= b for a, b in itertools.pairwise(checked)):
        raise ValueError(invalid("boundaries", expected, boundaries))
    return checked
