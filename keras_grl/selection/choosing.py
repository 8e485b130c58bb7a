"""select: which candidate to keep, without target labels."""

from collections.abc import Mapping
from typing import Any

from keras_grl import scores
from keras_grl.selection.copies import by_candidate
from keras_grl.selection.copies import copies_of
from keras_grl.selection.copies import counted
from keras_grl.selection.result import Selection
from keras_grl.selection.runs import Run
from keras_grl.selection.runs import check_candidates
from keras_grl.selection.runs import runs_of
from keras_grl.selection.scoring import RULES
from keras_grl.selection.scoring import Table
from keras_grl.selection.scoring import agrees
from keras_grl.selection.scoring import average_of
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

# Found by the study of docs/selection.md. Below this margin candidates passed
# that hurt: runs of a shorter training agree a little more by themselves.
_MARGIN = 0.2
# The scores that are shares of the samples, in the order of "auto".
_SHARES = ("consensus", "agreement", "ensv")


def select(
    candidates: Mapping[str, Any],
    x_target: Data,
    *,
    reference: str = "source_only",
    rule: str = "auto",
    margin: float | None = None,
    batch_size: int = 128,
) -> Selection:
    """Chooses which of several models to keep, without target labels.

    Train each candidate twice, with two seeds. Two scores measure how much the
    candidates' runs agree: `agreement`, how often two runs of the candidate
    predict the same class, and `ensv`, how often they predict the class of the
    average of all runs of all candidates. Their mean is the consensus c. The
    candidate of the highest consensus is kept, if it is clearly above that of
    the model that was not adapted:

    `1 − c ≤ (1 − margin) · (1 − c_reference)`

    Otherwise the reference is kept. With two candidates there is no EnsV:
    agreement alone takes the place of c. Where two runs disagree, at least one
    is wrong, so disagreement estimates the error; scores of one model alone are
    high for a model that is confidently wrong.

    In a study of eleven shifts of digits with 21 candidates each, in three
    pairs of seeds (docs/selection.md, with its figure), this kept a candidate
    that was a point or more worse than source only in 1 of 33 choices, at worst
    by 2.4 points, and brought 63 % (shifts that the rule was found on) and 72 %
    (others) of the gain that labels would bring. The highest InfoMax was worse
    in 12 of 33, MixVal in 4.

    A candidate is vetoed if one of its runs predicts NaN, the same for all
    samples, or far fewer classes than the reference: if exp(entropy) of how
    often it predicts each class is below three quarters of the reference's. If
    the target really has fewer classes, so may a good model: then pass a
    reference that predicts as few.

    It cannot see two runs that fail in the same way, such as those of models
    whose training ended early, or that swap the same classes: compare only
    candidates that were trained for the same number of steps.

    Args:
        candidates: Dict of names to candidates. One of them is the model that
            was not adapted, since adapting may hurt. A candidate is a model,
            the path of a `.keras` file, or an array of probabilities `(n,
            classes)` for `x_target`; or a list of these, runs of the same
            training that differ in the seed alone. The state of models does
            not change; files are loaded one at a time.
        x_target: Target samples without labels: an array, a dict of arrays, or
            a finite dataset that `pair` takes. None, if all candidates are
            arrays.
        reference: The name of the candidate that was not adapted.
        rule: The score that decides: "consensus", "agreement", or one of
            `keras_grl.scores` that one run suffices for: "ensv", "mixval",
            "infomax", "negative_entropy" or "bnm". With "auto" it is the first
            of "consensus", "agreement" and "ensv" that all candidates have:
            they need two runs of at least three candidates; two runs; at least
            three candidates. Near-copies of another candidate do not count
            there: they would outvote the others. "ensv" is less safe. If there
            is none, the reference is kept, since nothing shows then whether
            adapting helped; if it is vetoed, "infomax" decides.
        margin: Float, at least 0 and less than 1: by which share the
            disagreement must be lower than the reference's, for "consensus",
            "agreement" and "ensv". Defaults to 0.2. Other rules have none, and
            keep the highest score.
        batch_size: Integer, how many samples the models predict at once.

    Returns:
        A `Selection`: `choice`, the name of the candidate to keep; `run`,
        which of its runs; `reason`, a sentence; `scores` of all candidates,
        means over their runs; `vetoed`, name to reason. `print` shows a table;
        `to_dict` returns values that JSON can hold. A score that a candidate
        cannot have is None: "mixval" of arrays, "agreement" of one run, "ensv"
        of fewer than three candidates, near-copies not counted.

    Raises:
        ValueError: If `reference` is not one of the candidates; if a candidate
            is none of the above, its file cannot be read, or it predicts
            logits or another shape than the others; if two runs are equal; if
            not all candidates have the score that `rule` names; if all
            candidates are vetoed.

    Example:

    >>> random = np.random.default_rng(0)
    >>> labels = random.integers(0, 3, 300)
    >>> def run(accuracy):
    ...     wrong = (labels + random.integers(1, 3, 300)) % 3
    ...     y = np.where(random.random(300) < accuracy, labels, wrong)
    ...     return np.eye(3)[y] * 0.9 + 0.1 / 3
    >>> selection = select(
    ...     {
    ...         "source_only": [run(0.7), run(0.7)],
    ...         "dann": [run(0.9), run(0.9)],
    ...         "collapsed": [np.full((300, 3), 1 / 3), run(0.9)],
    ...     },
    ...     None,
    ... )
    >>> selection.choice, selection.run in (0, 1)
    ('dann', True)
    >>> selection.vetoed
    {'collapsed': 'predicts the same for all samples (run 0)'}

    Reference:
        Jiang et al. (2022), "Assessing Generalization of SGD via Disagreement",
        ICLR.
    """
    check_choice("rule", rule, ("auto", *RULES))
    if margin is not None:
        margin = check_number("margin", margin, minimum=0.0, below=1.0)
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
    compared = {name: runs[name] for name in eligible}
    copies = copies_of(compared, reference)
    averaged = counted(compared, copies)
    found = table(runs, vetoed, averaged)
    rule = _rule(rule, found, eligible, reference)
    choice, reason = _choice(rule, found, eligible, reference, margin)
    return Selection(
        choice=choice,
        run=_best_run(runs[choice], list(averaged.values())),
        reason=reason,
        rule=rule,
        reference=reference,
        scores=found,
        vetoed=vetoed,
        near_copies=by_candidate(compared, copies),
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


def _rule(rule: str, found: Table, eligible: list[str], reference: str) -> str:
    """The score that decides, which all candidates have, or "reference"."""

    def missing(score: str) -> list[str]:
        return [name for name in eligible if found[name][score] is None]

    if rule == "auto":
        for score in _SHARES:
            if not missing(score):
                return score
        return "reference" if reference in eligible else "infomax"
    if missing(rule):
        raise ValueError(
            invalid(
                "rule",
                f"a score that all candidates have; {_NEEDS[rule]}",
                rule,
                f"There is none of {quoted(missing(rule))}.",
            )
        )
    return rule


_NEEDS = {
    "consensus": "this one needs two runs of each, and three candidates that "
    "are not vetoed, nor near-copies of another",
    "agreement": "this one needs two runs of each, that differ in the seed",
    "ensv": "this one needs three candidates that are not vetoed, nor "
    "near-copies of another",
    "mixval": "this one needs models of inputs that can be mixed, and not "
    "arrays of probabilities",
}
_SECOND_SEED = (
    "To be safer, train every candidate with a second seed, and pass lists of "
    "two runs."
)


def _choice(
    rule: str,
    found: Table,
    eligible: list[str],
    reference: str,
    margin: float | None,
) -> tuple[str, str]:
    """The candidate to keep, and the reason.

    Args:
        rule: The score that decides, or "reference".
        found: The scores.
        eligible: The candidates that are not vetoed.
        reference: The candidate that was not adapted.
        margin: Of `select`.
    """
    if len(eligible) == 1:
        return eligible[0], f"Keep {eligible[0]}: no other candidate is left."
    if rule == "reference":
        return reference, (
            f"Keep {reference}, which was not adapted: neither two runs of "
            "each nor three different candidates show whether adapting helped. "
            f"{_SECOND_SEED}"
        )
    values = {name: found[name][rule] or 0.0 for name in eligible}
    # Of equal ones the reference, or the first by name.
    best = max(
        sorted(values), key=lambda name: (values[name], name == reference)
    )
    single = any(found[name]["runs"] == 1 for name in eligible)
    hint = f" {_SECOND_SEED}" if single else ""
    if rule in _SHARES and best != reference and reference in values:
        margin = _MARGIN if margin is None else margin
        disagreement = (1 - margin) * (1 - values[reference])
        # Shares of the samples that are just enough must not fail by rounding.
        if 1 - values[best] > disagreement + 1e-12:
            return reference, (
                f"Keep {reference}, which was not adapted: no candidate has a "
                f"clearly higher {rule}. Needed: {1 - disagreement:.3f}; "
                f"highest: {best} ({_against(values, best, reference)}).{hint}"
            )
    return best, (
        f"Keep {best}: it has the highest {rule} on the target "
        f"({_against(values, best, reference)}).{hint}"
    )


def _against(values: dict[str, float], best: str, reference: str) -> str:
    """The score, and that of the reference."""
    if best == reference or reference not in values:
        return f"{values[best]:.3f}"
    return f"{values[best]:.3f}, {reference} {values[reference]:.3f}"


def _best_run(runs: list[Run], of_all: list[Run]) -> int:
    """The run that agrees most with the average of all candidates' runs.

    With only two runs the more confident one dominates the average. Among equal
    runs it is the most confident and diverse one.
    """
    classes = average_of(of_all).argmax(axis=1)

    def quality(number: int) -> tuple[float, float]:
        run = runs[number]
        return agrees(run, classes), scores.bnm(run.known)

    return max(range(len(runs)), key=quality)
