"""The tables of the study, as rows of text."""

from collections.abc import Callable
from typing import Any

import numpy as np

from applications import markdown
from applications.selection import rules
from applications.selection.candidates import REFERENCE
from applications.selection.results import Pool

Rows = list[list[str]]
Pools = dict[int, list[Pool]]  # by the number of runs of each candidate
DEFAULT = "select"
_POINT = 0.01
# DANN, and losses of target predictions by their weights.
LOSSES = (
    "dann",
    *(
        f"{prefix}{loss}_{weight}"
        for loss in ("mcc", "bnm")
        for prefix in ("", "dann_")
        for weight in ("0.1", "0.3", "1")
    ),
)


def title(shift: str) -> str:
    """The name of a shift, for readers."""
    if shift.startswith("digits_"):
        return "digits, " + shift.removeprefix("digits_")
    names = {
        "mnist": "MNIST",
        "mnist_m": "MNIST-M",
        "svhn": "SVHN",
        "syn_numbers": "SYN NUMBERS",
    }
    return " → ".join(names[part] for part in shift.split("_to_"))


def number(value: float, sign: bool = False) -> str:
    """Three digits, as the other pages write them: .123, −.045, 1.000."""
    text = f"{abs(value):.3f}"
    text = text[1:] if text.startswith("0.") else text
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+" if sign else "") + text


def shifts(pools: Pools, find: tuple[str, ...]) -> str:
    """Each shift: source only, the best candidate, and the one kept."""
    rows = []
    for name, of_shift in by_shift(pools[2]).items():
        found = rules.outcomes(rules.RULES[DEFAULT], of_shift)
        seeds = sorted({s for pool in of_shift for s in pool.seeds})
        rows.append(
            [
                title(name),
                "find" if name in find else "report",
                str(len(seeds)),
                number(_mean(found, "source_only")),
                _and_name(found, "best_accuracy", "best"),
                _and_name(found, "accuracy", "kept"),
                number(
                    _mean(found, "accuracy") - _mean(found, "source_only"),
                    sign=True,
                ),
                number(float(np.mean([p.run_accuracy for p in of_shift]))),
            ]
        )
    head = ["shift", "used to", "seeds", "source only", "best, by labels"]
    return markdown.table([[*head, "kept", "gain", "its kept run"], *rows])


def _mean(rows: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _and_name(rows: list[dict[str, Any]], key: str, name: str) -> str:
    names = ", ".join(dict.fromkeys(f"`{row[name]}`" for row in rows))
    return f"{number(_mean(rows, key))} {names}"


def by_shift(pools: list[Pool]) -> dict[str, list[Pool]]:
    """The pools of each shift."""
    found: dict[str, list[Pool]] = {}
    for pool in pools:
        found.setdefault(pool.shift, []).append(pool)
    return found


def scores(pools: Pools) -> str:
    """Each score alone, of two runs, after the veto."""
    return scores_of(pools[2], rules.SCORES)


def scores_of(pools: list[Pool], names: tuple[str, ...]) -> str:
    """How well each score ranks the candidates, after the veto.

    Args:
        pools: That have these scores.
        names: Of the scores.
    """
    rows = []
    for score in names:
        correlations = [rules.rank_correlation(p, score) for p in pools]
        rule = rules.Rule(score, rules.highest(score))
        found = rules.summary(rules.outcomes(rule, pools))
        rows.append(
            [
                f"`{score}`",
                number(float(np.mean(correlations))),
                number(min(correlations)),
                number(found["regret"]),
                number(found["worst_regret"]),
                f"{found['below']} of {found['choices']}",
                number(found["worst"]),
            ]
        )
    head = ["score", "rank correlation", "worst", "regret", "worst"]
    return markdown.table([[*head, "below source only", "worst"], *rows])


def rules_of(find: Pools, report: Pools) -> str:
    """Each rule, on the shifts to find it and on those to report."""
    rows = [
        [
            rule.title,
            *(
                cell
                for pools in (find, report)
                for cell in outcome(rule, pools[rule.runs])
            ),
        ]
        for rule in rules.RULES.values()
    ]
    columns = ["share of the gain", "below source only", "worst"]
    head = [
        "rule",
        *(f"find: {c}" for c in columns),
        *(f"report: {c}" for c in columns),
    ]
    return markdown.table([head, *rows])


def outcome(rule: rules.Rule, pools: list[Pool]) -> list[str]:
    """Share of the gain, how often below source only, and the worst."""
    if not pools:
        return ["–"] * 3
    found = rules.summary(rules.outcomes(rule, pools))
    return [
        f"{100 * found['share']:.0f} %",
        f"{found['below']} of {found['choices']}",
        number(found["worst"]),
    ]


def _less(
    margin: float, score: str = "agreement"
) -> Callable[[Pool, str], bool]:
    """Whether the disagreement is less than source only's by a margin."""

    def test(pool: Pool, name: str) -> bool:
        values = pool.values(score)
        return 1 - values[name] <= (1 - margin) * (1 - values[REFERENCE])

    return test


# Title, number of runs, and the test of a candidate.
TESTS: tuple[tuple[str, int, Callable[[Pool, str], bool]], ...] = (
    ("two runs agree more", 2, _less(0.0)),
    ("… by 10 % less disagreement", 2, _less(0.1)),
    ("… by 20 % less", 2, _less(0.2)),
    ("three runs agree more", 3, _less(0.0)),
    ("… by 10 % less disagreement of three", 3, _less(0.1)),
    ("EnsV of two runs is higher", 2, _less(0, "ensv")),
    ("the consensus is higher", 2, _less(0, "consensus")),
    ("… by 15 % less", 2, _less(0.15, "consensus")),
    ("… by 20 % less: `select`", 2, _less(0.2, "consensus")),
)


def alike(pools: Pools) -> str:
    """Harmful candidates whose runs agree more than those of source only."""
    rows = [[name, *passed(test, pools[runs])] for name, runs, test in TESTS]
    return markdown.table([["passes if", "harmful", "helpful"], *rows])


def passed(test: Callable[[Pool, str], bool], pools: list[Pool]) -> list[str]:
    """How many harmful candidates pass a test, and how many helpful ones."""
    cells = []
    for sign in (-1, 1):
        group = [
            (pool, candidate)
            for pool in pools
            for candidate in pool.eligible
            if sign * (pool.accuracy[candidate] - pool.accuracy[REFERENCE])
            > _POINT
        ]
        found = sum(test(pool, candidate) for pool, candidate in group)
        cells.append(f"{found} of {len(group)}")
    return cells


def weights(pools: Pools) -> str:
    """The gains by the weight of a loss of target predictions."""
    rows = []
    gains: dict[str, list[float]] = {name: [] for name in LOSSES}
    for shift, of_shift in by_shift(pools[2]).items():
        cells = [title(shift)]
        for name in LOSSES:
            gain = float(
                np.mean(
                    [p.accuracy[name] - p.accuracy[REFERENCE] for p in of_shift]
                )
            )
            cells.append(number(gain, sign=True))
            gains[name].append(gain)
        rows.append(cells)
    means = [number(float(np.mean(each)), True) for each in gains.values()]
    rows.append(["**mean**", *means])
    rows.append(["**worst**", *(number(min(e), True) for e in gains.values())])
    return markdown.table([["shift", *(f"`{name}`" for name in LOSSES)], *rows])
