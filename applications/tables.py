"""Tables 1 and 2 of the paper, made of what the experiments have written.

    python -m applications.tables --results results --output results

Looks for every experiment in the folder and puts the runs that are finished
side by side: `table_1.md`, `table_1.csv` and `table_1.png`, and the same for
table 2. Two columns for each folder, that is a shift with a preset and a
backend: the last epoch's accuracy, then that of the linear SVM in place of the
last layer, with the share of the gap. The SVM's are what the paper's, in the
last column of each shift, are to be compared with: also for subspace alignment,
whose number of components is then chosen on test labels. The figure is of the
SVM's.
"""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

from applications import mnist_to_mnist_m
from applications import mnist_to_svhn
from applications import office
from applications import semi_supervised_signs
from applications import start
from applications import svhn_to_mnist
from applications import syn_numbers_to_svhn
from applications import syn_signs_to_gtsrb
from applications.files import whole
from applications.files import write_text
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import stop
from applications.runner import comparison
from applications.runner.names import BOUNDS
from applications.runner.names import METHODS
from applications.runner.settings import Experiment

TABLES: dict[str, tuple[Experiment, ...]] = {
    "table_1": (
        mnist_to_mnist_m.EXPERIMENT,
        syn_numbers_to_svhn.EXPERIMENT,
        svhn_to_mnist.EXPERIMENT,
        syn_signs_to_gtsrb.EXPERIMENT,
        mnist_to_svhn.EXPERIMENT,
        semi_supervised_signs.EXPERIMENT,
    ),
    "table_2": tuple(office.experiment(pair, None) for pair in office.PAIRS),
}


@dataclasses.dataclass(frozen=True)
class Config:
    results: str = option("results", "Folder that holds the results.", path)
    output: str = option("results", "Folder to write the tables into.", output)

    def __post_init__(self) -> None:
        if not Path(self.results).is_dir():
            stop(
                "--results: expected a folder that an experiment has written, "
                f"received {self.results!r}"
            )


@dataclasses.dataclass(frozen=True)
class Column:
    """One shift by one preset on one backend."""

    experiment: Experiment
    name: str
    metrics: list[dict[str, Any]]
    settings: dict[str, Any] | None

    @property
    def title(self) -> str:
        return f"{self.experiment.title}, {self.name}"

    def cell(self, method: str, svm: bool) -> str:
        found = (
            comparison.accuracies(self.metrics, method, "svm_accuracy")
            if svm
            else comparison.headline(self.metrics, method)
        )
        share = None
        if method not in BOUNDS:
            share = comparison.gap_covered(self.metrics, method, svm)
        runs = sum(m["method"] == method for m in self.metrics)
        return _with_share(
            comparison.cell(found, runs), comparison.percent(share)
        )

    def unlike_paper(self) -> str:
        """Where its runs are not the paper's; nothing if they are."""
        if not self.experiment.published:
            return ""
        if self.settings is None:
            return f"{self.title} (settings unknown)"
        others = comparison.unlike_paper(self.experiment, self.settings)
        return f"{self.title} ({'; '.join(others)})" if others else ""

    def published(self, method: str) -> str:
        published = self.experiment.published
        if method not in published:
            return "–"
        share = ""
        if method not in BOUNDS:
            share = comparison.published_share(published, method)
        return _with_share(f"{published[method]:.4f}", share)

    def bars(self) -> dict[str, tuple[list[float], float | None]]:
        """Title of a method to its linear SVMs' accuracies, and the paper's."""
        found = {
            method: comparison.accuracies(self.metrics, method, "svm_accuracy")
            for method in METHODS
        }
        return {
            METHODS[method].title: (
                values,
                self.experiment.published.get(method),
            )
            for method, values in found.items()
            if values
        }


def _with_share(text: str, share: str) -> str:
    return f"{text} ({share})" if share else text


def columns(folder: Path, experiments: tuple[Experiment, ...]) -> list[Column]:
    """What was found of some experiments."""
    return [
        Column(
            experiment,
            file.parent.name,
            json.loads(file.read_text()),
            _settings(file.with_name("config.json")),
        )
        for experiment in experiments
        for file in sorted((folder / experiment.name).glob("*/metrics.json"))
    ]


def _settings(file: Path) -> dict[str, Any] | None:
    if not file.exists():
        return None
    return json.loads(file.read_text())["settings"]


def table(found: list[Column]) -> list[list[str]]:
    """Header and rows; the paper's numbers after the last run of a shift."""
    header = ["method"]
    last = {column.experiment.name: column for column in found}
    marked = {c.experiment.name for c in found if c.unlike_paper()}
    for column in found:
        header += [column.title, f"{column.title}, linear SVM"]
        name = column.experiment.name
        if column is last[name]:
            mark = comparison.MARK if name in marked else ""
            header.append(f"{column.experiment.title}, paper{mark}")
    methods = [
        name
        for name in METHODS
        if any(comparison.headline(column.metrics, name) for column in found)
    ]
    rows = []
    for name in methods:
        row = [METHODS[name].title]
        for column in found:
            row += [column.cell(name, svm=False), column.cell(name, svm=True)]
            if column is last[column.experiment.name]:
                row.append(column.published(name))
        rows.append(row)
    return [header, *rows]


def main(arguments: Any = None) -> dict[str, list[list[str]]]:
    config = parse(Config, __doc__ or "", arguments)
    output, made = Path(config.output), {}
    for name, experiments in TABLES.items():
        found = columns(Path(config.results), experiments)
        if found:
            made[name] = _write(output, name, found)
    if not made:
        stop(
            f"--results: expected results of an experiment in {config.results}"
            f", found none. Make some: {TABLES['table_1'][0].command}"
        )
    print(f"Written to {output}/")
    return made


def _write(output: Path, name: str, found: list[Column]) -> list[list[str]]:
    """One table, as Markdown, CSV and a figure."""
    # Here and not above: --help needs no Matplotlib.
    from applications import figures

    rows = table(found)
    text = comparison.markdown(rows)
    others = "; ".join(filter(None, (c.unlike_paper() for c in found)))
    if others:
        text += f"\n\n{comparison.note(others)}"
    write_text(output / f"{name}.md", text + "\n")
    with whole(output / f"{name}.csv") as unfinished:
        with open(unfinished, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    figures.bars(
        {
            f"{column.experiment.title}\n{column.name}": column.bars()
            for column in found
        },
        output / f"{name}.png",
    )
    print(f"{name}\n\n{text}\n")
    return rows


if __name__ == "__main__":
    start.program(main)
