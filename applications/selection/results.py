"""What was trained, and what `keras_grl.select` says of it."""

import dataclasses
import functools
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import keras_grl
from applications.files import write_json
from applications.selection.candidates import CANDIDATES
from applications.selection.candidates import REFERENCE
from applications.selection.candidates import folder_of

# Scores of a run that `select` does not compute of probabilities.
EXTRA = ("mixval", "class_ami", "source_accuracy")
_CLUSTERED = 500  # images whose features are clustered


@dataclasses.dataclass(frozen=True)
class Pool:
    """All candidates of one shift, with the same seeds.

    Attributes:
        shift: Its name.
        seeds: Of the runs of each candidate.
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


def complete(folder: Path, shift: str, seed: int, order: int) -> bool:
    """Whether all candidates of a shift are trained."""
    return all(
        (folder_of(folder, shift, name, seed, order) / "run.json").exists()
        for name in CANDIDATES
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
    found = [s for s in range(seeds) if complete(folder, shift, s, s)]
    for chosen in itertools.combinations(found, runs):
        yield _pool(folder, shift, chosen)


@functools.cache
def _pool(folder: Path, shift: str, seeds: tuple[int, ...]) -> Pool:
    found = {
        name: [_run(folder / shift / f"{name}-{seed}") for seed in seeds]
        for name in CANDIDATES
    }
    selection = keras_grl.select(
        {name: [p for _, p in runs] for name, runs in found.items()},
        None,
        reference=REFERENCE,
    )

    def mean(name: str, figure: str) -> float:
        return float(np.mean([figures[figure] for figures, _ in found[name]]))

    return Pool(
        shift=shift,
        seeds=seeds,
        accuracy={name: mean(name, "accuracy") for name in found},
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
        if "class_ami" not in figures:
            # Those of a model whose training diverged overflow float16.
            features = np.nan_to_num(arrays["features"][:_CLUSTERED])
            figures["class_ami"] = keras_grl.scores.class_ami(
                features, probabilities[:_CLUSTERED]
            )
            write_json(folder / "run.json", figures)
    return figures, probabilities
