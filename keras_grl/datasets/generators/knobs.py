"""What varies in synthetic images: checks, and random values within."""

import dataclasses
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import ClassVar
from typing import Protocol

import numpy as np

from keras_grl.validation import check_number
from keras_grl.validation import check_range
from keras_grl.validation import invalid

Range = tuple[float, float]
Between = Callable[[Range], float]  # a random number within a range


class Knobs(Protocol):
    """A dataclass of ranges and probabilities."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


def check_knobs(config: Knobs, limits: dict[str, Range]) -> None:
    """Checks the fields of a configuration by their type.

    Args:
        config: A dataclass. Its fields of type `Range` are two ordered
            numbers; those of type `float` are probabilities; others are not
            looked at.
        limits: Name of each range to what it may be within.

    Raises:
        ValueError: If a range or a probability is not one, or outside of what
            is possible.
    """
    for field in dataclasses.fields(config):
        name, value = field.name, getattr(config, field.name)
        if field.type is float:
            if not 0 <= check_number(name, value, minimum=0.0) <= 1:
                raise ValueError(invalid(name, "a probability, 0 to 1", value))
        elif field.type is Range:
            low, high = check_range(name, value)
            least, most = limits[name]
            if low < least or high > most:
                expected = f"two numbers from {least:g} to {most:g}"
                raise ValueError(invalid(name, expected, value))


def sampled(
    random: np.random.Generator,
    count: int,
    config: Knobs,
    chances: tuple[str, ...],
    separate: tuple[str, ...] = (),
) -> tuple[Iterator[float], Between, dict[str, float], dict[str, bool]]:
    """Random values of the knobs of one image.

    All of the ranges' numbers are taken in one order, whether they are used
    or not: changing one range leaves the values of the others as they are.

    Args:
        random: A NumPy generator.
        count: Integer, how many numbers one image takes at most.
        config: A dataclass of ranges and probabilities.
        chances: Names of the probabilities.
        separate: Names of other fields, which are sampled where they are used.

    Returns:
        The numbers that are left, 0 to 1; a function from a range to a number
        within, by the next of them; the value of each range by its name; and
        the outcome of each chance.
    """
    uniform = iter(random.random(count).tolist())

    def between(limits: Range) -> float:
        low, high = limits
        return float(low + (high - low) * next(uniform))

    values = {
        field.name: between(getattr(config, field.name))
        for field in dataclasses.fields(config)
        if field.name not in (*chances, *separate)
    }
    happens = {name: next(uniform) < getattr(config, name) for name in chances}
    return uniform, between, values, happens
