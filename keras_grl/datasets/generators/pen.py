"""A pen for vector graphics: polygons, discs, lines, arrows, text."""

import itertools
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_grl.datasets.generators import strokes

if TYPE_CHECKING:
    import PIL.Image

CANVAS = 512  # pixels of a sign, before it is reduced

WHITE = (245, 245, 240)
BLACK = (22, 22, 24)
GRAY = (140, 140, 140)
RED = (184, 34, 42)
BLUE = (18, 82, 172)
YELLOW = (240, 164, 20)
GREEN = (0, 130, 80)

Color = tuple[int, int, int]
Point = tuple[float, float]


class Pen:
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
        picture: "PIL.Image.Image",
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
    ) -> "Pen":
        """A pen with another origin and unit, in coordinates of this one."""
        side = -1 if self.mirrored else 1
        return Pen(
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
        return (x + 1) * CANVAS / 2, (y + 1) * CANVAS / 2

    def polygon(self, points: list[Point], color: Color = BLACK) -> None:
        self.draw.polygon([self._pixel(p) for p in points], fill=color)

    def box(
        self, left: float, top: float, right: float, bottom: float, *color: Any
    ) -> None:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        self.polygon(corners, *color)

    def disc(
        self, x: float, y: float, radius: float, color: Color = BLACK
    ) -> None:
        x, y = self._pixel((x, y))
        radius *= self.scale * CANVAS / 2
        self.draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=color
        )

    def line(
        self, points: list[Point], width: float, color: Color = BLACK
    ) -> None:
        """A line with round ends and corners."""
        for start, end in itertools.pairwise(points):
            across = np.array([start[1] - end[1], end[0] - start[0]])
            across = across / max(float(np.hypot(*across)), 1e-6) * width / 2
            a, b = np.array(start), np.array(end)
            corners = [a + across, b + across, b - across, a - across]
            self.polygon([(float(x), float(y)) for x, y in corners], color)
        for x, y in points:
            self.disc(x, y, width / 2, color)

    def rounded(self, points: list[Point], radius: float, color: Color) -> None:
        """A polygon, grown by `radius`, which makes its corners round."""
        self.polygon(points, color)
        self.line([*points, points[0]], 2 * radius, color)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        degrees: tuple[float, float],
        width: float,
        color: Color = BLACK,
    ) -> None:
        """Part of a circle; 0 degrees is to the right, 90 down."""
        angles = np.deg2rad(np.linspace(*degrees, 40))
        points = [
            (x + radius * float(np.cos(a)), y + radius * float(np.sin(a)))
            for a in angles
        ]
        self.line(points, width, color)

    def head(
        self, x: float, y: float, degrees: float, size: float, color: Color
    ) -> None:
        """The head of an arrow with its tip at a point."""
        angle = np.deg2rad(degrees)
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        tip = np.array([x, y])
        points = [tip, tip - size * (along - across), tip - 0.72 * size * along]
        points.append(tip - size * (along + across))
        self.polygon([(float(a), float(b)) for a, b in points], color)

    def number(
        self,
        number: str,
        width: float,
        height: float,
        color: Color = BLACK,
    ) -> None:
        """A number in the middle, as wide and as high as asked.

        Its strokes are as those of signs: narrow, and as thick vertically as
        horizontally.
        """
        shares = [0.5 if each == "1" else 1.0 for each in number]
        gap, weight = 0.13 * height, 0.17 * height
        share = (width - gap * (len(number) - 1)) / sum(shares)
        left = -width / 2
        for character, wide in zip(number, shares, strict=True):
            for line in strokes.Style().lines(int(character)):
                points = [
                    (
                        left + weight / 2 + x * (wide * share - weight),
                        (y - 0.5) * (height - weight),
                    )
                    for x, y in line
                ]
                self.line(points, weight, color)
            left += wide * share + gap

    def text(
        self, text: str, width: float, height: float, color: Color = BLACK
    ) -> None:
        """A text in the middle, as wide and as high as asked.

        Signs have narrow letters; no font that matplotlib brings has.
        """
        from PIL import Image

        size = tuple(
            round(length * self.scale * CANVAS / 2)
            for length in (width, height)
        )
        mask = _text(text).resize(size, Image.Resampling.LANCZOS)
        x, y = self._pixel((0.0, 0.0))
        place = round(x - size[0] / 2), round(y - size[1] / 2)
        self.picture.paste(color, place, mask)


def _text(text: str) -> "PIL.Image.Image":
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
