"""The figure of the study."""

from pathlib import Path

import matplotlib
import numpy as np

from applications.files import whole
from applications.selection import rules
from applications.selection.candidates import REFERENCE
from applications.selection.results import Pool
from applications.selection.tables import title

matplotlib.use("agg")

from matplotlib import pyplot as plt

# Of Okabe & Ito, distinguishable by the color-blind; shapes differ too.
_SHOWN = {
    "select": ("select", "o", "#0072B2"),
    "ensv": ("EnsV", "^", "#E69F00"),
    "infomax": ("InfoMax", "s", "#CC79A7"),
}
# Collapsed candidates are far worse: they stand at the edge.
_LEAST = -0.2


def draw(pools: list[Pool], find: tuple[str, ...], path: Path) -> None:
    """What each candidate gains on each shift, and what rules keep.

    Args:
        pools: With two runs of each candidate.
        find: The shifts that the rule was found on.
        path: The file to write.
    """
    shifts: dict[str, list[Pool]] = {}
    for pool in sorted(pools, key=lambda pool: pool.shift not in find):
        shifts.setdefault(pool.shift, []).append(pool)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 1.8 + 0.36 * len(shifts)), width_ratios=(1.5, 1)
    )
    for place, of_shift in enumerate(shifts.values()):
        _gains(left, place, of_shift)
        _agreements(right, of_shift)
    left.axvline(0, color="0.3", lw=0.8)
    names = [f"{title(name)}{'' if name in find else ' *'}" for name in shifts]
    left.set_yticks(range(len(shifts)), names, fontsize=8)
    left.invert_yaxis()
    left.set_xlabel("target accuracy minus that of source only")
    right.plot((0, 1), (0, 1), color="0.7", lw=0.8)
    right.set(xlabel="agreement of two runs", ylabel="target accuracy")
    right.set(xlim=(0, 1), ylim=(0, 1))
    right.legend(*_unique(right), fontsize=8, loc="upper left")
    figure.legend(
        *_unique(left), loc="lower left", ncols=5, fontsize=9, frameon=False
    )
    figure.tight_layout(rect=(0, 0.3 / figure.get_figheight(), 1, 1))
    with whole(path) as file:
        figure.savefig(file, dpi=120)
    plt.close(figure)


def _gains(axis: plt.Axes, place: int, pools: list[Pool]) -> None:
    for pool in pools:
        gains = {
            name: accuracy - pool.accuracy[REFERENCE]
            for name, accuracy in pool.accuracy.items()
        }
        for vetoed, marker in ((False, "|"), (True, "x")):
            shown = [
                max(gain, _LEAST)
                for name, gain in gains.items()
                if (name in pool.vetoed) == vetoed
            ]
            axis.plot(
                shown,
                np.full(len(shown), place),
                marker,
                color="0.55",
                ms=8 if marker == "|" else 4,
                label="vetoed" if vetoed else "a candidate",
            )
    for number, (rule, (label, marker, color)) in enumerate(_SHOWN.items()):
        found = rules.outcomes(rules.RULES[rule], pools)
        gain = np.mean([row["accuracy"] - row["source_only"] for row in found])
        axis.plot(
            gain,
            place + 0.22 * (number - 1),
            marker,
            color=color,
            ms=6,
            label=f"kept by {label}",
        )


def _agreements(axis: plt.Axes, pools: list[Pool]) -> None:
    for pool in pools:
        values = pool.values("agreement")
        for name, value in values.items():
            of_source = name == REFERENCE
            axis.plot(
                value,
                pool.accuracy[name],
                "D" if of_source else ".",
                color="#D55E00" if of_source else "0.55",
                ms=5,
                zorder=3 if of_source else 2,
                label="source only" if of_source else "a candidate",
            )


def _unique(axis: plt.Axes) -> tuple[list[object], list[str]]:
    handles, labels = axis.get_legend_handles_labels()
    found = dict(zip(labels, handles, strict=True))
    return list(found.values()), list(found)
