"""Tables 1 and 2 of the paper, from the results of the experiments.

    python -m applications.tables --results results --output results

Looks for every experiment in the folder and puts the finished runs side by
side: `table_1.md`, `table_1.csv` and `table_1.png`, and the same for table 2.
Two columns for each folder, which is a shift with a preset and a backend: the
accuracy of the last epoch, then that of a linear SVM in place of the last
layer, with the share of the gap. Compare the paper's numbers, in the last
column of each shift, with those of the SVM; also for subspace alignment, whose
number of components is then chosen on test labels. The figure shows those of
the SVM.
"""

import csv
import dataclasses
import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

from applications import markdown
from applications import start
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

# The paper's order of shifts; other experiments come after them.
ORDER = (
    "mnist_to_mnist_m",
    "syn_numbers_to_svhn",
    "svhn_to_mnist",
    "syn_signs_to_gtsrb",
    "mnist_to_svhn",
    "mnist_to_usps",
    "usps_to_mnist",
    "semi_supervised_signs",
    "office_amazon_webcam",
    "office_dslr_webcam",
    "office_webcam_dslr",
)


_RESULTS = "*/*/metrics.json"


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
        """How its runs differ from the paper's; empty if they do not."""
        if not self.experiment.published:
            return ""
        if self.settings is None:
            return f"{self.title} (settings unknown)"
        others = comparison.unlike_paper(self.experiment, self.settings)
        return f"{self.title} ({'; '.join(others)})" if others else ""

    def published(self, method: str) -> list[str]:
        """The paper's numbers, and those of its journal version if any."""
        experiment = self.experiment
        found = [comparison.published_cells(experiment.published, method)]
        if experiment.journal:
            found.append(
                comparison.published_cells(
                    experiment.journal, method, experiment.journal_share
                )
            )
        return [_with_share(*each) for each in found]

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


def experiments(folder: Path) -> list[Experiment]:
    """Those that have results in the folder, in the order of the tables."""
    names = {file.parent.parent.name for file in folder.glob(_RESULTS)}
    ordered = [
        *(name for name in ORDER if name in names),
        *sorted(names - set(ORDER)),
    ]
    found = [experiment(name) for name in ordered]
    return [each for each in found if each is not None]


def experiment(name: str) -> Experiment | None:
    """The experiment whose results are in a folder of this name, if any.

    It is the `EXPERIMENT` of the program of that name, or one of the
    `EXPERIMENTS` of a program whose name that begins with: `office`.
    """
    program = name
    while program.isidentifier():
        module = f"applications.{program}"
        if importlib.util.find_spec(module):
            found = vars(importlib.import_module(module))
            known = (found.get("EXPERIMENT"), *found.get("EXPERIMENTS", ()))
            return next((e for e in known if e and e.name == name), None)
        program = program.rpartition("_")[0]
    return None


def columns(folder: Path) -> dict[str, list[Column]]:
    """What was found in a folder of results, for each table."""
    found: dict[str, list[Column]] = {}
    for each in experiments(folder):
        for file in sorted((folder / each.name).glob("*/metrics.json")):
            column = Column(
                each,
                file.parent.name,
                json.loads(file.read_text()),
                _settings(file.with_name("config.json")),
            )
            if each.table:
                found.setdefault(each.table, []).append(column)
    return dict(sorted(found.items()))


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
            if column.experiment.journal:
                header.append(f"{column.experiment.title}, JMLR 2016{mark}")
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
                row += column.published(name)
        rows.append(row)
    return [header, *rows]


def main(arguments: list[str] | None = None) -> dict[str, list[list[str]]]:
    config = parse(Config, __doc__ or "", arguments)
    output = Path(config.output)
    made = {
        name: _write(output, name, found)
        for name, found in columns(Path(config.results)).items()
    }
    if not made:
        stop(
            f"--results: expected results of an experiment in {config.results}"
            f", found none. Make some: python -m applications.{ORDER[0]}"
        )
    print(f"Written to {output}/")
    return made


def _write(output: Path, name: str, found: list[Column]) -> list[list[str]]:
    """One table, as Markdown, CSV and a figure."""
    # Here and not above: --help needs no Matplotlib.
    from applications import figures

    rows = table(found)
    text = markdown.table(rows)
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
