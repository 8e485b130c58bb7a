"""Writes the study into the documents: tables, data and figure."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from applications.files import write_json
from applications.files import write_text
from applications.options import stop
from applications.selection import figure
from applications.selection import orders
from applications.selection import results
from applications.selection import rules
from applications.selection import tables

PAGE, FIGURE, DATA = "selection.md", "images/selection.png", "results/selection"


def write(
    docs: Path,
    folder: Path,
    find: tuple[str, ...],
    report: tuple[str, ...],
    seeds: int,
) -> None:
    """Writes what the page, its figure and its data say of the results.

    Args:
        docs: Folder of the documents.
        folder: Of the results.
        find: The shifts that the rule is found on.
        report: The others.
        seeds: How many seeds to report.
    """
    of_find = _pools(folder, find, seeds)
    of_report = _pools(folder, report, seeds)
    both = {runs: of_find[runs] + of_report[runs] for runs in of_find}
    if not of_find[2] or not of_report[2]:
        stop(
            f"--output: expected two seeds of all candidates, of a shift of "
            f"each kind, in {folder}. Train them first: --train yes"
        )
    parts = {
        "shifts": tables.shifts(both, find),
        "rules": tables.rules_of(of_find, of_report),
        "scores": tables.scores(both),
        "alike": tables.alike(both),
        "weights": tables.weights(both),
    }
    page = docs / PAGE
    write_text(page, with_parts(page.read_text(encoding="utf-8"), parts))
    figure.draw(both[2], find, docs / FIGURE)
    write_json(docs / DATA / "runs.json", _runs(both[2]))
    for name, pools in (("find", of_find), ("report", of_report)):
        write_json(docs / DATA / f"rules_{name}.json", _rules(pools))


def write_orders(docs: Path, folder: Path, shifts: tuple[str, ...]) -> None:
    """Writes what the page and its data say of another order of the images.

    Args:
        docs: Folder of the documents.
        folder: Of the results.
        shifts: Those of which all runs are there are reported.
    """
    content = orders.to_dict(orders.collect(folder, shifts))
    # Of the numbers that are kept, so that the tables follow from the file.
    pools = orders.from_dict(content)
    if not pools[orders.PAIRS[0]]:
        stop(
            f"--output: expected two seeds and another order of all "
            f"candidates, of a shift, in {folder}. Train them first: "
            "--train yes --other-order yes"
        )
    page = docs / PAGE
    text = page.read_text(encoding="utf-8")
    write_text(page, with_parts(text, orders.parts(pools)))
    # In one line: it is long, and nobody edits it.
    write_text(docs / DATA / "orders.json", json.dumps(content) + "\n")


def with_parts(page: str, parts: dict[str, str]) -> str:
    """The page with each part between its two comments.

    Args:
        page: Text that has `<!-- name -->` and `<!-- end of name -->`.
        parts: Name to text, without a line break at its end.
    """
    for name, text in parts.items():
        between = re.compile(
            rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL
        )
        page, found = between.subn(lambda m, t=text: f"{m[1]}{t}\n{m[2]}", page)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"the page has {found} parts named {name!r}")
    return page


def _pools(folder: Path, shifts: tuple[str, ...], seeds: int) -> tables.Pools:
    return {
        runs: [
            pool
            for name in shifts
            for pool in results.pools(folder, name, runs, seeds)
        ]
        for runs in (1, 2, 3)
    }


def _runs(pools: list[results.Pool]) -> dict[str, Any]:
    """Shift to candidate to accuracy and scores: means over the seeds."""
    found: dict[str, Any] = {}
    for shift, of_shift in tables.by_shift(pools).items():
        found[shift] = {}
        for name in of_shift[0].accuracy:
            rows = [
                {"accuracy": pool.accuracy[name], **pool.scores[name]}
                for pool in of_shift
            ]
            found[shift][name] = {key: _mean(rows, key) for key in rows[0]}
            vetoed = any(name in pool.vetoed for pool in of_shift)
            found[shift][name]["vetoed"] = vetoed
    return found


def _mean(rows: list[dict[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row[key] is not None]
    return round(float(np.mean(values)), 4) if values else None


def _rules(pools: tables.Pools) -> dict[str, Any]:
    found = {}
    for name, rule in rules.RULES.items():
        rows = rules.outcomes(rule, pools[rule.runs])
        if rows:
            found[name] = rules.summary(rows)
    return found
