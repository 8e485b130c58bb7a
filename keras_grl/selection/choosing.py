"""select: which candidate to keep, without target labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_grl import scores
from keras_grl.selection.result import Selection
from keras_grl.selection.runs import Run
from keras_grl.selection.runs import check_candidates
from keras_grl.selection.runs import runs_of
from keras_grl.selection.scoring import RULES
from keras_grl.selection.scoring import Table
from keras_grl.selection.scoring import table
from keras_grl.selection.vetoes import check_runs_differ
from keras_grl.selection.vetoes import vetoes
from keras_grl.streams.names import quoted
from keras_grl.streams.names import wrong
from keras_grl.types import Data
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import invalid

# Of the study in docs/selection.md.
_MARGIN = 0.0
_WITHOUT_SECOND_RUNS = "bnm"


def select(
    candidates: Mapping[str, Any],
    x_target: Data,
    *,
    reference: str = "source_only",
    rule: str = "auto",
    margin: float = _MARGIN,
    batch_size: int = 128,
) -> Selection:
    """Chooses which of several models to keep, without target labels.

    Args:
        candidates: Dict of names to candidates. One of them is the model that
            was not adapted, since adapting may hurt. A candidate is a model,
            the path of a `.keras` file, or an array of probabilities `(n,
            classes)` for `x_target`; or a list of these, runs of the same
            training that differ in the seed alone.
        x_target: Target samples without labels: an array, a dict of arrays, or
            a finite dataset that `pair` takes. None, if all candidates are
            arrays.
        reference: The name of the candidate that was not adapted.
        rule: "auto", or the score that decides.
        margin: Float, at least 0.
        batch_size: Integer, how many samples the models predict at once.

    Returns:
        A `Selection`.
    """
    check_choice("rule", rule, ("auto", *RULES))
    margin = check_number("margin", margin, minimum=0.0)
    batch_size = check_integer("batch_size", batch_size)
    check_candidates(candidates)
    if reference not in candidates:
        _refuse_reference(reference, candidates)
    runs = runs_of(candidates, x_target, batch_size)
    vetoed = vetoes(runs, reference)
    eligible = [name for name in runs if name not in vetoed]
    if not eligible:
        raise ValueError(
            wrong(
                "candidates",
                "at least one that is not vetoed",
                "; ".join(f"{name}: {why}" for name, why in vetoed.items()),
            )
        )
    for name in eligible:
        check_runs_differ(name, runs[name])
    found = table(runs, vetoed)
    rule = _rule(rule, found, eligible)
    choice, reason = _choice(rule, found, eligible, reference, margin)
    return Selection(
        choice=choice,
        run=_best_run(runs[choice]),
        reason=reason,
        rule=rule,
        reference=reference,
        scores=found,
        vetoed=vetoed,
    )


def _refuse_reference(reference: str, candidates: Mapping[str, Any]) -> None:
    raise ValueError(
        invalid(
            "reference",
            f"one of the candidates, {quoted(map(str, candidates))}",
            reference,
            "A choice needs the model that was not adapted, to which the "
            'others are compared: add it as `"source_only"`, or name it with '
            "`reference`.",
        )
    )


def _rule(rule: str, found: Table, eligible: list[str]) -> str:
    """The score that decides; all candidates that are compared have it."""
    if rule == "auto":
        agree = all(found[name]["agreement"] is not None for name in eligible)
        return "agreement" if agree else _WITHOUT_SECOND_RUNS
    missing = [name for name in eligible if found[name][rule] is None]
    if missing:
        raise ValueError(
            invalid(
                "rule",
                f"a score that all candidates have; {_NEEDS[rule]}",
                rule,
                f"There is none of {quoted(missing)}.",
            )
        )
    return rule


_NEEDS = {
    "agreement": "this one needs two runs of each, that differ in the seed",
    "ensv": "this one needs three candidates that are not vetoed",
    "mixval": "this one needs models of inputs that can be mixed, and not "
    "arrays of probabilities",
}


def _choice(
    rule: str,
    found: Table,
    eligible: list[str],
    reference: str,
    margin: float,
) -> tuple[str, str]:
    """The candidate to keep, and the reason."""
    values = {name: found[name][rule] or 0.0 for name in eligible}
    # Of equal ones the reference, or the first.
    best = max(values, key=lambda n: (values[n], n == reference))
    if rule == "agreement" and reference in values:
        least = values[reference] + margin
        if best != reference and values[best] < least:
            return reference, (
                f"Keep {reference}, which was not adapted: no candidate's "
                f"runs agree more than its own ({values[reference]:.3f}) by "
                f"the margin of {margin:g}; the next is {best} "
                f"({values[best]:.3f})."
            )
    what = (
        "its runs agree most on the target"
        if rule == "agreement"
        else f"it has the highest {rule}"
    )
    reason = f"Keep {best}: {what} ({values[best]:.3f}"
    if best != reference and reference in values:
        reason += f", {reference} {values[reference]:.3f}"
    return best, f"{reason})."


def _best_run(runs: list[Run]) -> int:
    """The run that agrees most with the average of all; of equal ones, the
    surest and most diverse.
    """
    probabilities = [run.probabilities for run in runs]
    average = np.mean(probabilities, axis=0).argmax(axis=1)  # type: ignore
    quality = [
        (np.mean(p.argmax(axis=1) == average), scores.bnm(p))
        for p in probabilities
        if p is not None
    ]
    return max(range(len(runs)), key=quality.__getitem__)
