"""Axes and colors that all figures share."""

from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

import numpy as np

from keras_grl.diagnostics.optional import optional
from keras_grl.types import Array
from keras_grl.validation import invalid

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
else:
    Axes: TypeAlias = Any

# Okabe & Ito (2008), without black and the yellow that white swallows.
PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#555555",
)
SOURCE_COLOR, TARGET_COLOR = PALETTE[:2]
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
SOURCE_MARKER, TARGET_MARKER = MARKERS[:2]
GUIDE = "#777777"  # of lines that are not data


def axes_for(
    axes: object, count: int, needed_by: str, width: float, height: float = 3.6
) -> Array:
    """The axes to draw on, as a NumPy array of `count` of them.

    Args:
        axes: None for a new figure, one `Axes`, or an array or list of them.
        count: Integer.
        needed_by: The function, for errors.
        width: Inches of each axes in a new figure.
        height: Inches.
    """
    if axes is None:
        pyplot = optional("matplotlib.pyplot", needed_by)
        _, new = pyplot.subplots(
            1,
            count,
            figsize=(width * count, height),
            layout="constrained",
            squeeze=False,
        )
        return new[0]
    given = np.ravel(np.asarray(axes, dtype=object))
    if len(given) != count or not all(hasattr(each, "plot") for each in given):
        raise ValueError(
            invalid(
                "axes",
                "None or "
                + ("a Matplotlib `Axes`" if count == 1 else f"{count} `Axes`"),
                axes,
                f"`figure, axes = plt.subplots(1, {count})`.",
            )
        )
    return given


def class_colors(classes: int, needed_by: str) -> list[str] | list[Array]:
    """A color for each class; shades of one scale if there are many."""
    if classes <= len(PALETTE):
        return list(PALETTE[:classes])
    colormaps = optional("matplotlib", needed_by).colormaps
    # Not up to the light yellow at its end.
    return list(colormaps["viridis"](np.linspace(0.0, 0.92, classes)))
