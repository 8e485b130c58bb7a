"""ensv: which candidate agrees most with the average of all."""

import itertools
import warnings
from collections.abc import Hashable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TypeVar
from typing import overload

import numpy as np

from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.arrays import check_classes
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.types import AnyArray
from keras_grl.types import Array

_Name = TypeVar("_Name", bound=Hashable)

# The mean total variation distance of two candidates, and the share of samples
# with different classes, below which one is nearly a copy of the other.
_NEAR_COPY = 0.01


@overload
def ensv(candidates: Mapping[_Name, AnyArray]) -> dict[_Name, float]: ...
@overload
def ensv(candidates: Sequence[AnyArray]) -> list[float]: ...
def ensv(
    candidates: Mapping[_Name, AnyArray] | Sequence[AnyArray],
) -> dict[_Name, float] | list[float]:
    """How often each candidate agrees with the average of all candidates.

    `score_m = share of rows i with argmax p_mi = argmax mean_m p_mi`

    The average of the candidates' probabilities is at least as good as the
    worst of them, and so is the candidate that agrees most with it: that is
    all it guarantees.

    If most candidates fail in the same way, the average fails with them. Of two
    candidates the more confident one wins. Candidates that are nearly copies of
    each other, such as two epochs of one run, outvote the others: five copies
    of one bad run win against a good one.

    Args:
        candidates: Dict of names to arrays of shape `(n, classes)`, or list of
            such arrays: the probabilities of each candidate for the same
            target samples in the same order. At least three, of which none is
            nearly a copy of another.

    Returns:
        Floats, 0 to 1: a dict with the names of the candidates, or a list.

    Raises:
        ValueError: If there is no candidate; if probabilities are labels,
            logits, NaN or empty, or their shapes differ.

    Warns:
        UserWarning: If there are fewer than three candidates, or some are
            nearly copies of each other (mean total variation distance of their
            rows below 0.01, and another class on less than 1 % of them).

    Example:

    >>> ensv({
    ...     "a": np.array([[0.9, 0.1], [0.4, 0.6]]),
    ...     "b": np.array([[0.6, 0.4], [0.2, 0.8]]),
    ...     "c": np.array([[0.7, 0.3], [0.6, 0.4]]),
    ... })
    {'a': 1.0, 'b': 1.0, 'c': 0.5}

    Reference:
        Hu, Luo, Liang & Foo (2024), "Towards Reliable Model Selection for
        Unsupervised Domain Adaptation: An Empirical Study and A Certified
        Baseline", NeurIPS.
    """
    named = _named(candidates)
    probabilities = _checked(named)
    _warn(probabilities)
    average = np.mean(list(probabilities.values()), axis=0).argmax(axis=1)
    scores = [
        float(np.mean(p.argmax(axis=1) == average))
        for p in probabilities.values()
    ]
    if isinstance(candidates, Mapping):
        return dict(zip(candidates, scores, strict=True))
    return scores


def near_copies(p: Array, q: Array) -> bool:
    """Whether two candidates differ so little that they have one vote.

    In their probabilities and in the classes: flat probabilities are always
    close to each other.

    Args:
        p: Probabilities, `(n, classes)`.
        q: Those of the other one.
    """
    distance = np.abs(p - q).sum(axis=1).mean() / 2
    others = np.mean(p.argmax(axis=1) != q.argmax(axis=1))
    return bool(max(distance, others) < _NEAR_COPY)


def _named(
    candidates: Mapping[_Name, AnyArray] | Sequence[AnyArray],
) -> dict[str, AnyArray]:
    """The candidates by the names that errors use."""
    if isinstance(candidates, Mapping):
        named = {f"candidates[{k!r}]": v for k, v in candidates.items()}
    elif isinstance(candidates, (list, tuple)):
        named = {f"candidates[{n}]": v for n, v in enumerate(candidates)}
    else:
        named = {}
    if not named:
        raise ValueError(
            wrong(
                "candidates",
                "a dict of names to probabilities, or a list of them, not "
                "empty",
                describe(candidates),
            )
        )
    return named


def _checked(named: dict[str, AnyArray]) -> dict[str, Array]:
    probabilities: dict[str, Array] = {}
    for name, values in named.items():
        first = next(iter(probabilities.values()), None)
        rows = None if first is None else len(first)
        probabilities[name] = as_probabilities(name, values, rows)
        if first is not None:
            check_classes(name, probabilities[name], first.shape[1])
    return probabilities


def _warn(probabilities: dict[str, Array]) -> None:
    if len(probabilities) < 3:
        warnings.warn(
            f"EnsV compares {len(probabilities)} candidates. Expected: at "
            "least three. Of two, the more confident one wins, even if it is "
            "worse.",
            stacklevel=3,
        )
    copies = [
        f"{a} and {b}"
        for (a, p), (b, q) in itertools.combinations(probabilities.items(), 2)
        if near_copies(p, q)
    ]
    if copies:
        warnings.warn(
            "Some candidates of EnsV are nearly copies of each other: "
            f"{', '.join(copies[:3])}{', …' if copies[3:] else ''}. They "
            "outvote the others, even if they are worse. Leave out "
            "all but one of them.",
            stacklevel=3,
        )
