"""The 43 German traffic signs of GTSRB, as vector graphics."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_grl.datasets.generators import pictograms
from keras_grl.datasets.generators.pen import BLACK
from keras_grl.datasets.generators.pen import BLUE
from keras_grl.datasets.generators.pen import CANVAS
from keras_grl.datasets.generators.pen import GRAY
from keras_grl.datasets.generators.pen import RED
from keras_grl.datasets.generators.pen import WHITE
from keras_grl.datasets.generators.pen import YELLOW
from keras_grl.datasets.generators.pen import Color
from keras_grl.datasets.generators.pen import Pen
from keras_grl.datasets.generators.pen import Point
from keras_grl.types import Images
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

# Boards: what is under a pictogram. Each returns the pen for it.


def _disc(pen: Pen, rim: Color, color: Color) -> None:
    pen.disc(0, 0, 0.985, rim)
    pen.disc(0, 0, 0.95, color)


def _prohibition(pen: Pen) -> Pen:
    _disc(pen, WHITE, RED)
    pen.disc(0, 0, 0.73, WHITE)
    return pen.moved(0, 0, 0.68)


def _mandatory(pen: Pen) -> Pen:
    _disc(pen, WHITE, BLUE)
    return pen.moved(0, 0, 0.8)


def _ending(pen: Pen) -> Pen:
    _disc(pen, BLACK, WHITE)
    return pen.moved(0, 0, 0.68)


def _no_entry(pen: Pen) -> Pen:
    _disc(pen, WHITE, RED)
    return pen


def _warning(pen: Pen) -> Pen:
    corners = [(0.0, -0.84), (0.88, 0.78), (-0.88, 0.78)]
    pen.rounded(corners, 0.105, WHITE)
    pen.rounded(corners, 0.075, RED)
    pen.rounded([(0.0, -0.52), (0.63, 0.63), (-0.63, 0.63)], 0.04, WHITE)
    return pen.moved(0, 0.19, 0.57)


def _yield(pen: Pen) -> Pen:
    corners = [(0.0, 0.84), (0.88, -0.78), (-0.88, -0.78)]
    pen.rounded(corners, 0.105, WHITE)
    pen.rounded(corners, 0.075, RED)
    pen.rounded([(0.0, 0.4), (0.52, -0.57), (-0.52, -0.57)], 0.04, WHITE)
    return pen


def _priority(pen: Pen) -> Pen:
    def diamond(size: float) -> list[Point]:
        return [(0.0, -size), (size, 0.0), (0.0, size), (-size, 0.0)]

    pen.rounded(diamond(0.88), 0.1, GRAY)
    pen.rounded(diamond(0.86), 0.09, WHITE)
    pen.rounded(diamond(0.56), 0.06, YELLOW)
    return pen


def _stop(pen: Pen) -> Pen:
    for size, color in ((0.99, WHITE), (0.93, RED)):
        corner = size * np.tan(np.pi / 8)
        points = [(corner, -size), (size, -corner), (size, corner)]
        points += [(corner, size), (-corner, size), (-size, corner)]
        points += [(-size, -corner), (-corner, -size)]
        pen.polygon([(float(x), float(y)) for x, y in points], color)
    return pen


class _Sign(NamedTuple):
    name: str
    board: Callable[[Pen], Pen]
    pictogram: Callable[[Pen], None]


def _speed(limit: str) -> _Sign:
    draw = functools.partial(pictograms.limit, text=limit)
    return _Sign(f"limit {limit}", _prohibition, draw)


# By GTSRB's ClassId.
_SIGNS = (
    _speed("20"),
    _speed("30"),
    _speed("50"),
    _speed("60"),
    _speed("70"),
    _speed("80"),
    _Sign(
        "end of limit 80",
        _ending,
        pictograms.crossed(pictograms.limit, "80", GRAY),
    ),
    _speed("100"),
    _speed("120"),
    _Sign(
        "no passing",
        _prohibition,
        functools.partial(pictograms.cars, left=RED, right=BLACK),
    ),
    _Sign(
        "no passing for trucks",
        _prohibition,
        functools.partial(pictograms.truck_and_car, left=RED, right=BLACK),
    ),
    _Sign("right of way at the next crossing", _warning, pictograms.crossroads),
    _Sign("priority road", _priority, pictograms.nothing),
    _Sign("yield", _yield, pictograms.nothing),
    _Sign("stop", _stop, pictograms.word),
    _Sign("no vehicles", _prohibition, pictograms.nothing),
    _Sign("no trucks", _prohibition, pictograms.truck),
    _Sign("no entry", _no_entry, pictograms.bar),
    _Sign("caution", _warning, pictograms.caution),
    _Sign("curve to the left", _warning, pictograms.curve),
    _Sign(
        "curve to the right", _warning, pictograms.mirrored(pictograms.curve)
    ),
    _Sign("double curve", _warning, pictograms.double_curve),
    _Sign("bumpy road", _warning, pictograms.bumps),
    _Sign("slippery road", _warning, pictograms.skidding),
    _Sign("road narrows on the right", _warning, pictograms.narrowing),
    _Sign("road work", _warning, pictograms.digging),
    _Sign("traffic signals", _warning, pictograms.lights),
    _Sign("pedestrians", _warning, pictograms.pedestrian),
    _Sign("children", _warning, pictograms.children),
    _Sign("bicycles", _warning, pictograms.bicycle),
    _Sign("ice and snow", _warning, pictograms.snowflake),
    _Sign("wild animals", _warning, pictograms.deer),
    _Sign("end of all limits", _ending, pictograms.stripes),
    _Sign("turn right", _mandatory, pictograms.turn),
    _Sign("turn left", _mandatory, pictograms.mirrored(pictograms.turn)),
    _Sign("ahead only", _mandatory, pictograms.ahead),
    _Sign("ahead or right", _mandatory, pictograms.ahead_or_turn),
    _Sign(
        "ahead or left",
        _mandatory,
        pictograms.mirrored(pictograms.ahead_or_turn),
    ),
    _Sign("keep right", _mandatory, pictograms.keep),
    _Sign("keep left", _mandatory, pictograms.mirrored(pictograms.keep)),
    _Sign("roundabout", _mandatory, pictograms.roundabout),
    _Sign(
        "end of no passing",
        _ending,
        pictograms.crossed(pictograms.cars, GRAY, GRAY),
    ),
    _Sign(
        "end of no passing for trucks",
        _ending,
        pictograms.crossed(pictograms.truck_and_car, GRAY, GRAY),
    ),
)

NAMES: tuple[str, ...] = tuple(each.name for each in _SIGNS)


@functools.lru_cache(maxsize=128)
def sign(label: int, size: int = 128) -> Images:
    """Renders a sign that touches the borders of its image.

    Args:
        label: Integer, 0 to 42: the ClassId of GTSRB.
        size: Integer, of the image.

    Returns:
        uint8 of shape `(size, size, 4)`: red, green, blue and alpha, which is
        0 outside of the sign. It is cached and read-only.

    Raises:
        ImportError: If matplotlib or Pillow is not installed.
        ValueError: If there is no such label, or the size is not one.

    Example:

    >>> stop = sign(14)
    >>> stop.shape, NAMES[14]
    ((128, 128, 4), 'stop')

    Reference:
        Ganin & Lempitsky (2015), section 4.1, whose synthetic signs are
        also made from images of such signs.
    """
    from PIL import Image

    label = check_integer("label", label, minimum=0)
    if label >= len(_SIGNS):
        expected = f"an integer, 0 to {len(_SIGNS) - 1}"
        raise ValueError(invalid("label", expected, label))
    size = check_integer("size", size)
    _, board, pictogram = _SIGNS[label]
    picture = Image.new("RGBA", (CANVAS, CANVAS))
    pictogram(board(Pen(picture)))
    small = picture.resize((size, size), Image.Resampling.BOX)
    rendered = np.asarray(small).copy()
    rendered.setflags(write=False)
    return rendered
