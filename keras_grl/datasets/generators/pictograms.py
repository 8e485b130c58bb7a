"""What traffic signs show, in coordinates of -1 to 1."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_grl.datasets.generators.pen import BLACK
from keras_grl.datasets.generators.pen import GREEN
from keras_grl.datasets.generators.pen import RED
from keras_grl.datasets.generators.pen import WHITE
from keras_grl.datasets.generators.pen import YELLOW
from keras_grl.datasets.generators.pen import Color
from keras_grl.datasets.generators.pen import Pen


def nothing(pen: Pen) -> None:
    pass


def limit(pen: Pen, text: str, color: Color = BLACK) -> None:
    pen.number(text, 1.42 if len(text) == 2 else 1.7, 1.1, color)


def word(pen: Pen) -> None:
    pen.text("STOP", 1.58, 0.66, WHITE)


def bar(pen: Pen) -> None:
    pen.box(-0.75, -0.19, 0.75, 0.19, WHITE)


def car(pen: Pen, color: Color) -> None:
    """Rear view: hardly more than a bar from a distance."""
    roof = [(-0.2, -0.16), (0.2, -0.16), (0.29, 0.02), (-0.29, 0.02)]
    pen.rounded(roof, 0.05, color)
    pen.rounded(
        [(-0.37, 0.03), (0.37, 0.03), (0.37, 0.16), (-0.37, 0.16)],
        0.04,
        color,
    )
    pen.box(-0.17, -0.12, 0.17, -0.03, WHITE)
    for side in (-0.3, 0.3):
        pen.box(side - 0.09, 0.16, side + 0.09, 0.28, color)


def truck_rear(pen: Pen, color: Color) -> None:
    pen.box(-0.42, -0.48, 0.42, 0.16, color)
    for side in (-0.28, 0.28):
        pen.box(side - 0.12, 0.16, side + 0.12, 0.3, color)


def cars(pen: Pen, left: Color, right: Color) -> None:
    car(pen.moved(-0.43, 0.0, 0.9), left)
    car(pen.moved(0.43, 0.0, 0.9), right)


def truck_and_car(pen: Pen, left: Color, right: Color) -> None:
    truck_rear(pen.moved(-0.47, 0.05), left)
    car(pen.moved(0.47, 0.05), right)


def truck(pen: Pen) -> None:
    """Side view, to the left."""
    pen = pen.moved(0, 0, 0.82, mirrored=True)
    pen.box(-0.85, -0.37, 0.28, 0.25)
    cabin = [(0.34, -0.2), (0.62, -0.2), (0.84, 0.02), (0.84, 0.25)]
    pen.polygon([*cabin, (0.34, 0.25)])
    window = [(0.46, -0.13), (0.6, -0.13), (0.7, 0.02), (0.46, 0.02)]
    pen.polygon(window, WHITE)
    pen.box(-0.85, 0.22, 0.84, 0.3)
    for x in (-0.55, 0.58):
        pen.disc(x, 0.33, 0.19, WHITE)
        pen.disc(x, 0.33, 0.15)


def stripes(pen: Pen) -> None:
    """Five, from the lower left to the upper right."""
    for offset in np.linspace(-0.24, 0.24, 5).tolist():
        # To the rim of the board, which is outside of the pictogram's unit.
        half = (1.37**2 - offset**2) ** 0.5
        near, far = (offset - half) * 0.5**0.5, (offset + half) * 0.5**0.5
        points = [(near, far), (far, near)]
        pen.line(points, 0.06)


def caution(pen: Pen) -> None:
    pen.polygon([(-0.2, -0.8), (0.2, -0.8), (0.11, 0.3), (-0.11, 0.3)])
    pen.disc(0, -0.8, 0.2)
    pen.disc(0, 0.58, 0.19)


def crossroads(pen: Pen) -> None:
    pen.polygon([(0, -1.0), (0.32, -0.38), (-0.32, -0.38)])
    pen.polygon([(-0.18, -0.5), (0.18, -0.5), (0.28, 0.78), (-0.28, 0.78)])
    pen.box(-0.52, -0.12, 0.52, 0.26)


def curve(pen: Pen) -> None:
    """To the left."""
    pen.line([(0.34, 0.78), (0.34, 0.2)], 0.28)
    pen.arc(0.06, 0.2, 0.28, (270, 360), 0.28)
    pen.line([(0.06, -0.08), (-0.14, -0.12)], 0.26)
    pen.head(-0.56, -0.22, 193, 0.42, BLACK)


def double_curve(pen: Pen) -> None:
    pen.line([(0.26, 0.78), (0.26, 0.4), (-0.2, 0.08), (-0.2, -0.14)], 0.28)
    pen.line([(-0.2, -0.12), (0.08, -0.42)], 0.26)
    pen.head(0.3, -0.82, 300, 0.44, BLACK)


def bumps(pen: Pen) -> None:
    x = np.linspace(-1, 1, 60)
    top = 0.45 - 0.42 * np.abs(np.sin(np.pi * x)) ** 1.3
    outline = [(float(a), float(b)) for a, b in zip(x, top, strict=True)]
    pen.polygon([*outline, (1.0, 0.68), (-1.0, 0.68)])


def skidding(pen: Pen) -> None:
    car(pen.moved(0.0, -0.22, 1.05), BLACK)
    y = np.linspace(0.2, 0.8, 20)
    for x in (-0.32, 0.32):
        sway = x + 0.2 * np.sin((y - 0.2) * 10.5)
        points = [(float(a), float(b)) for a, b in zip(sway, y, strict=True)]
        pen.line(points, 0.12)


def narrowing(pen: Pen) -> None:
    pen.line([(-0.3, 0.75), (-0.3, -0.6)], 0.17)
    pen.line([(0.5, 0.75), (0.5, 0.35), (0.14, -0.1), (0.14, -0.6)], 0.17)


def digging(pen: Pen) -> None:
    pen.disc(-0.05, -0.72, 0.15)
    pen.line([(-0.15, -0.42), (-0.3, 0.05)], 0.28)
    pen.line([(-0.33, 0.1), (-0.12, 0.35), (-0.18, 0.72)], 0.16)
    pen.line([(-0.33, 0.1), (-0.52, 0.4), (-0.7, 0.72)], 0.16)
    pen.line([(-0.1, -0.42), (0.12, -0.12), (0.3, -0.05)], 0.12)
    pen.line([(-0.1, -0.2), (0.55, 0.42)], 0.07)
    pen.polygon([(0.2, 0.78), (0.4, 0.5), (0.65, 0.3), (0.95, 0.78)])


def lights(pen: Pen) -> None:
    pen.box(-0.12, -0.6, 0.12, 0.65)
    for y, color in ((-0.46, RED), (0.02, YELLOW), (0.5, GREEN)):
        pen.disc(0, y, 0.235, color)


def walker(pen: Pen, skirt: bool = False) -> None:
    """Walks to the left."""
    pen.disc(0.02, -0.8, 0.16)
    pen.line([(0.02, -0.5), (0.05, -0.05)], 0.26)
    if skirt:
        pen.polygon([(-0.1, -0.3), (0.15, -0.3), (0.36, 0.25), (-0.28, 0.25)])
    pen.line([(0.02, -0.02), (-0.16, 0.35), (-0.35, 0.72)], 0.16)
    pen.line([(0.08, -0.02), (0.2, 0.35), (0.42, 0.66)], 0.16)
    pen.line([(-0.02, -0.5), (-0.22, -0.25), (-0.4, -0.1)], 0.11)
    pen.line([(0.08, -0.5), (0.25, -0.2), (0.38, -0.08)], 0.11)


def pedestrian(pen: Pen) -> None:
    walker(pen.moved(0.0, -0.06, 0.92))
    for x in (-0.8, -0.4, 0.0, 0.4, 0.8):
        pen.line([(x * 0.85, 0.68), (x, 0.8)], 0.13)


def children(pen: Pen) -> None:
    walker(pen.moved(0.24, 0.05, 0.92, mirrored=True))
    walker(pen.moved(-0.42, 0.3, 0.64, mirrored=True), skirt=True)


def bicycle(pen: Pen) -> None:
    for x in (-0.52, 0.52):
        pen.arc(x, 0.38, 0.33, (0, 360), 0.1)
    frame = [(-0.52, 0.38), (-0.25, -0.1), (0.32, -0.1), (-0.02, 0.38)]
    pen.line([*frame, (-0.52, 0.38)], 0.09)
    pen.line([(-0.02, 0.38), (-0.3, -0.24)], 0.09)
    pen.line([(-0.42, -0.26), (-0.16, -0.26)], 0.11)
    pen.line([(0.52, 0.38), (0.28, -0.36), (0.08, -0.38)], 0.09)


def snowflake(pen: Pen) -> None:
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


def deer(pen: Pen) -> None:
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


def ahead(pen: Pen) -> None:
    pen.line([(0, 0.72), (0, -0.4)], 0.27, WHITE)
    pen.head(0, -0.92, 270, 0.55, WHITE)


def turn(pen: Pen) -> None:
    """To the right ahead."""
    pen.line([(-0.32, 0.75), (-0.32, 0.0)], 0.26, WHITE)
    pen.arc(-0.04, 0.0, 0.28, (180, 270), 0.26, WHITE)
    pen.line([(-0.04, -0.28), (0.3, -0.28)], 0.26, WHITE)
    pen.head(0.82, -0.28, 0, 0.5, WHITE)


def ahead_or_turn(pen: Pen) -> None:
    """To the right."""
    pen.line([(-0.22, 0.78), (-0.22, -0.45)], 0.22, WHITE)
    pen.head(-0.22, -0.92, 270, 0.42, WHITE)
    pen.arc(0.08, 0.36, 0.3, (180, 270), 0.22, WHITE)
    pen.line([(0.08, 0.06), (0.4, 0.06)], 0.22, WHITE)
    pen.head(0.84, 0.06, 0, 0.4, WHITE)


def keep(pen: Pen) -> None:
    """To the right."""
    pen.line([(-0.5, -0.5), (0.32, 0.32)], 0.28, WHITE)
    pen.head(0.68, 0.68, 45, 0.56, WHITE)


def roundabout(pen: Pen) -> None:
    for start in (20, 140, 260):
        pen.arc(0, 0, 0.56, (start + 82, start + 12), 0.17, WHITE)
        # The head continues the arc along the circle.
        angle = np.deg2rad(start - 26)
        x, y = 0.56 * np.cos(angle), 0.56 * np.sin(angle)
        pen.head(float(x), float(y), start - 96, 0.34, WHITE)


def mirrored(pictogram: Callable[[Pen], None]) -> Callable[[Pen], None]:
    return lambda pen: pictogram(pen.moved(0, 0, mirrored=True))


def crossed(
    pictogram: Callable[..., None], *arguments: Any
) -> Callable[[Pen], None]:
    """A pictogram in gray, with the stripes that end it."""

    def both(pen: Pen) -> None:
        pictogram(pen, *arguments)
        stripes(pen)

    return both
