"""One number of each image: how bright, colorful or sharp it is."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_grl.streams.arrays import as_array
from keras_grl.streams.values import check_finite_inputs
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.validation import invalid

# Side of the smallest image: two pixels inside of a border of two.
_LEAST = 6
_TOGETHER = 1000  # images whose differences are in memory at once
# Of ratios: less than what rounding makes of an even image.
_EPSILON = 0.1


class ImageStatistic(NamedTuple):
    """What is measured.

    Args:
        formula: In one line.
        unit: Of the values.
        measure: A function of images `(n, height, width, 3)`, float32, and
            their luma `(n, height, width)`, to `(n,)`.
    """

    formula: str
    unit: str
    measure: Callable[[Array, Array], Array]


def image_statistics(x: Images) -> dict[str, Array]:
    """One number of each image, for each of several statistics.

    `IMAGE_STATISTICS` has the formula and the unit of each. Y is the luma,
    0.299 R + 0.587 G + 0.114 B, and `|∇Y|` the length of Y's differences to
    the pixel on the right and the one below.

    Args:
        x: Array `(n, height, width, channels)` of 1 or 3 channels and values
            from 0 to 255, of at least 6 x 6 pixels.

    Returns:
        `{name: float64 array of shape (n,)}`.

    Raises:
        ValueError: If `x` is not such an array.

    Example:

    >>> images = np.zeros((2, 8, 8, 3), "uint8")
    >>> images[1, :, 4:] = 100
    >>> found = image_statistics(images)
    >>> found["brightness"].round(1).tolist(), found["contrast"].tolist()
    ([0.0, 50.0], [0.0, 50.0])
    """
    images = as_images("x", x)
    parts = []
    for first in range(0, len(images), _TOGETHER):
        part = images[first : first + _TOGETHER].astype("float32")
        colors = np.broadcast_to(part, (*part.shape[:3], 3))
        luma = part[..., 0] if part.shape[3] == 1 else colors @ _LUMA
        parts.append(
            [each.measure(colors, luma) for each in IMAGE_STATISTICS.values()]
        )
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return {
        name: column.astype("float64")
        for name, column in zip(IMAGE_STATISTICS, columns, strict=True)
    }


def as_images(name: str, x: Images, minimum: int = 1) -> Array:
    """`x`, if it is images of values 0 to 255.

    Args:
        name: The argument, for errors.
        x: Array of any library.
        minimum: Integer, the fewest images.

    Raises:
        ValueError: If it is something else.
    """
    images = as_array(name, "inputs", x)
    if (
        images.ndim != 4
        or len(images) < minimum
        or min(images.shape[1:3]) < _LEAST
        or images.shape[3] not in (1, 3)
    ):
        raise ValueError(
            invalid(
                name,
                f"at least {minimum} images, (n, height, width, 1 or 3), of at "
                f"least {_LEAST} x {_LEAST} pixels",
                f"an array of shape {images.shape}",
                "Resize images of many sizes to one; a channel more at the end "
                "of gray images: `x[..., None]`.",
            )
        )
    check_finite_inputs(name, [images], np.arange(len(images)))
    low, high = float(images.min()), float(images.max())
    # Images of 0 to 1 have differences that rounding to 8 bits would hide.
    if low < 0 or high > 255 or (images.dtype.kind == "f" and high <= 1):
        raise ValueError(
            invalid(
                name,
                "values from 0 to 255",
                f"values from {low:g} to {high:g}",
                "Undo the scaling: `255 * x` of images from 0 to 1.",
            )
        )
    return images


_LUMA = np.array((0.299, 0.587, 0.114), "float32")


def _mean(values: Array) -> Array:
    """Of each image."""
    return values.reshape(len(values), -1).mean(axis=1)


def _std(values: Array) -> Array:
    return values.reshape(len(values), -1).std(axis=1)


def _red_minus_blue(colors: Array) -> Array:
    return colors[..., 0] - colors[..., 2]


def _green_minus_others(colors: Array) -> Array:
    return colors[..., 1] - (colors[..., 0] + colors[..., 2]) / 2


def _colorfulness(colors: Array, luma: Array) -> Array:
    one = colors[..., 0] - colors[..., 1]
    other = (colors[..., 0] + colors[..., 1]) / 2 - colors[..., 2]
    return np.hypot(_std(one), _std(other)) + 0.3 * np.hypot(
        _mean(one), _mean(other)
    )


def _detail(values: Array) -> Array:
    """Standard deviation of what the mean of 3 x 3 pixels takes away."""
    rows = values[:, :-2] + values[:, 1:-1] + values[:, 2:]
    mean = (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) / 9
    return _std(values[:, 1:-1, 1:-1] - mean)


def _laplacian(luma: Array) -> Array:
    inner = luma[:, 1:-1, 1:-1]
    across = luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    return across + luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] - 4 * inner


def _noise(colors: Array, luma: Array) -> Array:
    across = luma[..., :-2] - 2 * luma[..., 1:-1] + luma[..., 2:]
    both = across[:, :-2] - 2 * across[:, 1:-1] + across[:, 2:]
    return np.float32(np.sqrt(np.pi / 2) / 6) * _mean(np.abs(both))


def _differences(luma: Array) -> tuple[Array, Array]:
    """To the pixel on the right, and to the one below."""
    across = luma[:, :-1, 1:] - luma[:, :-1, :-1]
    down = luma[:, 1:, :-1] - luma[:, :-1, :-1]
    return across, down


def _edges(luma: Array) -> Array:
    return np.hypot(*_differences(luma))


def _inside_to_outside(values: Array, inside: Array) -> Array:
    return (_mean(values[:, inside]) + _EPSILON) / (
        _mean(values[:, ~inside]) + _EPSILON
    )


def _center_edges(colors: Array, luma: Array) -> Array:
    edges = _edges(luma)
    inside: Array = np.zeros(edges.shape[1:], bool)
    rows, columns = inside.shape[0] // 4, inside.shape[1] // 4
    inside[rows:-rows, columns:-columns] = True
    return _inside_to_outside(edges, inside)


def _middle_edges(colors: Array, luma: Array) -> Array:
    edges = _edges(luma)
    inside: Array = np.zeros(edges.shape[1:], bool)
    columns = inside.shape[1] // 4
    inside[:, columns:-columns] = True
    return _inside_to_outside(edges, inside)


def _upright_edges(colors: Array, luma: Array) -> Array:
    across, down = (_mean(each**2) for each in _differences(luma))
    return (across + _EPSILON) / (down + _EPSILON)


def _edge_share(colors: Array, luma: Array) -> Array:
    edges = _edges(luma)
    return (_mean(edges) ** 2 + _EPSILON) / (_mean(edges**2) + _EPSILON)


def _border_contrast(colors: Array, luma: Array) -> Array:
    height, width = luma.shape[1:]
    outside = np.ones((height, width), bool)
    rows, columns = max(height // 8, 1), max(width // 8, 1)
    outside[rows:-rows, columns:-columns] = False
    return _std(luma[:, outside])


# In the order of a table: light, color, detail, place.
IMAGE_STATISTICS: dict[str, ImageStatistic] = {
    "brightness": ImageStatistic(
        "mean of Y", "gray levels", lambda colors, luma: _mean(luma)
    ),
    "contrast": ImageStatistic(
        "std of Y", "gray levels", lambda colors, luma: _std(luma)
    ),
    "extremes": ImageStatistic(
        "share of pixels with Y below 3 or above 252",
        "share",
        lambda colors, luma: _mean((luma < 3) | (luma > 252)),
    ),
    "colorfulness": ImageStatistic(
        # Hasler & Süsstrunk (2003), "Measuring colourfulness in natural
        # images".
        "with r = R - G, y = (R + G) / 2 - B: hypot(std r, std y) + 0.3 "
        "hypot(mean r, mean y)",
        "gray levels",
        _colorfulness,
    ),
    "red minus blue": ImageStatistic(
        "mean of R - B",
        "gray levels",
        lambda colors, luma: _mean(_red_minus_blue(colors)),
    ),
    "green": ImageStatistic(
        "mean of G - (R + B) / 2",
        "gray levels",
        lambda colors, luma: _mean(_green_minus_others(colors)),
    ),
    "sharpness": ImageStatistic(
        "std of Y's Laplacian, the four neighbors minus four times the pixel",
        "gray levels",
        lambda colors, luma: _std(_laplacian(luma)),
    ),
    "chroma detail": ImageStatistic(
        "std of R - B minus its 3 x 3 mean",
        "gray levels",
        lambda colors, luma: _detail(_red_minus_blue(colors)),
    ),
    "green detail": ImageStatistic(
        "std of G - (R + B) / 2 minus its 3 x 3 mean",
        "gray levels",
        lambda colors, luma: _detail(_green_minus_others(colors)),
    ),
    "noise": ImageStatistic(
        # Immerkær (1996), "Fast noise variance estimation".
        "sqrt(π / 2) / 6 times the mean of |Y * N|, N = (1 -2 1)ᵀ (1 -2 1)",
        "gray levels",
        _noise,
    ),
    "edge share": ImageStatistic(
        "(mean |∇Y|)² / mean |∇Y|²: few edges 0, edges everywhere 1",
        "ratio",
        _edge_share,
    ),
    "upright edges": ImageStatistic(
        "mean of (difference to the right)² / mean of (difference below)²",
        "ratio",
        _upright_edges,
    ),
    "edges at the center": ImageStatistic(
        "mean of |∇Y| in the central half of both sides / outside of it",
        "ratio",
        _center_edges,
    ),
    "edges in the middle": ImageStatistic(
        "mean of |∇Y| in the middle half of the columns / in the others",
        "ratio",
        _middle_edges,
    ),
    "border contrast": ImageStatistic(
        "std of Y in the border, an eighth of each side wide",
        "gray levels",
        _border_contrast,
    ),
}
