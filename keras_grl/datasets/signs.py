"""The 43 German traffic signs of GTSRB, drawn."""

import functools
import itertools
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_grl.validation import check_integer
from keras_grl.validation import invalid

_DRAWN = 512  # pixels a sign is drawn at, before it is made smaller

_WHITE = (245, 245, 240)
_BLACK = (22, 22, 24)
_GREY = (140, 140, 140)
_RED = (184, 34, 42)
_BLUE = (18, 82, 172)
_YELLOW = (250, 184, 20)
_GREEN = (0, 130, 80)

Colour = tuple[int, int, int]
Point = tuple[float, float]


class _Pen:
    """Draws in coordinates of -1 to 1, x to the right and y down.

    Args:
        picture: Pillow image to draw on.
        x: Of the origin, in coordinates of the whole sign.
        y: Of the origin.
        scale: Length of a unit, in units of the whole sign.
        mirrored: Whether x runs to the left.
    """

    def __init__(
        self,
        picture: Any,
        x: float = 0.0,
        y: float = 0.0,
        scale: float = 1.0,
        mirrored: bool = False,
    ) -> None:
        from PIL import ImageDraw

        self.picture = picture
        self.draw = ImageDraw.Draw(picture)
        self.x, self.y, self.scale, self.mirrored = x, y, scale, mirrored

    def moved(
        self, x: float, y: float, scale: float = 1.0, mirrored: bool = False
    ) -> "_Pen":
        """A pen with another origin and unit, in coordinates of this one."""
        side = -1 if self.mirrored else 1
        return _Pen(
            self.picture,
            self.x + side * self.scale * x,
            self.y + self.scale * y,
            self.scale * scale,
            self.mirrored != mirrored,
        )

    def _pixel(self, point: Point) -> Point:
        side = -1 if self.mirrored else 1
        x = self.x + side * self.scale * point[0]
        y = self.y + self.scale * point[1]
        return (x + 1) * _DRAWN / 2, (y + 1) * _DRAWN / 2

    def polygon(self, points: list[Point], colour: Colour = _BLACK) -> None:
        self.draw.polygon([self._pixel(p) for p in points], fill=colour)

    def box(
        self, left: float, top: float, right: float, bottom: float, *colour: Any
    ) -> None:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        self.polygon(corners, *colour)

    def disc(
        self, x: float, y: float, radius: float, colour: Colour = _BLACK
    ) -> None:
        x, y = self._pixel((x, y))
        radius *= self.scale * _DRAWN / 2
        self.draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=colour
        )

    def line(
        self, points: list[Point], width: float, colour: Colour = _BLACK
    ) -> None:
        """A line with round ends and corners."""
        for start, end in itertools.pairwise(points):
            across = np.array([start[1] - end[1], end[0] - start[0]])
            across = across / max(float(np.hypot(*across)), 1e-6) * width / 2
            a, b = np.array(start), np.array(end)
            corners = [a + across, b + across, b - across, a - across]
            self.polygon([(float(x), float(y)) for x, y in corners], colour)
        for x, y in points:
            self.disc(x, y, width / 2, colour)

    def rounded(
        self, points: list[Point], radius: float, colour: Colour
    ) -> None:
        """A polygon, grown by `radius`, which makes its corners round."""
        self.polygon(points, colour)
        self.line([*points, points[0]], 2 * radius, colour)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        degrees: tuple[float, float],
        width: float,
        colour: Colour = _BLACK,
    ) -> None:
        """Part of a circle; 0 degrees is to the right, 90 down."""
        angles = np.deg2rad(np.linspace(*degrees, 40))
        points = [
            (x + radius * float(np.cos(a)), y + radius * float(np.sin(a)))
            for a in angles
        ]
        self.line(points, width, colour)

    def head(
        self, x: float, y: float, degrees: float, size: float, colour: Colour
    ) -> None:
        """The head of an arrow with its tip at a point."""
        angle = np.deg2rad(degrees)
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        tip = np.array([x, y])
        points = [tip, tip - size * (along - across), tip - 0.72 * size * along]
        points.append(tip - size * (along + across))
        self.polygon([(float(a), float(b)) for a, b in points], colour)

    def text(
        self, text: str, width: float, height: float, colour: Colour = _BLACK
    ) -> None:
        """A text in the middle, as wide and as high as asked.

        Signs have narrow letters; no font that matplotlib brings has.
        """
        from PIL import Image

        size = tuple(
            round(length * self.scale * _DRAWN / 2)
            for length in (width, height)
        )
        mask = _text(text).resize(size, Image.Resampling.LANCZOS)
        x, y = self._pixel((0.0, 0.0))
        place = round(x - size[0] / 2), round(y - size[1] / 2)
        self.picture.paste(colour, place, mask)


def _text(text: str) -> Any:
    """A text as a mask, cut to its letters."""
    from pathlib import Path

    import matplotlib
    from PIL import Image
    from PIL import ImageDraw
    from PIL import ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(str(folder / "DejaVuSans-Bold.ttf"), 300)
    image = Image.new("L", (300 * len(text) + 40, 450))
    ImageDraw.Draw(image).text((20, 20), text, fill=255, font=font)
    return image.crop(image.getbbox())


# Boards: what is drawn below a pictogram. Each returns the pen for it.


def _disc(pen: _Pen, rim: Colour, colour: Colour) -> None:
    pen.disc(0, 0, 0.985, rim)
    pen.disc(0, 0, 0.95, colour)


def _prohibition(pen: _Pen) -> _Pen:
    _disc(pen, _WHITE, _RED)
    pen.disc(0, 0, 0.73, _WHITE)
    return pen.moved(0, 0, 0.68)


def _mandatory(pen: _Pen) -> _Pen:
    _disc(pen, _WHITE, _BLUE)
    return pen.moved(0, 0, 0.8)


def _ending(pen: _Pen) -> _Pen:
    _disc(pen, _BLACK, _WHITE)
    return pen.moved(0, 0, 0.68)


def _no_entry(pen: _Pen) -> _Pen:
    _disc(pen, _WHITE, _RED)
    return pen


def _warning(pen: _Pen) -> _Pen:
    corners = [(0.0, -0.84), (0.88, 0.78), (-0.88, 0.78)]
    pen.rounded(corners, 0.105, _WHITE)
    pen.rounded(corners, 0.075, _RED)
    pen.rounded([(0.0, -0.5), (0.61, 0.62), (-0.61, 0.62)], 0.04, _WHITE)
    return pen.moved(0, 0.2, 0.54)


def _yield(pen: _Pen) -> _Pen:
    corners = [(0.0, 0.84), (0.88, -0.78), (-0.88, -0.78)]
    pen.rounded(corners, 0.105, _WHITE)
    pen.rounded(corners, 0.075, _RED)
    pen.rounded([(0.0, 0.4), (0.52, -0.57), (-0.52, -0.57)], 0.04, _WHITE)
    return pen


def _priority(pen: _Pen) -> _Pen:
    def diamond(size: float) -> list[Point]:
        return [(0.0, -size), (size, 0.0), (0.0, size), (-size, 0.0)]

    pen.rounded(diamond(0.88), 0.1, _GREY)
    pen.rounded(diamond(0.86), 0.09, _WHITE)
    pen.rounded(diamond(0.56), 0.06, _YELLOW)
    return pen


def _stop(pen: _Pen) -> _Pen:
    for size, colour in ((0.99, _WHITE), (0.93, _RED)):
        corner = size * np.tan(np.pi / 8)
        points = [(corner, -size), (size, -corner), (size, corner)]
        points += [(corner, size), (-corner, size), (-size, corner)]
        points += [(-size, -corner), (-corner, -size)]
        pen.polygon([(float(x), float(y)) for x, y in points], colour)
    return pen


# Pictograms.


def _nothing(pen: _Pen) -> None:
    pass


def _limit(pen: _Pen, text: str, colour: Colour = _BLACK) -> None:
    pen.text(text, 1.5 if len(text) == 2 else 1.74, 1.12, colour)


def _word(pen: _Pen) -> None:
    pen.text("STOP", 1.58, 0.66, _WHITE)


def _bar(pen: _Pen) -> None:
    pen.box(-0.75, -0.19, 0.75, 0.19, _WHITE)


def _car(pen: _Pen, colour: Colour) -> None:
    """From behind."""
    roof = [(-0.22, -0.3), (0.22, -0.3), (0.3, 0.0), (-0.3, 0.0)]
    pen.rounded(roof, 0.05, colour)
    pen.rounded(
        [(-0.37, 0), (0.37, 0), (0.37, 0.2), (-0.37, 0.2)], 0.05, colour
    )
    pen.box(-0.2, -0.25, 0.2, -0.07, _WHITE)
    for side in (-0.3, 0.3):
        pen.box(side - 0.1, 0.2, side + 0.1, 0.36, colour)


def _lorry_behind(pen: _Pen, colour: Colour) -> None:
    pen.box(-0.42, -0.62, 0.42, 0.2, colour)
    for side in (-0.28, 0.28):
        pen.box(side - 0.12, 0.2, side + 0.12, 0.36, colour)


def _cars(pen: _Pen, left: Colour, right: Colour) -> None:
    _car(pen.moved(-0.47, 0.0), left)
    _car(pen.moved(0.47, 0.0), right)


def _lorry_and_car(pen: _Pen, left: Colour, right: Colour) -> None:
    _lorry_behind(pen.moved(-0.45, 0.1), left)
    _car(pen.moved(0.47, 0.1, 0.9), right)


def _lorry(pen: _Pen) -> None:
    """From the side."""
    pen.box(-0.85, -0.45, 0.28, 0.25)
    cabin = [(0.34, -0.22), (0.62, -0.22), (0.84, 0.02), (0.84, 0.25)]
    pen.polygon([*cabin, (0.34, 0.25)])
    window = [(0.46, -0.13), (0.6, -0.13), (0.7, 0.02), (0.46, 0.02)]
    pen.polygon(window, _WHITE)
    pen.box(-0.85, 0.22, 0.84, 0.3)
    for x in (-0.55, 0.58):
        pen.disc(x, 0.33, 0.19, _WHITE)
        pen.disc(x, 0.33, 0.15)


def _stripes(pen: _Pen) -> None:
    """Five, from the lower left to the upper right."""
    for offset in np.linspace(-0.24, 0.24, 5).tolist():
        # To the rim of the board, which is outside of the pictogram's unit.
        half = (1.37**2 - offset**2) ** 0.5
        near, far = (offset - half) * 0.5**0.5, (offset + half) * 0.5**0.5
        points = [(near, far), (far, near)]
        pen.line(points, 0.06)


def _caution(pen: _Pen) -> None:
    pen.polygon([(-0.2, -0.8), (0.2, -0.8), (0.11, 0.3), (-0.11, 0.3)])
    pen.disc(0, -0.8, 0.2)
    pen.disc(0, 0.58, 0.19)


def _crossroads(pen: _Pen) -> None:
    pen.polygon([(0, -1.05), (0.36, -0.45), (-0.36, -0.45)])
    pen.polygon([(-0.15, -0.5), (0.15, -0.5), (0.24, 0.78), (-0.24, 0.78)])
    pen.box(-0.72, 0.02, 0.72, 0.28)


def _curve(pen: _Pen) -> None:
    """To the left."""
    pen.line([(0.3, 0.75), (0.3, 0.2), (0.22, 0.0), (-0.16, -0.28)], 0.25)
    pen.head(-0.52, -0.52, 214, 0.42, _BLACK)


def _double_curve(pen: _Pen) -> None:
    pen.line([(0.25, 0.75), (0.25, 0.45), (-0.2, 0.05), (-0.2, -0.1)], 0.2)
    pen.line([(-0.2, -0.1), (0.12, -0.42)], 0.2)
    pen.head(0.3, -0.78, 305, 0.36, _BLACK)


def _bumps(pen: _Pen) -> None:
    x = np.linspace(-1, 1, 60)
    top = 0.45 - 0.55 * np.abs(np.sin(np.pi * x)) ** 1.3
    outline = [(float(a), float(b)) for a, b in zip(x, top, strict=True)]
    pen.polygon([*outline, (1.0, 0.68), (-1.0, 0.68)])


def _skidding(pen: _Pen) -> None:
    _car(pen.moved(0.0, -0.28, 0.95), _BLACK)
    y = np.linspace(0.2, 0.8, 20)
    for x in (-0.32, 0.32):
        sway = x + 0.2 * np.sin((y - 0.2) * 10.5)
        points = [(float(a), float(b)) for a, b in zip(sway, y, strict=True)]
        pen.line(points, 0.12)


def _narrowing(pen: _Pen) -> None:
    pen.line([(-0.3, 0.75), (-0.3, -0.6)], 0.17)
    pen.line([(0.5, 0.75), (0.5, 0.35), (0.14, -0.1), (0.14, -0.6)], 0.17)


def _digging(pen: _Pen) -> None:
    pen.disc(-0.05, -0.72, 0.15)
    pen.line([(-0.15, -0.42), (-0.3, 0.05)], 0.28)
    pen.line([(-0.33, 0.1), (-0.12, 0.35), (-0.18, 0.72)], 0.16)
    pen.line([(-0.33, 0.1), (-0.52, 0.4), (-0.7, 0.72)], 0.16)
    pen.line([(-0.1, -0.42), (0.12, -0.12), (0.3, -0.05)], 0.12)
    pen.line([(-0.1, -0.2), (0.55, 0.42)], 0.07)
    pen.polygon([(0.2, 0.78), (0.4, 0.5), (0.65, 0.3), (0.95, 0.78)])


def _lights(pen: _Pen) -> None:
    pen.rounded(
        [(-0.2, -0.6), (0.2, -0.6), (0.2, 0.65), (-0.2, 0.65)], 0.1, _BLACK
    )
    for y, colour in ((-0.46, _RED), (0.02, _YELLOW), (0.5, _GREEN)):
        pen.disc(0, y, 0.23, colour)


def _walker(pen: _Pen, skirt: bool = False) -> None:
    """Walks to the left."""
    pen.disc(0.02, -0.8, 0.16)
    pen.line([(0.02, -0.5), (0.05, -0.05)], 0.26)
    if skirt:
        pen.polygon([(-0.1, -0.3), (0.15, -0.3), (0.36, 0.25), (-0.28, 0.25)])
    pen.line([(0.02, -0.02), (-0.16, 0.35), (-0.35, 0.72)], 0.16)
    pen.line([(0.08, -0.02), (0.2, 0.35), (0.42, 0.66)], 0.16)
    pen.line([(-0.02, -0.5), (-0.22, -0.25), (-0.4, -0.1)], 0.11)
    pen.line([(0.08, -0.5), (0.25, -0.2), (0.38, -0.08)], 0.11)


def _pedestrian(pen: _Pen) -> None:
    _walker(pen.moved(0.0, -0.06, 0.92))
    for x in (-0.8, -0.4, 0.0, 0.4, 0.8):
        pen.line([(x * 0.85, 0.68), (x, 0.8)], 0.13)


def _children(pen: _Pen) -> None:
    _walker(pen.moved(0.24, 0.05, 0.92, mirrored=True))
    _walker(pen.moved(-0.42, 0.3, 0.64, mirrored=True), skirt=True)


def _bicycle(pen: _Pen) -> None:
    for x in (-0.52, 0.52):
        pen.arc(x, 0.38, 0.33, (0, 360), 0.1)
    frame = [(-0.52, 0.38), (-0.25, -0.1), (0.32, -0.1), (-0.02, 0.38)]
    pen.line([*frame, (-0.52, 0.38)], 0.09)
    pen.line([(-0.02, 0.38), (-0.3, -0.24)], 0.09)
    pen.line([(-0.42, -0.26), (-0.16, -0.26)], 0.11)
    pen.line([(0.52, 0.38), (0.28, -0.36), (0.08, -0.38)], 0.09)


def _snowflake(pen: _Pen) -> None:
    for angle in np.deg2rad(np.arange(30, 390, 60)):
        end = np.array([np.cos(angle), np.sin(angle)])
        points = [(0.0, 0.1), (0.68 * end[0], 0.1 + 0.68 * end[1])]
        pen.line([(float(x), float(y)) for x, y in points], 0.1)
        fork = 0.4 * end
        for turn in (-0.7, 0.7):
            tip = fork + 0.26 * np.array(
                [np.cos(angle + turn), np.sin(angle + turn)]
            )
            points = [(fork[0], 0.1 + fork[1]), (tip[0], 0.1 + tip[1])]
            pen.line([(float(x), float(y)) for x, y in points], 0.08)


def _deer(pen: _Pen) -> None:
    """Leaps to the left."""
    pen = pen.moved(0.06, 0.05, 0.88)
    back = [(-0.42, -0.1), (0.1, -0.02), (0.55, 0.12)]
    pen.polygon([*back, (0.6, 0.38), (0.2, 0.34), (-0.3, 0.3), (-0.5, 0.1)])
    pen.line([(-0.36, 0.06), (-0.48, -0.38)], 0.2)
    pen.polygon([(-0.4, -0.56), (-0.4, -0.32), (-0.78, -0.2), (-0.82, -0.3)])
    pen.line([(-0.4, -0.5), (-0.22, -0.72), (-0.26, -0.98)], 0.07)
    pen.line([(-0.22, -0.7), (-0.02, -0.86)], 0.07)
    pen.line([(-0.38, -0.5), (-0.08, -0.56)], 0.07)
    pen.line([(-0.38, 0.2), (-0.68, 0.34), (-0.9, 0.26)], 0.1)
    pen.line([(-0.3, 0.24), (-0.56, 0.52), (-0.78, 0.56)], 0.1)
    pen.line([(0.5, 0.26), (0.72, 0.46), (0.66, 0.76)], 0.12)
    pen.line([(0.45, 0.26), (0.5, 0.52), (0.36, 0.76)], 0.12)
    pen.line([(0.56, 0.14), (0.72, 0.06)], 0.08)


def _ahead(pen: _Pen) -> None:
    pen.line([(0, 0.72), (0, -0.4)], 0.27, _WHITE)
    pen.head(0, -0.92, 270, 0.55, _WHITE)


def _turn(pen: _Pen) -> None:
    """To the right ahead."""
    pen.line([(-0.32, 0.75), (-0.32, 0.0)], 0.26, _WHITE)
    pen.arc(-0.04, 0.0, 0.28, (180, 270), 0.26, _WHITE)
    pen.line([(-0.04, -0.28), (0.3, -0.28)], 0.26, _WHITE)
    pen.head(0.82, -0.28, 0, 0.5, _WHITE)


def _ahead_or_turn(pen: _Pen) -> None:
    """To the right."""
    pen.line([(-0.22, 0.78), (-0.22, -0.45)], 0.22, _WHITE)
    pen.head(-0.22, -0.92, 270, 0.42, _WHITE)
    pen.arc(0.08, 0.36, 0.3, (180, 270), 0.22, _WHITE)
    pen.line([(0.08, 0.06), (0.4, 0.06)], 0.22, _WHITE)
    pen.head(0.84, 0.06, 0, 0.4, _WHITE)


def _keep(pen: _Pen) -> None:
    """To the right."""
    pen.line([(-0.5, -0.5), (0.32, 0.32)], 0.28, _WHITE)
    pen.head(0.68, 0.68, 45, 0.56, _WHITE)


def _roundabout(pen: _Pen) -> None:
    for start in (20, 140, 260):
        pen.arc(0, 0, 0.56, (start + 82, start + 12), 0.17, _WHITE)
        # The head goes on where the arc ends, along the circle.
        angle = np.deg2rad(start - 26)
        x, y = 0.56 * np.cos(angle), 0.56 * np.sin(angle)
        pen.head(float(x), float(y), start - 96, 0.34, _WHITE)


def _mirrored(pictogram: Callable[[_Pen], None]) -> Callable[[_Pen], None]:
    return lambda pen: pictogram(pen.moved(0, 0, mirrored=True))


def _crossed(
    pictogram: Callable[..., None], *arguments: Any
) -> Callable[[_Pen], None]:
    """A pictogram in grey, with the stripes that end it."""

    def both(pen: _Pen) -> None:
        pictogram(pen, *arguments)
        _stripes(pen)

    return both


class _Sign(NamedTuple):
    name: str
    board: Callable[[_Pen], _Pen]
    pictogram: Callable[[_Pen], None]


def _speed(limit: str) -> _Sign:
    draw = functools.partial(_limit, text=limit)
    return _Sign(f"limit {limit}", _prohibition, draw)


# By GTSRB's ClassId.
_SIGNS = (
    _speed("20"),
    _speed("30"),
    _speed("50"),
    _speed("60"),
    _speed("70"),
    _speed("80"),
    _Sign("end of limit 80", _ending, _crossed(_limit, "80", _GREY)),
    _speed("100"),
    _speed("120"),
    _Sign(
        "no passing",
        _prohibition,
        functools.partial(_cars, left=_RED, right=_BLACK),
    ),
    _Sign(
        "no passing for lorries",
        _prohibition,
        functools.partial(_lorry_and_car, left=_RED, right=_BLACK),
    ),
    _Sign("right of way at the next crossing", _warning, _crossroads),
    _Sign("priority road", _priority, _nothing),
    _Sign("yield", _yield, _nothing),
    _Sign("stop", _stop, _word),
    _Sign("no vehicles", _prohibition, _nothing),
    _Sign("no lorries", _prohibition, _lorry),
    _Sign("no entry", _no_entry, _bar),
    _Sign("caution", _warning, _caution),
    _Sign("curve to the left", _warning, _curve),
    _Sign("curve to the right", _warning, _mirrored(_curve)),
    _Sign("double curve", _warning, _double_curve),
    _Sign("bumpy road", _warning, _bumps),
    _Sign("slippery road", _warning, _skidding),
    _Sign("road narrows on the right", _warning, _narrowing),
    _Sign("road work", _warning, _digging),
    _Sign("traffic signals", _warning, _lights),
    _Sign("pedestrians", _warning, _pedestrian),
    _Sign("children", _warning, _children),
    _Sign("bicycles", _warning, _bicycle),
    _Sign("ice and snow", _warning, _snowflake),
    _Sign("wild animals", _warning, _deer),
    _Sign("end of all limits", _ending, _stripes),
    _Sign("turn right", _mandatory, _turn),
    _Sign("turn left", _mandatory, _mirrored(_turn)),
    _Sign("ahead only", _mandatory, _ahead),
    _Sign("ahead or right", _mandatory, _ahead_or_turn),
    _Sign("ahead or left", _mandatory, _mirrored(_ahead_or_turn)),
    _Sign("keep right", _mandatory, _keep),
    _Sign("keep left", _mandatory, _mirrored(_keep)),
    _Sign("roundabout", _mandatory, _roundabout),
    _Sign("end of no passing", _ending, _crossed(_cars, _GREY, _GREY)),
    _Sign(
        "end of no passing for lorries",
        _ending,
        _crossed(_lorry_and_car, _GREY, _GREY),
    ),
)

NAMES: tuple[str, ...] = tuple(each.name for each in _SIGNS)


@functools.lru_cache(maxsize=128)
def sign(label: int, size: int = 128) -> Any:
    """Draws a sign that touches the borders of its image.

    Args:
        label: Integer, 0 to 42: the ClassId of GTSRB.
        size: Integer, of the image.

    Returns:
        uint8 of shape `(size, size, 4)`: red, green, blue and alpha, which is
        0 outside of the sign. It is kept, and cannot be written to.

    Raises:
        ImportError: If matplotlib or Pillow is not installed.
        ValueError: If there is no such label, or the size is not one.

    Example:

    >>> stop = sign(14)
    >>> stop.shape, NAMES[14]
    ((128, 128, 4), 'stop')

    Reference:
        Ganin & Lempitsky (2015), section 4.1, whose synthetic signs are
        drawings of such signs as well.
    """
    from PIL import Image

    label = check_integer("label", label, minimum=0)
    if label >= len(_SIGNS):
        expected = f"an integer, 0 to {len(_SIGNS) - 1}"
        raise ValueError(invalid("label", expected, label))
    size = check_integer("size", size)
    _, board, pictogram = _SIGNS[label]
    picture = Image.new("RGBA", (_DRAWN, _DRAWN))
    pictogram(board(_Pen(picture)))
    small = picture.resize((size, size), Image.Resampling.BOX)
    drawn = np.asarray(small).copy()
    drawn.setflags(write=False)
    return drawn
