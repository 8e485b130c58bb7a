"""Accuracies, shares of the gap and tables, from the metrics of runs."""

import dataclasses
from typing import Any

import numpy as np

from applications.options import as_flag
from applications.runner.job import Job
from applications.runner.names import BOUNDS
from applications.runner.names import METHODS
from applications.runner.settings import Experiment

# Marks the paper's numbers where the runs are not like the paper's.
MARK = "*"
NOTHING = "–"  # was measured or published


def accuracies(
    metrics: list[dict[str, Any]], method: str, which: str = "accuracy"
) -> list[float]:
    """One number for each seed in which it was measured.

    Args:
        metrics: Of the runs.
        method: Name of the method.
        which: "accuracy" (of the last epoch), "selected", "oracle" or
            "svm_accuracy".
    """
    found = [m.get(which) for m in metrics if m["method"] == method]
    return [
        value["accuracy"] if isinstance(value, dict) else value
        for value in found
        if value is not None
    ]


def headline(metrics: list[dict[str, Any]], method: str) -> list[float]:
    """What methods are compared by: the last epoch's accuracy.

    Subspace alignment has no epochs: with the number of components chosen on
    the source.
    """
    return accuracies(metrics, method) or accuracies(
        metrics, method, "selected"
    )


def gap_covered(
    metrics: list[dict[str, Any]], method: str, svm: bool = False
) -> float | None:
    """(accuracy - source only) / (train on target - source only).

    Of the means over the seeds that all three have: the gap of one seed may be
    near zero. None if there is no gap to cover, or no such seed. A method
    without epochs is a linear SVM itself, and is compared with SVMs alone.

    Args:
        metrics: Of the runs.
        method: Name of the method.
        svm: Whether to use the accuracies of the linear SVMs, as in the paper,
            or those of the last epoch.
    """
    compared = (method, "source_only", "train_on_target")
    which = "svm_accuracy" if svm else "accuracy"
    seeds = set.intersection(
        *(
            {
                m["seed"]
                for m in metrics
                if m["method"] == name and m.get(which) is not None
            }
            for name in compared
        )
    )
    common = [m for m in metrics if m["seed"] in seeds]
    found = [accuracies(common, each, which) for each in compared]
    if not all(found):
        return None
    return share(*(float(np.mean(each)) for each in found))


def share(accuracy: float, lower: float, upper: float) -> float | None:
    """The share of the gap between the bounds; None if there is no gap."""
    return (accuracy - lower) / (upper - lower) if upper > lower else None


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def cell(values: list[float], runs: int | None = None, digits: int = 4) -> str:
    """Mean ± standard deviation over seeds.

    Args:
        values: One for each seed that has it.
        runs: The number of seeds. The cell says so if some of them have no
            value, because training diverged.
        digits: After the point.
    """
    if not values:
        return NOTHING
    text = f"{np.mean(values):.{digits}f}"
    if len(values) > 1:
        text += f" ± {np.std(values):.{digits}f}"
    if runs is not None and len(values) < runs:
        text += f" ({len(values)} of {runs} seeds)"
    return text


def table(
    experiment: Experiment, metrics: list[dict[str, Any]], mark: str = ""
) -> list[list[str]]:
    """Header and rows of the experiment's table.

    Columns in which no run has anything are left out.

    Args:
        experiment: Which one.
        metrics: Of the runs.
        mark: Added to the headers of the paper's columns, for a note.
    """
    header = [
        "method",
        "seeds",
        "last epoch",
        "selected without target labels",
        "oracle",
        "linear SVM",
        "share of the gap",
        "share, linear SVM",
        f"paper{mark}",
        f"paper's share{mark}",
        f"JMLR 2016{mark}",
        f"JMLR's share{mark}",
    ]
    rows = [header]
    for name in dict.fromkeys(m["method"] for m in metrics):
        bound = name in BOUNDS
        runs = sum(m["method"] == name for m in metrics)
        rows.append(
            [
                METHODS[name].title,
                str(runs),
                *(
                    cell(accuracies(metrics, name, which), runs)
                    for which in (
                        "accuracy",
                        "selected",
                        "oracle",
                        "svm_accuracy",
                    )
                ),
                *(
                    "" if bound else percent(gap_covered(metrics, name, svm))
                    for svm in (False, True)
                ),
                *published_cells(experiment.published, name),
                *published_cells(
                    experiment.journal, name, experiment.journal_share
                ),
            ]
        )
    kept = [
        column
        for column in range(len(header))
        if any(row[column] not in ("", NOTHING) for row in rows[1:])
    ]
    return [[row[column] for column in kept] for row in rows]


def published_cells(
    published: dict[str, float], name: str, printed: str = ""
) -> tuple[str, str]:
    """The accuracy of a method in a paper, and its share of the gap.

    Args:
        published: Method to its accuracy.
        name: Of the method.
        printed: DANN's share as the paper prints it, if that does not follow
            from its accuracies.
    """
    if name not in published:
        return NOTHING, ""
    accuracy = f"{published[name]:.4f}"
    needed = (name, "source_only", "train_on_target")
    if name in BOUNDS or not all(each in published for each in needed):
        return accuracy, ""
    text = percent(share(*(published[each] for each in needed)))
    if printed and name == "dann":
        text += f", printed as {printed}"
    return accuracy, text


def unlike_paper(experiment: Experiment, settings: dict[str, Any]) -> list[str]:
    """How a run differs from the paper's, as "network: small, not paper".

    Args:
        experiment: Which one.
        settings: The run's.
    """
    paper = dataclasses.asdict(experiment.presets["paper"])
    # A setting that did not exist yet had what is its default now.
    defaults = type(experiment.presets["paper"])()
    these = dataclasses.asdict(defaults) | settings

    def words(name: str, value: object) -> object:
        return "all" if name == "images" and value == 0 else as_flag(value)

    return [
        f"{name}: {words(name, these[name])}, not {words(name, value)}"
        for name, value in paper.items()
        if these[name] != value
    ]


def result(
    job: Job, metrics: list[dict[str, Any]]
) -> tuple[list[list[str]], str]:
    """The table of a job, and the note under it; empty if it needs none."""
    text = ""
    if job.experiment.published:
        settings = dataclasses.asdict(job.settings)
        others = unlike_paper(job.experiment, settings)
        text = note("; ".join(others)) if others else ""
    return table(job.experiment, metrics, MARK if text else ""), text


def note(others: str) -> str:
    """The note under a table whose columns of the paper have the mark.

    Args:
        others: How runs differ from the paper's.
    """
    return (
        f"{MARK} The paper's numbers are of its own network and training. "
        f"These runs are not: {others}."
    )
