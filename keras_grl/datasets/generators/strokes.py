"""Digits made of strokes, in styles that none of matplotlib's fonts has.

House numbers are narrow, bold, rounded, squared, painted by hand: a style is a
random set of such choices.
"""

import dataclasses
import functools
import math

import numpy as np

from keras_grl.datasets.generators.fonts import HEIGHT
from keras_grl.datasets.generators.fonts import Glyph

STYLES = 400
_FINE = 2  # the factor by which masks are larger first, for smooth edges

Line = list[tuple[float, float]]


@functools.lru_cache(maxsize=10 * STYLES)
def glyph(style: int, digit: int) -> Glyph:
    """A digit of a style, at a height of 40 pixels.

    Args:
        style: 0 to 399.
        digit: 0 to 9.
    """
    from PIL import Image
    from PIL import ImageDraw

    # Each digit of a style makes the choices of all of them.
    chosen = Style.sampled(np.random.default_rng([style, 19]))
    tall = HEIGHT * _FINE
    across, down = chosen.across * tall, chosen.down * tall
    wide = chosen.width * tall
    # The pen is a circle in an image that is stretched by this ratio.
    ratio = down / across
    wide, pen = wide * ratio, max(round(down), 2)
    size = (round(wide) + pen + 2, tall + 2)
    picture = Image.new("L", size)
    draw = ImageDraw.Draw(picture)
    half = pen / 2 + 1
    for line in chosen.lines(digit):
        points = [
            (half + x * (size[0] - 2 * half), half + y * (tall + 2 - 2 * half))
            for x, y in line
        ]
        if not chosen.round_ends:
            # Or upright strokes would be shorter than round ones are high.
            points = _extended(points, pen / 2)
        draw.line(points, fill=255, width=pen, joint="curve")
        if chosen.round_ends:
            for x, y in (points[0], points[-1]):
                box = (x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2)
                draw.ellipse(box, fill=255)
    small = (max(round(size[0] / ratio / _FINE), 1), HEIGHT + 1)
    picture = picture.resize(small, Image.Resampling.BOX)
    box = picture.getbbox()
    mask = np.asarray(picture.crop(box)).copy()
    mask.setflags(write=False)
    return Glyph(mask, box[1] - 1)


def _extended(line: Line, length: float) -> Line:
    """A line, extended at both ends."""
    ends = []
    for end, before in ((line[0], line[1]), (line[-1], line[-2])):
        across, down = end[0] - before[0], end[1] - before[1]
        part = length / max(math.hypot(across, down), 1e-6)
        ends.append((end[0] + part * across, end[1] + part * down))
    return [ends[0], *line, ends[1]]


@dataclasses.dataclass(frozen=True)
class Style:
    """What makes a style; by default, that of traffic signs.

    Args:
        width: Of a digit's middle line, as a share of its height.
        across: Thickness of upright strokes, as a share of the height.
        down: Thickness of level strokes.
        round_ends: Whether strokes end round.
        power: Of circles: 1 is round, less is squared.
        waist: Height of the 3's and the 8's waist.
        open: Degrees by which open curves end early.
        serifs: Whether there are some.
        foot: Whether the 1 has one.
        flag: Of the 1: none (0), a slanting one (1) or a short one (2).
        flat_three: Whether the 3's top is straight.
        open_four: Whether the 4 is open.
        arm: Height of the 4's arm.
        stem: Place of the 4's stem.
        straight_six: Whether the stem of 6 and 9 is straight.
        straight_two: Whether the 2's neck is straight.
        bar: Whether the 7 has a bar.
        bent_seven: How far the 7's stem is bent.
        foot_of_seven: Place of its foot.
    """

    width: float = 0.4
    across: float = 0.16
    down: float = 0.16
    round_ends: bool = False
    power: float = 0.8
    waist: float = 0.48
    open: float = 20.0
    serifs: bool = False
    foot: bool = False
    flag: int = 1
    flat_three: bool = False
    open_four: bool = False
    arm: float = 0.72
    stem: float = 0.75
    straight_six: bool = False
    straight_two: bool = False
    bar: bool = False
    bent_seven: float = 0.0
    foot_of_seven: float = 0.25

    @staticmethod
    def sampled(random: np.random.Generator) -> "Style":
        """A random style.

        Args:
            random: A NumPy generator.
        """
        width = random.uniform(0.25, 0.62)
        across = random.uniform(0.07, min(0.22, 0.45 * width))
        broad = random.random() < 0.4
        return Style(
            width=width,
            across=across,
            # A broad pen: upright strokes are thicker than others.
            down=across * (random.uniform(0.35, 1.0) if broad else 1.0),
            round_ends=random.random() < 0.5,
            power=2 / random.choice([2.0, 2.0, 2.4, 3.0, 4.5]),
            waist=random.uniform(0.42, 0.54),
            open=random.uniform(0, 45),
            serifs=random.random() < 0.3,
            foot=random.random() < 0.35,
            flag=int(random.integers(3)),
            flat_three=random.random() < 0.12,
            open_four=random.random() < 0.2,
            arm=random.uniform(0.6, 0.76),
            stem=random.uniform(0.6, 0.8),
            straight_six=random.random() < 0.3,
            straight_two=random.random() < 0.5,
            bar=random.random() < 0.12,
            bent_seven=random.uniform(0, 0.25),
            foot_of_seven=random.uniform(0.15, 0.5),
        )

    def arc(
        self,
        middle: tuple[float, float],
        radii: tuple[float, float],
        degrees: tuple[float, float],
    ) -> Line:
        """Part of a circle, more or less squared; 90 degrees is down."""
        angles = np.deg2rad(np.linspace(*degrees, 20))
        x, y = np.cos(angles), np.sin(angles)
        x = middle[0] + radii[0] * np.sign(x) * np.abs(x) ** self.power
        y = middle[1] + radii[1] * np.sign(y) * np.abs(y) ** self.power
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def lines(self, digit: int) -> list[Line]:
        """Strokes of a digit in coordinates of 0 to 1, y down."""
        return getattr(self, f"_draw_{digit}")()

    def _draw_0(self) -> list[Line]:
        return [self.arc((0.5, 0.5), (0.5, 0.5), (-90, 275))]

    def _draw_1(self) -> list[Line]:
        # As narrow as the flag and the foot let it be.
        x = 0.55
        lines = [[(x, 0.0), (x, 1.0)]]
        if self.flag == 1:
            lines.append([(x, 0.0), (0.15, 0.22)])
        elif self.flag == 2:
            lines.append([(x, 0.02), (0.25, 0.08)])
        if self.foot or self.serifs:
            lines.append([(0.2, 1.0), (0.9, 1.0)])
        return lines

    def _draw_2(self) -> list[Line]:
        top = 0.29
        bowl = self.arc((0.5, top), (0.5, top), (180 + self.open / 2, 370))
        if self.straight_two:
            return [[*bowl, (0.0, 1.0), (1.0, 1.0)]]
        bend = [(0.88, 0.48), (0.6, 0.66), (0.2, 0.85), (0.0, 1.0)]
        return [[*bowl, *bend, (1.0, 1.0)]]

    def _draw_3(self) -> list[Line]:
        low = (1 - self.waist) / 2
        start = -150 - 25 + self.open / 2
        below = self.arc((0.5, 1 - low), (0.5, low), (-90, 165 - self.open / 2))
        if self.flat_three:
            return [[(0.05, 0.0), (0.92, 0.0), (0.4, self.waist), *below]]
        high = self.waist / 2
        above = self.arc((0.47, high), (0.45, high), (start, 90))
        return [[*above, (0.38, self.waist)], [(0.38, self.waist), *below]]

    def _draw_4(self) -> list[Line]:
        x = self.stem
        if self.open_four:
            return [
                [(0.25, 0.0), (0.0, self.arm), (1.0, self.arm)],
                [(x, 0.25), (x, 1.0)],
            ]
        lines = [[(1.0, self.arm), (0.0, self.arm), (x, 0.0), (x, 1.0)]]
        if self.serifs:
            lines.append([(x - 0.25, 1.0), (x + 0.2, 1.0)])
        return lines

    def _draw_5(self) -> list[Line]:
        low = (1 - self.waist + 0.1) / 2
        bowl = self.arc((0.5, 1 - low), (0.5, low), (-140, 165 - self.open / 2))
        return [[(0.92, 0.0), (0.13, 0.0), (0.06, self.waist + 0.02), *bowl]]

    def _draw_6(self) -> list[Line]:
        low = (1 - self.waist + 0.14) / 2
        bowl = self.arc((0.5, 1 - low), (0.5, low), (-180, 185))
        if self.straight_six:
            return [bowl, [(0.72, 0.0), (0.04, 1 - low * 1.2)]]
        return [
            bowl,
            self.arc((0.5, 0.5), (0.5, 0.5), (180, 345 - self.open)),
            [(0.0, 0.5), (0.0, 1 - low)],
        ]

    def _draw_7(self) -> list[Line]:
        x, bend = self.foot_of_seven, self.bent_seven
        middle = ((1.0 + x) / 2 - bend, 0.45)
        lines = [[(0.0, 0.0), (1.0, 0.0), middle, (x, 1.0)]]
        if self.serifs:
            lines.append([(0.0, 0.0), (0.0, 0.16)])
        if self.bar:
            lines.append([(0.3, 0.5), (0.9, 0.5)])
        return lines

    def _draw_8(self) -> list[Line]:
        high, low = self.waist / 2, (1 - self.waist) / 2
        return [
            self.arc((0.5, high), (0.44, high), (90, 455)),
            self.arc((0.5, 1 - low), (0.5, low), (-90, 275)),
        ]

    def _draw_9(self) -> list[Line]:
        return [[(1 - x, 1 - y) for x, y in line] for line in self._draw_6()]
