"""What was trained, and what `keras_grl.select` says of it."""

import dataclasses
import functools
import itertools
import json
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import keras_grl
from applications.files import write_json
from applications.selection.candidates import CANDIDATES
from applications.selection.candidates import REFERENCE
from applications.selection.candidates import Kind
from applications.selection.candidates import folder_of

# Scores that need features, and labeled source images that are held out.
HELD_OUT = ("dev", "importance_weighted", "source_accuracy_and_domain_error")
# Scores of a run that `select` does not compute of probabilities. The last one
# is computed of some runs only.
EXTRA = (
    "mixval",
    "class_ami",
    "source_accuracy",
    *HELD_OUT,
    "snd",
    "reverse_validation",
)
_TEMPERATURE = 0.05  # of the paper of SND
_CLUSTERED = 500  # images whose features are clustered
_COMPARED = 1000  # images whose predictions are compared with each other's


@dataclasses.dataclass(frozen=True)
class Pool:
    """All candidates of one shift, with the same seeds.

    Attributes:
        shift: Its name.
        seeds: Of the initial weights of the runs of each candidate.
        accuracy: Name of each candidate to the mean accuracy of its runs, on
            labels that no rule sees.
        scores: Name of each candidate to name of each score to its value.
        vetoed: Name to reason.
        choice: What `select` keeps by default, of the arrays.
        run_accuracy: The accuracy of the run that it keeps.
    """

    shift: str
    seeds: tuple[int, ...]
    accuracy: dict[str, float]
    scores: dict[str, dict[str, float | None]]
    vetoed: dict[str, str]
    choice: str
    run_accuracy: float

    @property
    def eligible(self) -> list[str]:
        """The candidates that are not vetoed, the reference first."""
        return [name for name in self.accuracy if name not in self.vetoed]

    def values(self, score: str) -> dict[str, float]:
        """The score of each candidate that is not vetoed and has one."""
        found = {name: self.scores[name].get(score) for name in self.eligible}
        return {n: value for n, value in found.items() if value is not None}


def complete(folder: Path, shift: str, *kinds: Kind) -> bool:
    """Whether all candidates of a shift are trained."""
    return all(
        (folder_of(folder, shift, name, *kind) / "run.json").exists()
        for name in CANDIDATES
        for kind in kinds
    )


def pools(
    folder: Path, shift: str, runs: int, seeds: int = 3
) -> Iterator[Pool]:
    """The pools with so many runs of each candidate, one for each choice of
    seeds.

    Args:
        folder: The results.
        shift: Its name.
        runs: Number of runs of each candidate.
        seeds: Those from this one on are left out.
    """
    found = [(s, s) for s in range(seeds) if complete(folder, shift, (s, s))]
    for kinds in itertools.combinations(found, runs):
        yield pool(folder, shift, kinds)


@functools.cache
def pool(folder: Path, shift: str, kinds: tuple[Kind, ...]) -> Pool:
    """All candidates of a shift.

    Args:
        folder: The results.
        shift: Its name.
        kinds: The runs of each candidate.
    """
    found = {
        name: [_run(folder_of(folder, shift, name, *kind)) for kind in kinds]
        for name in CANDIDATES
    }
    selection = keras_grl.select(
        {name: [p for _, p in runs] for name, runs in found.items()},
        None,
        reference=REFERENCE,
    )

    def mean(name: str, figure: str) -> float | None:
        runs = [figures for figures, _ in found[name]]
        if any(figures.get(figure) is None for figures in runs):
            return None
        return float(np.mean([figures[figure] for figures in runs]))

    return Pool(
        shift=shift,
        seeds=tuple(seed for seed, _ in kinds),
        accuracy={
            name: float(np.mean([figures["accuracy"] for figures, _ in runs]))
            for name, runs in found.items()
        },
        scores={
            name: selection.scores[name]
            | {figure: mean(name, figure) for figure in EXTRA}
            for name in found
        },
        vetoed=selection.vetoed,
        choice=selection.choice,
        run_accuracy=found[selection.choice][selection.run][0]["accuracy"],
    )


@functools.cache
def _run(folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """The figures of a run, and its probabilities."""
    figures = json.loads((folder / "run.json").read_text())
    with np.load(folder / "arrays.npz") as arrays:
        probabilities = arrays["probabilities"]
        if HELD_OUT[0] not in figures:
            figures |= _of_features(arrays)
            write_json(folder / "run.json", figures)
    return figures, probabilities


def _of_features(arrays: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The scores of a run that need features."""

    def features(name: str) -> np.ndarray:
        # Those of a model whose training diverged may be infinite.
        return np.nan_to_num(arrays[name])

    target, held_out = features("features"), features("held_out_features")
    predicted = arrays["held_out_probabilities"], arrays["held_out_labels"]
    of_risk = *predicted, held_out, features("source_features"), target
    return {
        "class_ami": keras_grl.scores.class_ami(
            target[:_CLUSTERED], arrays["probabilities"][:_CLUSTERED]
        ),
        "dev": keras_grl.scores.dev(*of_risk).score,
        "importance_weighted": keras_grl.scores.importance_weighted(
            *of_risk
        ).score,
        "source_accuracy_and_domain_error": (
            keras_grl.scores.source_accuracy_and_domain_error(
                *predicted, keras_grl.diagnostics.domain_error(held_out, target)
            )
        ),
        "snd": soft_neighborhood_density(arrays["probabilities"][:_COMPARED]),
    }


def soft_neighborhood_density(probabilities: np.ndarray) -> float:
    """The entropy of a sample's neighbors, in nats, the mean over samples.

    Not among `keras_grl.scores`: it is the highest, ln(n − 1), if all
    predictions are equal.

    Args:
        probabilities: Array `(n, classes)`.

    Reference:
        Saito et al. (2021), "Tune it the Right Way: Unsupervised Validation of
        Domain Adaptation via Soft Neighborhood Density", ICCV.
    """
    p = probabilities.astype("float64")
    p /= np.linalg.norm(p, axis=1, keepdims=True)
    likeness = p @ p.T / _TEMPERATURE
    np.fill_diagonal(likeness, -np.inf)
    near = np.exp(likeness - likeness.max(axis=1, keepdims=True))
    near /= near.sum(axis=1, keepdims=True)
    known = np.where(near > 0, near, 1.0)
    return float(-(near * np.log(known)).sum(axis=1).mean())
