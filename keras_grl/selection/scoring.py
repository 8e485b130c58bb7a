"""The scores of all candidates."""

import itertools
import warnings
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


def table(runs: dict[str, list[Run]], vetoed: dict[str, str]) -> Table:
    """Every score of every candidate, the mean over its runs.

    Args:
        runs: Name of each candidate to its runs.
        vetoed: The candidates that are vetoed, which have no EnsV.
    """
    ensemble = _ensv({n: runs[n] for n in runs if n not in vetoed})
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


def _ensv(runs: dict[str, list[Run]]) -> dict[str, float]:
    """EnsV over all runs, the mean for each candidate."""
    if len(runs) < _FEWEST_FOR_ENSV:
        return {}
    flat: dict[tuple[str, int], Array] = {}
    for name, of_candidate in runs.items():
        for number, run in enumerate(of_candidate):
            assert run.probabilities is not None
            flat[name, number] = run.probabilities
    with warnings.catch_warnings():
        # Of near-copies: the choice does not rest on it alone.
        warnings.simplefilter("ignore")
        found = scores.ensv(flat)
    return {
        name: float(np.mean([found[name, n] for n in range(len(each))]))
        for name, each in runs.items()
    }
