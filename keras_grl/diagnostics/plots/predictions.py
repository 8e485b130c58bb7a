"""Figures of predictions: confusion, class frequencies, calibration."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_grl.diagnostics.intervals import Errors
from keras_grl.diagnostics.intervals import rate_interval
from keras_grl.diagnostics.optional import optional
from keras_grl.diagnostics.plots.axes import GUIDE
from keras_grl.diagnostics.plots.axes import PALETTE
from keras_grl.diagnostics.plots.axes import SOURCE_COLOR
from keras_grl.diagnostics.plots.axes import Axes
from keras_grl.diagnostics.plots.axes import axes_for
from keras_grl.diagnostics.plots.class_numbers import as_classes
from keras_grl.diagnostics.plots.class_numbers import names_of
from keras_grl.scores.arrays import as_labels
from keras_grl.scores.arrays import as_probabilities
from keras_grl.types import AnyArray
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

# More numbers than these cannot be read.
_MOST_NUMBERS = 12
_MOST_NAMES = 15
_HATCHES = ("", "///", "...", "xxx")


def confusion(
    labels: AnyArray,
    predictions: AnyArray,
    *,
    class_names: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """The share of each class that is predicted as each class.

    A row is a true class and sums to 1. The row of a class without samples is
    gray. With up to 12 classes the shares are printed.

    Args:
        labels: True class numbers `(n,)`.
        predictions: Predicted class numbers `(n,)`, or probabilities
            `(n, classes)`.
        class_names: Name of each class. Defaults to the numbers.
        axes: Matplotlib axes. New ones by default.

    Returns:
        The axes.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> axes = confusion([0, 0, 1], [0, 1, 1])  # doctest: +SKIP
    """
    true = as_classes("labels", labels)
    found = as_classes("predictions", predictions, len(true))
    classes = max(true.max(), found.max()) + 1
    if np.ndim(predictions) == 2:
        classes = max(classes, np.shape(predictions)[1])
    if class_names is not None and not isinstance(class_names, str):
        classes = max(classes, len(class_names))
    names = names_of(class_names, classes)
    (panel,) = axes_for(axes, 1, "confusion", 4.6, 4.0)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (true, found), 1)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, counts / np.maximum(totals, 1), np.nan)
    colors = optional("matplotlib", "confusion").colormaps["Blues"]
    image = panel.imshow(
        shares, cmap=colors.with_extremes(bad="#BBBBBB"), vmin=0, vmax=1
    )
    if classes <= _MOST_NUMBERS:
        for row, column in np.argwhere(counts > 0):
            share = shares[row, column]
            panel.text(
                column,
                row,
                f"{share:.2f}".lstrip("0"),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if share > 0.5 else "black",
            )
    _name_classes(panel, "x", names)
    _name_classes(panel, "y", names)
    panel.set(xlabel="predicted", ylabel="true")
    bar = panel.figure.colorbar(image, ax=panel)
    bar.set_label("share of the true class", fontsize=9)
    return panel


def class_frequencies(
    classes: Mapping[str, AnyArray],
    *,
    class_names: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """How often each class occurs, in labels or among predictions.

    Where one class takes most of the target, or some are never predicted, the
    model has collapsed, or the domains' frequencies differ.

    Args:
        classes: Name to class numbers `(n,)` or probabilities `(n, classes)`,
            of which the most probable class counts: `{"source labels":
            y_source, "predicted on target": model.predict(x_target)}`. Up to
            four of them.
        class_names: Name of each class. Defaults to the numbers.
        axes: Matplotlib axes. New ones by default.

    Returns:
        The axes.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> axes = class_frequencies({"source": [0, 1, 1]})  # doctest: +SKIP
    """
    if (
        not isinstance(classes, Mapping)
        or not 0 < len(classes) <= len(_HATCHES)
        or not all(isinstance(name, str) for name in classes)
    ):
        raise ValueError(
            invalid(
                "classes",
                "a dict of one to four names to class numbers or probabilities",
                classes,
            )
        )
    numbers = {
        name: as_classes(name, values) for name, values in classes.items()
    }
    count = max(each.max() for each in numbers.values()) + 1
    for values in classes.values():
        if np.ndim(values) == 2:
            count = max(count, np.shape(values)[1])
    names = names_of(class_names, count)
    count = max(count, len(names))
    (panel,) = axes_for(
        axes, 1, "class_frequencies", 4.0 + 0.12 * min(count, 43), 3.2
    )
    width = 0.84 / len(numbers)
    for place, (name, each) in enumerate(numbers.items()):
        shift = (place - (len(numbers) - 1) / 2) * width
        panel.bar(
            np.arange(count) + shift,
            np.bincount(each, minlength=count) / len(each),
            width,
            color=PALETTE[place],
            hatch=_HATCHES[place],
            edgecolor="white",
            linewidth=0,
            label=name,
        )
    _name_classes(panel, "x", names)
    panel.set(xlabel="class", ylabel="share of the samples")
    # Above the bars, which may be anywhere.
    panel.legend(
        fontsize=9,
        ncols=2,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        frameon=False,
    )
    return panel


def calibration(
    labels: AnyArray,
    probabilities: AnyArray,
    *,
    bins: int = 10,
    axes: Axes | None = None,
) -> Axes:
    """How often predictions are right, by their confidence.

    Predictions are sorted into bins by the probability of the predicted class.
    The bars are 95 % intervals of the accuracy; below the diagonal the model is
    overconfident. The title has the expected calibration error,
    `Σ n_b / n |accuracy_b − confidence_b|`.

    It needs true labels. On the target a model is often far too confident,
    which the figure for the source cannot show.

    Args:
        labels: True class numbers `(n,)`.
        probabilities: Array of shape `(n, classes)`.
        bins: Integer, the number of bins of equal width.
        axes: Matplotlib axes. New ones by default.

    Returns:
        The axes.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> axes = calibration([0, 1], [[0.9, 0.1], [0.4, 0.6]])  # doctest: +SKIP

    Reference:
        Guo et al. (2017), "On Calibration of Modern Neural Networks"; Wilson
        (1927), for the intervals.
    """
    bins = check_integer("bins", bins)
    p = as_probabilities("probabilities", probabilities)
    y = as_labels("labels", labels, classes=p.shape[1], rows=len(p))
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    # A bin holds its upper end.
    bin_of = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    filled = np.unique(bin_of)
    confidence = np.array([sure[bin_of == each].mean() for each in filled])
    accuracy = np.array([right[bin_of == each].mean() for each in filled])
    counts = np.array([np.sum(bin_of == each) for each in filled])
    ends = np.array(
        [
            # Of the share that is right: it is a rate like that of errors.
            rate_interval(
                Errors(int(right[bin_of == each].sum()), int(n)), 0.95
            )
            for each, n in zip(filled, counts, strict=True)
        ]
    )
    (panel,) = axes_for(axes, 1, "calibration", 4.2, 4.0)
    panel.plot([0, 1], [0, 1], color=GUIDE, ls="--", lw=1, label="calibrated")
    panel.errorbar(
        confidence,
        accuracy,
        yerr=np.stack([accuracy - ends[:, 0], ends[:, 1] - accuracy]),
        color=SOURCE_COLOR,
        marker="o",
        capsize=3,
        label="model",
    )
    error = float(np.sum(counts * np.abs(accuracy - confidence)) / len(y))
    panel.set_title(f"expected calibration error {error:.3f}", fontsize=10)
    panel.set(
        xlabel="probability of the predicted class",
        ylabel="share that is right",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    panel.legend(fontsize=9, loc="lower right")
    return panel


def _name_classes(axes: Axes, which: str, names: list[str]) -> None:
    """Ticks with the names of the classes, of some if there are many."""
    places = np.arange(0, len(names), -(-len(names) // _MOST_NAMES))
    shown = [names[place] for place in places]
    long = which == "x" and max(map(len, shown)) > 3
    getattr(axes, f"set_{which}ticks")(
        places, shown, fontsize=8, rotation=60 if long else 0
    )
