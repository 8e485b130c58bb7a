"""training: losses, λ and scores along the epochs."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TypeAlias

import keras

from keras_grl.diagnostics.optional import optional
from keras_grl.diagnostics.plots.axes import GUIDE
from keras_grl.diagnostics.plots.axes import MARKERS
from keras_grl.diagnostics.plots.axes import PALETTE
from keras_grl.diagnostics.plots.axes import Axes
from keras_grl.diagnostics.plots.axes import axes_for
from keras_grl.types import Array
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

# What `fit` returns, or its `history`.
History: TypeAlias = keras.callbacks.History | Mapping[str, Sequence[float]]

_FACTORS = ("adaptation_factor", "target_loss_weight")
_SHOWN = {"adaptation_factor": "λ", "target_loss_weight": "target loss weight"}


def training(
    history: History,
    *,
    num_sources: int = 1,
    axes: Sequence[Axes] | None = None,
) -> Array:
    """The dashboard of a training run: losses, λ and scores, side by side.

    Args:
        history: What `fit` returned, or its `history`: name to a value for
            each epoch.
        num_sources: Integer, the number of source domains: a domain classifier
            that cannot distinguish M = `num_sources` + 1 domains has the loss
            ln M.
        axes: Three Matplotlib axes. New ones by default.

    Returns:
        NumPy array of three axes: of `losses`, `adaptation_factor`, `scores`.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> history = {"label_loss": [2.0, 1.0], "domain_loss": [0.5, 0.6],
    ...            "adaptation_factor": [0.5, 1.0], "accuracy": [0.3, 0.7]}
    >>> axes = training(history)  # doctest: +SKIP
    """
    _checked(history)
    panels = axes_for(axes, 3, "training", 3.4, 3.2)
    losses(history, num_sources=num_sources, axes=panels[0])
    adaptation_factor(history, axes=panels[1])
    scores(history, axes=panels[2])
    return panels


def losses(
    history: History, *, num_sources: int = 1, axes: Axes | None = None
) -> Axes:
    """The losses along the epochs, with a line at ln M.

    `loss`, the sum, is drawn only if there is no `label_loss`. Validation
    losses are dashed, in the color of what they validate.

    Args:
        history: As in `training`.
        num_sources: As in `training`.
        axes: Matplotlib axes. New ones by default.

    Returns:
        The axes.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> axes = losses({"loss": [2.0, 1.0]})  # doctest: +SKIP
    """
    logs = _checked(history)
    domains = check_integer("num_sources", num_sources) + 1
    (panel,) = axes_for(axes, 1, "losses", 4.4)
    named = {
        name: values for name, values in logs.items() if name.endswith("loss")
    }
    if "label_loss" in named:
        # The sum. Of plain validation data it is the label loss.
        named.pop("loss", None)
        validated = named.pop("val_loss", None)
        if validated is not None:
            named.setdefault("val_label_loss", validated)
    _draw(panel, named, "losses")
    if "domain_loss" in named:
        panel.axhline(math.log(domains), color=GUIDE, lw=1, ls=(0, (1, 1.5)))
        panel.annotate(
            f"ln {domains}",
            (1.0, math.log(domains)),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color=GUIDE,
            fontsize=9,
        )
    _from_zero(panel, named)
    return panel


def adaptation_factor(history: History, *, axes: Axes | None = None) -> Axes:
    """λ along the epochs, and the weight of the target loss if it changes.

    Args:
        history: As in `training`.
        axes: Matplotlib axes. New ones by default.

    Returns:
        The axes.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> axes = adaptation_factor(
    ...     {"adaptation_factor": [0.5, 1.0]})  # doctest: +SKIP
    """
    logs = _checked(history)
    (panel,) = axes_for(axes, 1, "adaptation_factor", 4.4)
    named = {name: logs[name] for name in _FACTORS if name in logs}
    _draw(panel, named, "adaptation factor λ")
    _from_zero(panel, named)
    return panel


def scores(history: History, *, axes: Axes | None = None) -> Axes:
    """Accuracies and target scores along the epochs.

    Args:
        history: As in `training`.
        axes: Matplotlib axes. New ones by default.

    Returns:
        The axes.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> axes = scores({"accuracy": [0.3, 0.7]})  # doctest: +SKIP
    """
    logs = _checked(history)
    (panel,) = axes_for(axes, 1, "scores", 4.4)
    named = {
        name: values
        for name, values in logs.items()
        if not name.endswith("loss")
        and name not in (*_FACTORS, "learning_rate")
    }
    _draw(panel, named, "accuracies and scores")
    return panel


def _draw(axes: Axes, named: Mapping[str, Sequence[float]], title: str) -> None:
    """A line for each series, and its validation."""
    order: dict[str, int] = {}
    for name, values in named.items():
        place = order.setdefault(name.removeprefix("val_"), len(order))
        is_validation = name.startswith("val_")
        color = PALETTE[place % len(PALETTE)]
        axes.plot(
            range(1, len(values) + 1),
            values,
            # Neither by color alone, nor a crowd of markers.
            marker=MARKERS[place % len(MARKERS)],
            markevery=-(-len(values) // 8),
            ms=4,
            color=color,
            mfc="white" if is_validation else color,
            ls="--" if is_validation else "-",
            label=_SHOWN.get(name, name.replace("_", " ")),
        )
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("epoch")
    ticker = optional("matplotlib.ticker", "training")
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    if named:
        axes.legend(fontsize=8)
    else:
        axes.text(
            0.5,
            0.5,
            "not in the logs",
            transform=axes.transAxes,
            ha="center",
            color=GUIDE,
        )


def _from_zero(axes: Axes, named: Mapping[str, Sequence[float]]) -> None:
    """Lets the axis begin at 0, unless a value is below."""
    below = (value < 0 for values in named.values() for value in values)
    if not any(below):
        axes.set_ylim(bottom=0.0)


def _checked(history: History) -> Mapping[str, Sequence[float]]:
    logs = getattr(history, "history", history)
    if (
        not isinstance(logs, Mapping)
        or not logs
        or not all(
            isinstance(name, str) and hasattr(values, "__len__")
            for name, values in logs.items()
        )
    ):
        raise ValueError(
            invalid(
                "history",
                "what `fit` returned, or a dict of names to a list with a "
                "value for each epoch",
                logs,
            )
        )
    return logs
