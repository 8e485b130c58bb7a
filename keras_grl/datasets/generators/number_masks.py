"""The number of a SYN NUMBERS image as a mask: its digits, in their places."""

import functools
from typing import Any

import numpy as np

from keras_grl.datasets.generators import fonts
from keras_grl.datasets.generators import strokes
from keras_grl.datasets.generators.house_number_config import Config
from keras_grl.datasets.generators.knobs import Between
from keras_grl.types import Array

SIZE = 32  # pixels along a side of the image

_MARGIN = 4  # pixels around a glyph, for thicker strokes


def mask(
    face: str | int,
    digits: list[int],
    centered: int,
    values: dict[str, float],
    between: Between,
    config: Config,
) -> Array:
    """The number, its centered digit near the middle of the image.

    Args:
        face: Path of a font, or number of a style of strokes.
        digits: Of the number, from left to right.
        centered: Index of the centered digit.
        values: Of the configuration's ranges, for this image.
        between: A function from a range to a random number within.
        config: What varies.

    Returns:
        float32 of shape `(32, 32)`, 0 to 1 within the strokes.
    """
    glyphs = [_soft(face, digit) for digit in digits]
    line, middle = _line(glyphs, centered, values, between, config)
    return _placed(line, middle, values, between, config)


@functools.lru_cache(maxsize=10_000)
def _soft(face: str | int, digit: int) -> fonts.Glyph:
    """A digit of a font or a style, blurred, with a margin of 4 pixels."""
    from PIL import Image
    from PIL import ImageFilter

    source: Any = strokes if isinstance(face, int) else fonts
    sharp = source.glyph(face, digit)
    picture = Image.fromarray(np.pad(sharp.mask, _MARGIN))
    soft = np.asarray(picture.filter(ImageFilter.BoxBlur(2)))
    return fonts.Glyph(soft, sharp.top)


def _line(
    glyphs: list[fonts.Glyph],
    centered: int,
    values: dict[str, float],
    between: Between,
    config: Config,
) -> tuple[Array, tuple[float, float]]:
    """The number as a mask, and where the middle of the centered digit is."""
    spacing = round(values["spacing"] * fonts.HEIGHT)
    cell = round(values["cell"] * fonts.HEIGHT)
    tops = [
        glyph.top + round(between(config.uneven) * fonts.HEIGHT)
        for glyph in glyphs
    ]
    highest = min(tops)
    lowest = max(
        top + glyph.mask.shape[0]
        for top, glyph in zip(tops, glyphs, strict=True)
    )
    # Margins overlap: a digit ends where its strokes end.
    widths = [glyph.mask.shape[1] - 2 * _MARGIN for glyph in glyphs]
    cells = [max(width, cell) for width in widths]
    room = sum(cells) + max(spacing, 0) * len(glyphs) + 2 * _MARGIN
    line = np.zeros((lowest - highest, room), "uint8")
    left, middle = 0, (0.0, 0.0)
    for number, glyph in enumerate(glyphs):
        rows, columns = glyph.mask.shape
        top = tops[number] - highest
        first = max(left + (cells[number] - widths[number]) // 2, 0)
        part = line[top : top + rows, first : first + columns]
        np.maximum(part, glyph.mask, out=part)
        if number == centered:
            middle = first + columns / 2, top + rows / 2
        left += cells[number] + spacing
    return line, middle


def _placed(
    line: Array,
    middle: tuple[float, float],
    values: dict[str, float],
    between: Between,
    config: Config,
) -> Array:
    """The number turned, slanted, stretched, tilted and moved into the image.

    Returns:
        float32 of shape `(32, 32)`, 0 to 1 within the strokes.
    """
    from PIL import Image

    # Pixels of the line in one of the image.
    scale = fonts.HEIGHT / (values["height"] * SIZE)
    angle = np.deg2rad(values["rotation"])
    cosine, sine = np.cos(angle), np.sin(angle)
    x = SIZE / 2 + values["shift"] * SIZE
    y = SIZE / 2 + between(config.shift) * SIZE
    # From the image's pixels to the line's: move, tilt, turn, slant, scale.
    move = np.array([(1, 0, -x), (0, 1, -y), (0, 0, 1)])
    tilts = values["tilt"] * 2 / SIZE, between(config.tilt) * 2 / SIZE
    tilt = np.array([(1, 0, 0), (0, 1, 0), (*tilts, 1)])
    turn = np.array([(cosine, sine, 0), (-sine, cosine, 0), (0, 0, 1)])
    slant = np.array([(1, values["slant"], 0), (0, 1, 0), (0, 0, 1)])
    across, down = middle
    enlarge = np.array(
        [
            (scale / values["stretch"], 0, across),
            (0, scale, down),
            (0, 0, 1),
        ]
    )
    matrix = enlarge @ slant @ turn @ tilt @ move
    placed = Image.fromarray(line).transform(
        (SIZE, SIZE),
        Image.Transform.PERSPECTIVE,
        (matrix / matrix[2, 2]).ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    # Blurred and cut at another level than the middle, strokes become thinner
    # or thicker.
    level = 0.5 - 4 * (0.5 - 0.4 * values["weight"])
    soft = np.asarray(placed, "float32") * np.float32(4 / 255)
    return np.clip(soft + np.float32(level), 0, 1)
