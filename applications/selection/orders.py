"""Another order of the images, and scores that need more than predictions.

Trained after the study, on a part of its shifts: with two seeds, and with the
initial weights of one and the order of the images of the other.
"""

import dataclasses
import json
from collections.abc import Callable
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from applications import markdown
from applications.selection import results
from applications.selection import rules
from applications.selection import tables
from applications.selection.candidates import Kind
from applications.selection.results import Pool
from applications.selection.tables import number

Pools = dict[str, list[Pool]]
Cells = Callable[[list[Pool]], list[str]]
# What differs between the two runs of each candidate; and single runs.
KINDS: dict[str, tuple[Kind, ...]] = {
    "both": ((0, 0), (1, 1)),
    "order": ((0, 0), (0, 1)),
    "weights": ((0, 1), (1, 1)),
    "one run": ((0, 0),),
}
PAIRS = tuple(KINDS)[:3]
_OF_TWO = ("agreement", "ensv", "consensus")
_RULES = (
    "labels",
    "agreement",
    "agreement_relative_0.2",
    "ensv",
    "consensus",
    "consensus_relative_0.1",
    "consensus_relative_0.15",
    "select",
    "consensus_relative_0.25",
)
_OTHERS = (*results.HELD_OUT, "source_accuracy", "snd")
# What the file keeps.
_SCORES = (*_OF_TWO, *_OTHERS, "infomax", "reverse_validation")
_DIGITS = 5


def collect(folder: Path, shifts: tuple[str, ...]) -> Pools:
    """The pools of the shifts of which all runs are there.

    Args:
        folder: The results.
        shifts: Names.
    """
    runs = {kind for kinds in KINDS.values() for kind in kinds}
    complete = [
        name for name in shifts if results.complete(folder, name, *runs)
    ]
    return {
        kind: [results.pool(folder, name, kinds) for name in complete]
        for kind, kinds in KINDS.items()
    }


def to_dict(pools: Pools) -> dict[str, Any]:
    """What the tables need, as values that JSON can hold."""
    found: dict[str, Any] = {}
    for kind, each in pools.items():
        found[kind] = [dataclasses.asdict(pool) for pool in each]
        for pool in found[kind]:
            pool["scores"] = {
                name: {score: values[score] for score in _SCORES}
                for name, values in pool["scores"].items()
            }
    text = json.dumps(found)
    return json.loads(text, parse_float=lambda t: round(float(t), _DIGITS))


def from_dict(content: dict[str, Any]) -> Pools:
    """The pools that `to_dict` was given, with rounded numbers."""
    return {
        kind: [
            Pool(**{**fields, "seeds": tuple(fields["seeds"])})
            for fields in each
        ]
        for kind, each in content.items()
    }


def parts(pools: Pools) -> dict[str, str]:
    """The tables of the page, by the names of their places."""
    both, single = pools["both"], pools["one run"]
    reversed_ = [
        pool
        for pool in single
        if len(pool.values("reverse_validation")) == len(pool.eligible)
    ]
    found = {
        "order_scores": _scores(pools),
        "order_rules": _rules(pools),
        "order_alike": _alike(pools),
        "held_out": tables.scores_of(both, (*_OTHERS, *_OF_TWO)),
    }
    if reversed_:
        found["reverse"] = tables.scores_of(
            reversed_,
            ("reverse_validation", "source_accuracy", "infomax", "ensv"),
        )
    return found


def _table(
    first: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, Cells]],
    pools: Pools,
) -> str:
    """A table with columns for each kind of pairs.

    Args:
        first: The title of the first column.
        columns: Of each kind.
        rows: The first cell of each row, and a function of the pools of a kind
            that returns the others.
        pools: All of them.
    """
    head = [first, *(f"{kind}: {name}" for kind in PAIRS for name in columns)]
    body = [
        [name, *(cell for kind in PAIRS for cell in cells(pools[kind]))]
        for name, cells in rows
    ]
    return markdown.table([head, *body])


def _scores(pools: Pools) -> str:
    def cells(score: str, of_kind: list[Pool]) -> list[str]:
        found = [rules.rank_correlation(pool, score) for pool in of_kind]
        values = [
            value for pool in of_kind for value in pool.values(score).values()
        ]
        means = float(np.mean(values)), float(np.mean(found))
        return [*map(number, means), number(min(found))]

    rows = [(f"`{score}`", partial(cells, score)) for score in _OF_TWO]
    columns = ("mean", "rank correlation", "worst")
    return _table("score", columns, rows, pools)


def _rules(pools: Pools) -> str:
    rows = [
        (rules.RULES[name].title, partial(tables.outcome, rules.RULES[name]))
        for name in _RULES
    ]
    columns = ("gain", "below", "worst")
    return _table("rule", columns, rows, pools)


def _alike(pools: Pools) -> str:
    rows = [
        (name, partial(tables.passed, test))
        for name, runs, test in tables.TESTS
        if runs == 2
    ]
    return _table("passes if", ("harmful", "helpful"), rows, pools)
