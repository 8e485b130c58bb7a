"""The streams: their names, and what each of them is; the parts of a batch."""

import re
from collections.abc import Iterable
from typing import Final

from keras_grl.types import Domain

SOURCE: Final = "source"
TARGET: Final = "target"
LABELED_TARGET: Final = "labeled_target"
STREAMS = (SOURCE, TARGET, LABELED_TARGET)

# The parts of `(x, y, sample_weight)`, as errors name them.
INPUTS = "inputs"
LABELS = "labels"
WEIGHTS = "sample weights"
PARTS = (INPUTS, LABELS, WEIGHTS)

# One of several sources.
_NUMBERED = re.compile(rf"{SOURCE}_(0|[1-9]\d*)")


def source_names(count: int) -> tuple[str, ...]:
    """The names of the sources: "source", or "source_0", "source_1", ….

    Args:
        count: Integer, the number of sources.

    Example:

    >>> source_names(1), source_names(2)
    (('source',), ('source_0', 'source_1'))
    """
    if count == 1:
        return (SOURCE,)
    return tuple(f"{SOURCE}_{index}" for index in range(count))


def is_source(name: object) -> bool:
    """Whether it is the name of a source."""
    return isinstance(name, str) and (
        name == SOURCE or _NUMBERED.fullmatch(name) is not None
    )


def sources_in(names: Iterable[object]) -> list[str]:
    """The sources among some names, in the order of their numbers.

    Frameworks sort dicts by key, and "source_10" before "source_2".
    """
    sources = [str(name) for name in names if is_source(name)]
    return sorted(sources, key=_index)


def is_labeled(name: str) -> bool:
    """Whether a stream has labels."""
    return name != TARGET


def domain_of(name: str) -> Domain:
    """The domain whose samples a stream has."""
    return TARGET if name == LABELED_TARGET else name


def domains_in(names: Iterable[str]) -> list[Domain]:
    """The domains among some names of streams, in the order of the names.

    Each domain has a stream of its own name, which counts for the length of an
    epoch. Labeled target samples come in addition to it.

    Example:

    >>> domains_in(["source", "target", "labeled_target"])
    ['source', 'target']
    """
    return [name for name in names if domain_of(name) == name]


def stream_number(name: str) -> int:
    """A different number for each stream, whatever the other streams are."""
    if name in STREAMS:
        return STREAMS.index(name)
    return len(STREAMS) + _index(name)


def quoted(names: Iterable[str]) -> str:
    """Names, as an error lists them."""
    return ", ".join(f'"{name}"' for name in names)


def wrong(name: str, expected: str, received: str, hint: str = "") -> str:
    """The message for invalid data of one stream."""
    found = _NUMBERED.fullmatch(name)
    # The source is one item of the argument.
    argument = f"{SOURCE}[{found[1]}]" if found else name
    message = (
        f"Invalid value received for argument `{argument}`. Expected "
        f"{expected}. Received: {received}"
    )
    return f"{message}\n{hint}" if hint else message


def _index(name: str) -> int:
    found = _NUMBERED.fullmatch(name)
    return int(found[1]) if found else 0
