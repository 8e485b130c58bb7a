"""Rules that choose a candidate, and how well they do."""

import dataclasses
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import numpy as np

from applications.selection.candidates import REFERENCE
from applications.selection.results import Pool

# Scores of one run each, and those of all runs.
SINGLE = (
    "infomax",
    "negative_entropy",
    "bnm",
    "mixval",
    "class_ami",
    "source_accuracy",
)
SCORES = ("consensus", "agreement", "ensv", *SINGLE)
_POINT = 0.01


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        title: For tables.
        choose: Function of a pool that returns a candidate's name.
        runs: How many runs of each candidate it needs.
    """

    title: str
    choose: Callable[[Pool], str]
    runs: int = 2


def highest(score: str) -> Callable[[Pool], str]:
    """The candidate of the highest score; of equal ones the reference."""
    return lambda pool: _best(pool.values(score))


def by_margin(
    margin: float,
    relative: bool,
    then: str | None = None,
    within: float = 0.02,
    score: str = "agreement",
) -> Callable[[Pool], str]:
    """The highest score, if it is above the reference's by a margin.

    Args:
        margin: How far above.
        relative: Whether the margin is a share of what the runs of the
            reference do not agree on.
        then: The score that decides among those that agree almost as much;
            None if the highest agreement does.
        within: How much less they may agree than the highest.
        score: "agreement", or another score that is a share.
    """

    def choose(pool: Pool) -> str:
        values = pool.values(score)
        of_source = values[REFERENCE]
        unit = 1 - of_source if relative else 1.0
        least = of_source + margin * unit
        passed = {n: v for n, v in values.items() if v >= least}
        if not passed:
            return REFERENCE
        if then is None:
            return _best(passed)
        close = max(passed.values()) - within
        found = pool.values(then)
        return _best({n: found[n] for n, v in passed.items() if v >= close})

    return choose


def mean_rank(*scores: str) -> Callable[[Pool], str]:
    """The best mean of the ranks by several scores."""

    def choose(pool: Pool) -> str:
        columns = [pool.values(score) for score in scores]
        ranks = [
            {
                name: sum(v <= value for v in column.values())
                for name, value in column.items()
            }
            for column in columns
        ]
        return _best({n: float(sum(r[n] for r in ranks)) for n in ranks[0]})

    return choose


def _best(values: dict[str, float]) -> str:
    return max(values, key=lambda name: (values[name], name == REFERENCE))


def outcomes(rule: Rule, pools: Iterable[Pool]) -> list[dict[str, Any]]:
    """What a rule keeps of each pool.

    Args:
        rule: The rule.
        pools: With as many runs as the rule needs.
    """
    rows = []
    for pool in pools:
        kept = rule.choose(pool)
        best = max(pool.accuracy, key=pool.accuracy.__getitem__)
        rows.append(
            {
                "shift": pool.shift,
                "seeds": list(pool.seeds),
                "kept": kept,
                "accuracy": pool.accuracy[kept],
                "source_only": pool.accuracy[REFERENCE],
                "best": best,
                "best_accuracy": pool.accuracy[best],
            }
        )
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How well a rule does, over shifts; those of a shift count as one.

    Args:
        rows: What `outcomes` returns.
    """
    shifts = dict.fromkeys(row["shift"] for row in rows)

    def means(function: Callable[[dict[str, Any]], float]) -> np.ndarray:
        return np.array(
            [
                np.mean([function(row) for row in rows if row["shift"] == name])
                for name in shifts
            ]
        )

    gain = means(lambda row: row["accuracy"] - row["source_only"])
    most = means(lambda row: row["best_accuracy"] - row["source_only"])
    below = [row["source_only"] - row["accuracy"] for row in rows]
    return {
        "shifts": len(shifts),
        "choices": len(rows),
        "gain": float(gain.mean()),
        "share": float(gain.sum() / most.sum()),
        "regret": float((most - gain).mean()),
        "worst_regret": max(
            row["best_accuracy"] - row["accuracy"] for row in rows
        ),
        "below": sum(each > _POINT for each in below),
        "worst": -max(0.0, max(below)),
    }


def rank_correlation(pool: Pool, score: str) -> float:
    """Spearman's, of a score with the accuracy, of what is not vetoed."""
    from scipy import stats

    values = pool.values(score)
    accuracy = [pool.accuracy[name] for name in values]
    if len(set(values.values())) == 1 or len(set(accuracy)) == 1:
        return 0.0  # there is no order
    return float(stats.spearmanr(list(values.values()), accuracy).statistic)


RULES = {
    "labels": Rule(
        "target labels", lambda p: max(p.accuracy, key=p.accuracy.__getitem__)
    ),
    "source_only": Rule("always source only", lambda p: REFERENCE),
    **{f"{s}_1": Rule(f"{s}, one run", highest(s), 1) for s in SINGLE},
    "ensv_1": Rule("ensv, one run", highest("ensv"), 1),
    "select_1": Rule(
        "ensv, 20 % less disagreement, one run: `select`", lambda p: p.choice, 1
    ),
    **{s: Rule(f"{s}, two runs", highest(s)) for s in SINGLE},
    "ensv": Rule("ensv, two runs", highest("ensv")),
    "agreement": Rule("agreement, two runs", highest("agreement")),
    "agreement_3": Rule("agreement, three runs", highest("agreement"), 3),
    **{
        f"agreement_margin_{m:g}": Rule(
            f"agreement, by {m:g} above source only", by_margin(m, False)
        )
        for m in (0.02, 0.05, 0.1)
    },
    **{
        f"agreement_relative_{m:g}": Rule(
            f"agreement, {100 * m:.0f} % less disagreement",
            by_margin(m, True),
        )
        for m in (0.1, 0.15, 0.2, 0.25, 0.3)
    },
    "agreement_then_ensv": Rule(
        "20 % less; of those within 0.02 of the best the highest ensv",
        by_margin(0.2, True, "ensv", 0.02),
    ),
    "consensus": Rule("consensus, two runs", highest("consensus")),
    **{
        f"consensus_relative_{m:g}": Rule(
            f"consensus, {100 * m:.0f} % less disagreement",
            by_margin(m, True, score="consensus"),
        )
        for m in (0.05, 0.1, 0.15, 0.2, 0.25)
    },
    "select": Rule(
        "**consensus, 20 % less, two runs: `select`**", lambda p: p.choice
    ),
    "select_3": Rule("the same, three runs", lambda p: p.choice, 3),
    "agreement_and_ensv": Rule(
        "mean rank of agreement and ensv", mean_rank("agreement", "ensv")
    ),
}
