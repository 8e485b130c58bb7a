"""telling_images: what a statistic sees in images of two domains."""

import numpy as np

from keras_grl.diagnostics.image_measures import IMAGE_STATISTICS
from keras_grl.diagnostics.image_measures import as_images
from keras_grl.diagnostics.image_measures import image_statistics
from keras_grl.diagnostics.plots.axes import Axes
from keras_grl.diagnostics.plots.axes import axes_for
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer


def telling_images(
    source: Images,
    target: Images,
    statistic: str,
    *,
    rows: int = 4,
    columns: int = 8,
    axes: object = None,
) -> Array:
    """Draws the images of both domains whose statistic tells the most.

    An image tells the more, the fewer images of the other domain are beyond
    its value: where the source has the lower median, its lowest images and
    the target's highest. So it shows what to look for, not what is usual.

    Args:
        source: Images, as `keras_grl.diagnostics.image_gap` takes them.
        target: The same of the target.
        statistic: Name of one of `keras_grl.diagnostics.IMAGE_STATISTICS`.
        rows: Integer, of images of each domain.
        columns: Integer.
        axes: Two Matplotlib axes; by default a new figure with two.

    Returns:
        NumPy array of the two axes: source, target.

    Raises:
        ImportError: If Matplotlib is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> panels = telling_images(x_source, x_target, "sharpness")
    ... # doctest: +SKIP
    """
    check_choice("statistic", statistic, IMAGE_STATISTICS)
    rows = check_integer("rows", rows)
    columns = check_integer("columns", columns)
    images = [as_images("source", source), as_images("target", target)]
    values = [image_statistics(each)[statistic] for each in images]
    medians = [float(np.median(each)) for each in values]
    panels = axes_for(axes, 2, "telling_images", 4.4, 4.4 * rows / columns + 1)
    sign = 1 if medians[0] <= medians[1] else -1
    for name, panel, each, found, median, direction in zip(
        ("source", "target"),
        panels,
        images,
        values,
        medians,
        (sign, -sign),
        strict=True,
    ):
        order = np.argsort(direction * found, kind="stable")
        _draw(panel, _sheet(each[order[: rows * columns]], columns))
        panel.set_title(f"{name}: {statistic}, median {median:.4g}")
    return panels


def _sheet(images: Array, columns: int) -> Array:
    """Images in rows, with a white line between them."""
    lines = np.pad(
        images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=255
    )
    missing = -len(lines) % columns
    lines = np.pad(
        lines, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=255
    )
    count, height, width, channels = lines.shape
    grid = lines.reshape(-1, columns, height, width, channels).swapaxes(1, 2)
    return grid.reshape(count // columns * height, columns * width, channels)


def _draw(axes: Axes, sheet: Array) -> None:
    shown = np.clip(sheet, 0, 255).astype("uint8")
    axes.imshow(
        shown.squeeze(axis=-1) if shown.shape[-1] == 1 else shown,
        cmap="gray",
        vmin=0,
        vmax=255,
    )
    axes.axis("off")
