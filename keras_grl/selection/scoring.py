"""The scores of all candidates."""

import itertools
from collections.abc import Sequence

import numpy as np

from keras_grl import scores
from keras_grl.selection.runs import Run
from keras_grl.selection.vetoes import diversity
from keras_grl.types import Array

Table = dict[str, dict[str, float | None]]

# A rule may be any of these.
RULES = (
    "consensus",
    "agreement",
    "ensv",
    "mixval",
    "infomax",
    "negative_entropy",
    "bnm",
)
# Of fewer candidates the most confident one wins, even if it is worse.
_FEWEST_FOR_ENSV = 3
_OF_PROBABILITIES = {
    "infomax": scores.infomax,
    "negative_entropy": scores.negative_entropy,
    "bnm": scores.bnm,
}


def table(
    runs: dict[str, list[Run]],
    vetoed: dict[str, str],
    averaged: dict[tuple[str, int], Run],
) -> Table:
    """Every score of every candidate, the mean over its runs.

    Args:
        runs: Name of each candidate to its runs.
        vetoed: The candidates that are vetoed, which have no EnsV.
        averaged: The runs whose average EnsV compares with, by candidate and
            number.
    """
    ensemble = _ensv({n: runs[n] for n in runs if n not in vetoed}, averaged)
    found: Table = {}
    for name, of_candidate in runs.items():
        finite = [run for run in of_candidate if run.probabilities is not None]
        all_finite = len(finite) == len(of_candidate)
        found[name] = {
            "runs": len(of_candidate),
            "classes": _mean([diversity(run) for run in finite], all_finite),
            "consensus": None,
            "agreement": mean_agreement(finite) if all_finite else None,
            "ensv": ensemble.get(name),
            "mixval": _mean([run.mixval for run in finite], all_finite),
        }
        for score, function in _OF_PROBABILITIES.items():
            values = [function(run.probabilities) for run in finite]
            found[name][score] = _mean(values, all_finite)
        both = [found[name]["agreement"], found[name]["ensv"]]
        found[name]["consensus"] = _mean(both, all_finite)
    return found


def _mean(values: Sequence[float | None], complete: bool) -> float | None:
    known = [value for value in values if value is not None]
    if not complete or len(known) < len(values) or not known:
        return None
    return float(np.mean(known))


def mean_agreement(runs: list[Run]) -> float | None:
    """The mean over all pairs of runs; None for one run."""
    pairs = list(itertools.combinations(runs, 2))
    if not pairs:
        return None
    found = [
        scores.agreement(a.probabilities, b.probabilities) for a, b in pairs
    ]
    return float(np.mean(found))


def _ensv(
    runs: dict[str, list[Run]], averaged: dict[tuple[str, int], Run]
) -> dict[str, float]:
    """How often each candidate agrees with the average of all runs.

    As `scores.ensv`, but near-copies do not outvote the others.
    """
    if len({name for name, _ in averaged}) < _FEWEST_FOR_ENSV:
        return {}
    classes = average_of(list(averaged.values())).argmax(axis=1)
    return {
        name: float(np.mean([agrees(run, classes) for run in of_candidate]))
        for name, of_candidate in runs.items()
    }


def average_of(runs: list[Run]) -> Array:
    """The average of their probabilities."""
    return np.mean([run.known for run in runs], axis=0)


def agrees(run: Run, classes: Array) -> float:
    """How often a run predicts these classes.

    Args:
        run: The run.
        classes: Array `(n,)`.
    """
    return float(np.mean(run.known.argmax(axis=1) == classes))
