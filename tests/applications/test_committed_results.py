"""The tables of docs/results.md and the metrics of the runs that they quote.

`docs/results/EXPERIMENT/NAME/` has what a program wrote. A table with a line
`<!-- EXPERIMENT/NAME -->` above it is made of that.
"""

import json
import re

import pytest

from applications.runner import comparison
from applications.runner import names
from tests.testing import ROOT

pytestmark = pytest.mark.backend_free

PAGE = ROOT / "docs" / "results.md"
# Of docs/datasets.md: a row for each version of SYN NUMBERS.
VERSIONS = ("1.0.0", "2.0.0")
FOLDERS = sorted(
    str(file.parent.relative_to(ROOT / "docs" / "results"))
    for file in (ROOT / "docs" / "results").glob("*/*/metrics.json")
)
COLUMNS = {
    "last epoch": "accuracy",
    "selected without target labels": "selected",
    "oracle": "oracle",
    "linear SVM": "svm_accuracy",
}
METHODS = {method.title: name for name, method in names.METHODS.items()}


def tables():
    """Of each table its name, header and rows."""
    pattern = r"<!-- (\S+/\S+) -->\n((?:\|.*\n)+)"
    for name, table in re.findall(pattern, PAGE.read_text()):
        header, _, *rows = (
            [cell.strip(" *") for cell in line.strip("|").split("|")]
            for line in table.splitlines()
        )
        yield name, header, rows


def test_every_committed_run_is_quoted():
    assert FOLDERS
    of_versions = {f"syn_numbers_to_svhn/drawings-{v}" for v in VERSIONS}
    assert {name for name, _, _ in tables()} | of_versions == set(FOLDERS)


@pytest.mark.parametrize("version", VERSIONS)
def test_source_only_on_each_version(version):
    name = f"syn_numbers_to_svhn/drawings-{version}"
    file = ROOT / "docs" / "results" / name / "metrics.json"
    runs = json.loads(file.read_text())
    assert [(m["method"], m["seed"]) for m in runs] == [
        ("source_only", 0),
        ("source_only", 1),
    ]
    target = [f"{m['accuracy']:.3f}"[1:] for m in runs]
    source = ", ".join(f"{m['source_accuracy']:.3f}"[1:] for m in runs)
    row = f"| {version} | {' | '.join(target)} | {source} |"
    assert row in (ROOT / "docs" / "datasets.md").read_text().splitlines()


@pytest.mark.parametrize("folder", sorted({name for name, _, _ in tables()}))
def test_what_is_printed_is_what_was_measured(folder):
    metrics = json.loads(
        (ROOT / "docs" / "results" / folder / "metrics.json").read_text()
    )
    printed = 0
    for name, header, rows in tables():
        if name != folder:
            continue
        for row in rows:
            cells = dict(zip(header, row, strict=True))
            method = METHODS[cells["method"]]
            for column in COLUMNS.keys() & cells.keys():
                values = comparison.accuracies(metrics, method, COLUMNS[column])
                want = comparison.cell(values, digits=3)
                assert cells[column] == re.sub(r"\b0\.", ".", want)
                printed += 1
        quoted = {METHODS[row[0]] for row in rows}
        assert quoted == {each["method"] for each in metrics}
    assert printed
