"""Figures of the report, as data that a page can hold."""

import base64
import io
import warnings
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

import numpy as np

from keras_grl.diagnostics import plots
from keras_grl.diagnostics.optional import optional
from keras_grl.types import AnyArray
from keras_grl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure: TypeAlias = Any

_DOTS = 120  # of each inch
_SIDE = 128  # pixels of an example
_NAMED = 24  # letters of a class name in a figure


def frequencies(
    classes: Mapping[str, AnyArray], class_names: Sequence[str]
) -> str:
    """The figure of how often each class occurs, as a data URI.

    Args:
        classes: As `plots.class_frequencies` takes them.
        class_names: Name of each class.
    """
    count = len(class_names)
    figure = _figure(4.0 + 0.12 * min(count, 43), 3.4)
    plots.class_frequencies(
        classes, class_names=_short(class_names), axes=figure.subplots()
    )
    return _encoded(figure)


def embedding(
    features: Mapping[str, AnyArray], class_names: Sequence[str], seed: int
) -> list[str]:
    """The embedding by domain and by class, two data URIs.

    They are two figures and not one, so that a narrow screen shows one below
    the other.

    Args:
        features: An entry of `Adaptation.embedding`.
        class_names: Name of each class.
        seed: Integer, of t-SNE.
    """
    panels = [_figure(4.4, 4.0), _figure(4.4, 4.0)]
    plots.embedding(
        features["source"],
        features["target"],
        features["source_labels"],
        features["target_predicted"],
        class_names=_short(class_names),
        seed=seed,
        axes=[panel.subplots() for panel in panels],
    )
    return [_encoded(panel) for panel in panels]


def thumbnail(image: AnyArray) -> str:
    """An image as a data URI, no larger than a thumbnail.

    Args:
        image: Array of shape `(height, width, channels)` with 1 or 3 channels,
            of values 0 to 255, or 0 to 1.
    """
    pixels = np.asarray(image)
    step = -(-max(pixels.shape[:2]) // _SIDE)
    pixels = _shrunk(_as_bytes(pixels), step)
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    file = io.BytesIO()
    optional("matplotlib.image", "report").imsave(file, pixels, format="png")
    return _uri(file)


def _as_bytes(pixels: Array) -> Array:
    if pixels.dtype == np.uint8:
        return pixels
    values = np.nan_to_num(pixels.astype("float64"))
    if values.size and values.min() >= 0 and values.max() <= 1:
        values = values * 255
    return np.clip(np.round(values), 0, 255).astype("uint8")


def _shrunk(pixels: Array, step: int) -> Array:
    """The means of squares of `step` pixels."""
    if step <= 1:
        return pixels
    height, width = (size // step * step for size in pixels.shape[:2])
    squares = pixels[:height, :width].reshape(
        height // step, step, width // step, step, -1
    )
    return squares.mean(axis=(1, 3)).round().astype("uint8")


def _figure(width: float, height: float) -> Figure:
    # Not of pyplot, which keeps figures and may open a window.
    make = optional("matplotlib.figure", "report").Figure
    return make(figsize=(width, height), layout="constrained")


def _encoded(figure: Figure) -> str:
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Of letters of class names that Matplotlib's font does not have.
        warnings.simplefilter("ignore")
        figure.savefig(file, format="png", dpi=_DOTS)
    return _uri(file)


def _uri(file: io.BytesIO) -> str:
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/png;base64,{data}"


def _short(names: Sequence[str]) -> list[str]:
    """Names that fit into a figure, as plain text for Matplotlib."""
    shown = []
    for name in names:
        name = name.encode("utf-8", "replace").decode()
        if len(name) > _NAMED:
            name = name[: _NAMED - 1] + "…"
        # Matplotlib sets what is between dollars as mathematics.
        shown.append(name.replace("$", r"\$"))
    return shown
