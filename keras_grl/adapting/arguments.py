"""The arguments of `adapt`, checked before anything is read."""

from collections.abc import Sequence
from collections.abc import Set

from keras_grl.adapting.candidates import DEFAULT
from keras_grl.adapting.candidates import LADDER
from keras_grl.adapting.candidates import REFERENCE
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import invalid

_MINUTES = 10.0
# The second runs have the next seed, and NumPy takes 32 bits.
_MOST_SEED = 2**32 - 2


def names(
    methods: Sequence[str] | None, max_candidates: int | None
) -> tuple[str, ...]:
    """The candidates in their order, source only first.

    Args:
        methods: As in `adapt`.
        max_candidates: As in `adapt`.

    Example:

    >>> names(["dann", "mcc"], None)
    ('source_only', 'dann', 'mcc')
    """
    given = _listed(methods)
    names = tuple(dict.fromkeys((REFERENCE, *given)))
    if len(names) < 2:
        raise ValueError(
            invalid("methods", f"one of {list(LADDER)[1:]} at least", methods)
        )
    if max_candidates is not None:
        most = check_integer("max_candidates", max_candidates, minimum=2)
        names = names[:most]
    return names


def _listed(methods: object) -> list[str]:
    if methods is None:
        return list(DEFAULT)
    # A set has another order in each process: a run could not be resumed.
    if not isinstance(methods, (str, Set)):
        try:
            given = list(methods)  # type: ignore[call-overload]
        except TypeError:
            given = [None]
        if all(isinstance(name, str) and name in LADDER for name in given):
            return given
    raise ValueError(
        invalid("methods", f"a list of names among {list(LADDER)}", methods)
    )


def budget(
    minutes: float | None, steps: int | None
) -> tuple[float | None, int | None]:
    """The minutes or the steps of all runs; the other is None.

    Args:
        minutes: As in `adapt`.
        steps: As in `adapt`.
    """
    if steps is not None:
        if minutes is not None:
            raise ValueError(
                invalid(
                    "minutes",
                    "None with `steps`, which fixes the length of each run",
                    minutes,
                )
            )
        return None, check_integer("steps", steps)
    minutes = _MINUTES if minutes is None else minutes
    return check_number("minutes", minutes, above=0.0), None


def checked_seed(seed: int) -> int:
    """The seed, if the next one is a seed too.

    Args:
        seed: As in `adapt`.
    """
    seed = check_integer("seed", seed, minimum=0)
    if seed > _MOST_SEED:
        raise ValueError(
            invalid("seed", f"an integer, at most {_MOST_SEED}", seed)
        )
    return seed


def check_function(name: str, value: object) -> None:
    """Refuses what cannot be called.

    Args:
        name: The argument.
        value: Its value; None is allowed.
    """
    if value is not None and not callable(value):
        raise ValueError(invalid(name, "a function, or None", value))
