"""The files of an experiment, and the tables made of them.

results/mnist_to_mnist_m/paper-tensorflow/
    config.json      what was asked for
    metrics.json     the accuracies of every run
    history.csv      every epoch of every run
    figures/         PNG
    model.keras      DANN, of the first seed
    report.html      all of it on one page
    runs/dann-0/     metrics.json, history.csv, model.keras of one run
"""

import csv
import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from applications.files import write_csv
from applications.files import write_json
from applications.options import stop
from applications.runner.methods import METHODS
from applications.runner.methods import Trained
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings

BOUNDS = ("source_only", "train_on_target")  # of the gap


_COLUMNS: dict[str, Any] = {"method": str, "seed": int, "epoch": int}


@dataclasses.dataclass(frozen=True)
class Folder:
    """The folder of one experiment with one preset.

    Args:
        path: The folder.
    """

    path: Path

    @classmethod
    def of(
        cls, experiment: Experiment, options: Options, settings: Settings
    ) -> "Folder":
        """The folder that the options name, new or to be gone on with.

        A folder of other settings is left as it is: the program ends.
        """
        name = options.name or f"{options.preset}-{keras.backend.backend()}"
        path = Path(options.output) / experiment.name / name
        config = {
            "experiment": experiment.name,
            "title": experiment.title,
            "preset": options.preset,
            "backend": keras.backend.backend(),
            **experiment.files,
            "settings": dataclasses.asdict(settings),
        }
        file = path / "config.json"
        if (path / "runs").exists():
            before = json.loads(file.read_text())
            others = _differences(before, config)
            if others:
                stop(
                    f"--name: {path} has results of other settings "
                    f"({', '.join(others)}) and is not overwritten. Pass "
                    f"another name: --name {name}-2"
                )
        else:
            # Whatever stopped the program before its first run.
            path.mkdir(parents=True, exist_ok=True)
            write_json(file, config)
        return cls(path)

    def run(self, method: str, seed: int) -> Path:
        """The folder of one run."""
        return self.path / "runs" / f"{method}-{seed}"

    def done(self, method: str, seed: int) -> bool:
        return (self.run(method, seed) / "metrics.json").exists()

    def model(self, method: str, seed: int) -> keras.Model:
        return keras.models.load_model(self.run(method, seed) / "model.keras")

    def write_run(
        self, method: str, seed: int, trained: Trained, domains: Domains
    ) -> None:
        """Writes one finished run; `metrics.json` last: then it is done."""
        run = self.run(method, seed)
        run.mkdir(parents=True, exist_ok=True)
        # What has learnt nothing has no weights of its own.
        if trained.rows:
            trained.network.save(run / "model.keras")
        rows = [
            {"method": method, "seed": seed, "epoch": epoch, **row}
            for epoch, row in enumerate(trained.rows, start=1)
        ]
        write_csv(run / "history.csv", rows)
        write_json(
            run / "metrics.json",
            {
                "method": method,
                "seed": seed,
                **trained.metrics,
                "epochs": len(trained.rows),
                "images": _images(domains),
                "seconds": round(trained.seconds, 1),
                "backend": keras.backend.backend(),
                "keras": keras.version(),
                "date": datetime.date.today().isoformat(),
            },
        )

    def check_images(self, domains: Domains) -> None:
        """Ends the program if the folder's runs had other images."""
        now = _images(domains)
        for metrics in self.metrics():
            before = metrics.get("images", now)
            if before != now:
                stop(
                    f"--name: {self.path} has results of other images "
                    f"({before}, now {now}) and is not gone on with. Pass "
                    "another name, or the --data-dir of before"
                )

    def metrics(self) -> list[dict[str, Any]]:
        """Of every run that is done, in the order of methods and seeds."""
        found = [
            json.loads(file.read_text())
            for file in (self.path / "runs").glob("*/metrics.json")
        ]
        order = list(METHODS)
        return sorted(
            found, key=lambda m: (order.index(m["method"]), m["seed"])
        )

    def history(self) -> list[dict[str, Any]]:
        """Every epoch of every run that is done."""
        rows = []
        for metrics in self.metrics():
            run = self.run(metrics["method"], metrics["seed"])
            with open(run / "history.csv", newline="") as file:
                for row in csv.DictReader(file):
                    rows.append(
                        {
                            name: _COLUMNS.get(name, float)(value)
                            for name, value in row.items()
                            if value != ""
                        }
                    )
        return rows

    def write_summary(self) -> list[dict[str, Any]]:
        """Writes `metrics.json` and `history.csv` of all runs."""
        metrics = self.metrics()
        write_json(self.path / "metrics.json", metrics)
        write_csv(self.path / "history.csv", self.history())
        return metrics


def _images(domains: Domains) -> dict[str, dict[str, int]]:
    """How many there are of each domain: a subset may have been found."""
    return {
        name: {"train": len(split.x), "test": len(split.x_test)}
        for name, split in (
            ("source", domains.source),
            ("target", domains.target),
        )
    }


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What was other before, as "epochs: 5, now 7"."""
    # A setting that did not exist yet was what is its default now.
    defaults = dataclasses.asdict(Settings())
    flat = [
        {
            **{k: v for k, v in c.items() if k not in ("settings", "title")},
            **defaults,
            **c["settings"],
        }
        for c in (before, now)
    ]
    names = dict.fromkeys(name for each in flat for name in each)
    return [
        f"{name}: {flat[0].get(name)}, now {flat[1].get(name)}"
        for name in names
        if flat[0].get(name) != flat[1].get(name)
    ]


def accuracies(
    metrics: list[dict[str, Any]], method: str, which: str = "accuracy"
) -> list[float]:
    """One number for each seed; none if it was not measured.

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
    """What a method is compared by: the last epoch's accuracy.

    Subspace alignment has no epochs: that of the number of components chosen
    on the source.
    """
    return accuracies(metrics, method) or accuracies(
        metrics, method, "selected"
    )


def gap_covered(
    metrics: list[dict[str, Any]], method: str, svm: bool = False
) -> float | None:
    """(accuracy - source only) / (train on target - source only).

    Of the means over the seeds that all three have: the gap of one seed may be
    near zero. None where there is no gap to be covered, or no such seed. What
    has no epochs is a linear SVM itself, and is compared with SVMs alone.

    Args:
        metrics: Of the runs.
        method: Name of the method.
        svm: Whether of the linear SVMs' accuracies, as in the paper, or of the
            last epochs'.
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
    accuracy, lower, upper = (float(np.mean(each)) for each in found)
    return (accuracy - lower) / (upper - lower) if upper > lower else None


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def cell(values: list[float], runs: int | None = None) -> str:
    """Mean ± standard deviation over seeds.

    Args:
        values: One for each seed that has it.
        runs: The number of seeds: where it was not measured of all, because a
            training diverged, that is said.
    """
    if not values:
        return "–"
    text = f"{np.mean(values):.4f}"
    if len(values) > 1:
        text += f" ± {np.std(values):.4f}"
    if runs is not None and len(values) < runs:
        text += f" ({len(values)} of {runs} seeds)"
    return text


def table(
    experiment: Experiment, metrics: list[dict[str, Any]]
) -> list[list[str]]:
    """Header and rows of the experiment's table."""
    header = [
        "method",
        "seeds",
        "last epoch",
        "selected without target labels",
        "oracle",
        "linear SVM",
        "share of the gap",
        "share, linear SVM",
        "paper",
        "paper's share",
    ]
    rows = [header]
    for name in dict.fromkeys(m["method"] for m in metrics):
        published, bound = experiment.published, name in BOUNDS
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
                f"{published[name]:.4f}" if name in published else "–",
                "" if bound else published_share(published, name),
            ]
        )
    return rows


def published_share(published: dict[str, float], name: str) -> str:
    """The share of the gap in the paper."""
    needed = (name, "source_only", "train_on_target")
    if not all(each in published for each in needed):
        return ""
    found, lower, upper = (published[each] for each in needed)
    return percent((found - lower) / (upper - lower))


def markdown(rows: list[list[str]]) -> str:
    header, *others = rows
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in others]
    return "\n".join(lines)
