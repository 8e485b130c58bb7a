"""Candidates that cannot be chosen, whatever their scores."""

import itertools

import numpy as np

from keras_grl.scores.arrays import predicted_shares
from keras_grl.scores.entropy import entropy
from keras_grl.selection.runs import Run
from keras_grl.streams.names import wrong
from keras_grl.types import Array

# A candidate is collapsed if it predicts fewer classes than this share of
# those of the reference, effectively.
_DIVERSITY = 0.75


def vetoes(runs: dict[str, list[Run]], reference: str) -> dict[str, str]:
    """The candidates that are vetoed, and why.

    A candidate is vetoed if one of its runs is: another run of the same
    training would be as likely to fail.

    Args:
        runs: Name of each candidate to its runs.
        reference: The candidate that was not adapted.
    """
    found: dict[str, str] = {}
    finite = [run for run in runs[reference] if run.probabilities is not None]
    expected = float(np.mean([*map(diversity, finite)])) if finite else None
    for name, of_candidate in runs.items():
        for number, run in enumerate(of_candidate):
            reason = _reason(run, None if name == reference else expected)
            if reason is not None and name not in found:
                which = f" (run {number})" if len(of_candidate) > 1 else ""
                found[name] = f"{reason}{which}"
    return found


def _reason(run: Run, expected: float | None) -> str | None:
    if run.probabilities is None:
        return "predicts NaN or infinity"
    if (
        np.ptp(run.probabilities, axis=0).max() < 1e-6
        and len(run.probabilities) > 1
    ):
        return "predicts the same for all samples"
    effective = diversity(run)
    if expected is not None and effective < _DIVERSITY * expected:
        return (
            f"collapsed: it predicts {effective:.1f} classes effectively, the "
            f"reference {expected:.1f}"
        )
    return None


def diversity(run: Run) -> float:
    """The effective number of predicted classes, exp(entropy of the shares).

    n if n classes are predicted equally often; between 1 and that otherwise.
    """
    return float(np.exp(entropy(predicted_shares(run.known))))


def same_run(p: Array, q: Array) -> bool:
    """Whether two runs predict the same, to rounding.

    One run may be predicted in other batches; but two good runs may both be
    nearly sure of all samples.
    """
    return np.allclose(p, q, rtol=0, atol=1e-6)


def check_runs_differ(name: str, runs: list[Run]) -> None:
    """Refuses a run that is passed twice: it would agree with itself.

    Args:
        name: The candidate.
        runs: Its runs, none of which is vetoed.
    """
    for (i, a), (j, b) in itertools.combinations(enumerate(runs), 2):
        if same_run(a.known, b.known):
            raise ValueError(
                wrong(
                    f"candidates[{name!r}]",
                    "runs that differ in the seed",
                    f"run {i} and run {j} with equal predictions",
                    "Train the second one after "
                    "`keras.utils.set_random_seed(1)`, and pair with "
                    "another `seed`.",
                )
            )
