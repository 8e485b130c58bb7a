"""What varies in the images of SYN NUMBERS, and by how much."""

import dataclasses

import numpy as np

from keras_grl.datasets.generators import photography
from keras_grl.datasets.generators.knobs import Range
from keras_grl.datasets.generators.knobs import check_knobs
from keras_grl.validation import check_choice
from keras_grl.validation import invalid

# What is possible, or makes sense.
LIMITS = {
    "height": (0.2, 2.0),
    "weight": (-1.0, 1.0),
    "stretch": (0.2, 2.0),
    "rotation": (-180.0, 180.0),
    "slant": (-1.0, 1.0),
    "tilt": (-0.5, 0.5),
    "shift": (-0.5, 0.5),
    "spacing": (-1.0, 2.0),
    "cell": (0.0, 2.0),
    "uneven": (-0.5, 0.5),
    "brightness": (0.0, 255.0),
    "contrast": (0.0, 255.0),
    "saturation": (0.0, 2.0),
    "daylight": (-1.0, 1.0),
    "cast": (0.0, 1.0),
    "gradient": (-255.0, 255.0),
    "texture": (0.0, 255.0),
    "shadow": (0.0, 1.0),
    "motion": (-4.0, 4.0),
    **photography.LIMITS,
    "outline_brightness": (0.0, 255.0),
    "outline_opacity": (0.0, 1.0),
    "edge_distance": (0.0, 1.0),
    "edge_brightness": (0.0, 255.0),
    "shadow_softness": (0.01, 2.0),
    "clutter": (0.0, 20.0),
    "clutter_contrast": (0.0, 255.0),
}


@dataclasses.dataclass(frozen=True)
class Config:
    """What varies, and by how much. A pair is a range, sampled uniformly.

    Args:
        digits: Probabilities of numbers of one, two and three digits.
        fonts: "bundled" (matplotlib's) or "system", which adds this computer's.
        stroked: Probability that the digits are strokes of a pen instead of a
            font: see `keras_grl.datasets.generators.strokes`.
        height: Of a digit, as a share of the image's. Within 0.2 to 2.
        weight: Of the strokes, relative to those of the font: as thin as
            possible at -1. Within -1 to 1.
        stretch: Width of a digit, relative to that of its font. Within 0.2 to
            2.
        rotation: Of the number, in degrees. Within -180 to 180.
        slant: Horizontal shift from the bottom of a digit to its top, as a
            share of its height. Within -1 to 1.
        tilt: Of the number's plane: how much larger it is at one border of the
            image than in the middle, as a share. 0.4 is a lot. Within -0.5 to
            0.5.
        shift: Of the centered digit's middle from the image's, as a share of
            the image's size, to either side. Within -0.5 to 0.5.
        spacing: Between digits, as a share of their height; negative ones
            touch. Within -1 to 2.
        cell: Least width of a digit with the spaces beside it, as a share of
            its height; a 1 is narrower, in most fonts. Within 0 to 2.
        uneven: How far a digit is below the line, as a share of its height.
            Within -0.5 to 0.5.
        brightness: Between those of digits and background, 0 to 255.
        contrast: Distance between the brightness of digits and background, 0 to
            255.
        saturation: Of both colors: 0 is gray, 1 is blue enamel. Within 0 to 2.
        daylight: How much brighter the blue channel is than the green one, as a
            share; the red one is darker by a quarter of that. Within -1 to 1.
        cast: Standard deviation of the change of a channel's brightness, as a
            share of it. Within 0 to 1.
        gradient: Change of the background's brightness across the image. Within
            -255 to 255.
        texture: Standard deviation of the background's brightness. Within 0 to
            255.
        outlined: Probability that the digits have an outline or shadow.
        edges: Probability that an edge of something else is in the image: the
            border of a plate, a wall. There may be two.
        shadowed: Probability that a shadow is cast on part of the image.
        shadow: Share of the light that it takes, 0 to 1.
        motion: Length of the motion blur, in pixels; values above 4 count as 4,
            and below 0 as 0. Within -4 to 4.
        blur: Standard deviation of the blur, in pixels. Within 0 to 10.
        resolution: Pixels of the photograph, along a side, before it is
            enlarged to the image's 32; more than those make no difference.
            Within 2 to 1000.
        sharpening: By the camera, to about 2; less than 0 is none. Within -2 to
            2.
        fringe: Pixels, 0 to 1, between the red and the blue image.
        noise: Standard deviation of the noise, 0 to 255, before enlarging.
        dark: Probability that the digits are darker than the background.
        outline_brightness: Of an outline or a digit's shadow, 0 to 255.
        outline_opacity: Of these, 0 to 1.
        edge_distance: Of an edge from the image's middle, as a share of the
            image's size. Within 0 to 1.
        edge_brightness: Of what is beyond an edge, 0 to 255.
        shadow_softness: Width of a shadow's border, as a share of the image's
            size. Within 0.01 to 2.
        compressed: Probability that the camera saves the photograph as JPEG,
            its colors at half of the resolution.
        quality: Of that JPEG. Within 1 to 95.
        clutter: Number of bars behind the digits, from boards to wires. Within
            0 to 20.
        clutter_contrast: Distance of a bar's brightness from the background's,
            0 to 255.

    Raises:
        ValueError: If a range is not two ordered numbers, or a number is
            outside of what is possible.
    """

    digits: tuple[float, float, float] = (0.08, 0.47, 0.45)
    fonts: str = "bundled"
    stroked: float = 0.5
    height: Range = (0.64, 1.04)
    weight: Range = (-0.3, 0.9)
    stretch: Range = (0.42, 0.92)
    rotation: Range = (-8.0, 8.0)
    slant: Range = (-0.18, 0.18)
    tilt: Range = (-0.15, 0.15)
    shift: Range = (-0.09, 0.09)
    spacing: Range = (-0.02, 0.22)
    cell: Range = (0.1, 0.65)
    uneven: Range = (-0.05, 0.05)
    brightness: Range = (58.0, 185.0)
    contrast: Range = (30.0, 140.0)
    saturation: Range = (0.0, 1.2)
    daylight: Range = (-0.06, 0.13)
    cast: Range = (0.0, 0.04)
    gradient: Range = (-40.0, 40.0)
    texture: Range = (0.0, 9.0)
    outlined: float = 0.3
    edges: float = 0.35
    shadowed: float = 0.15
    shadow: Range = (0.1, 0.6)
    motion: Range = (-1.5, 2.0)
    blur: Range = (0.2, 1.4)
    resolution: Range = (6.0, 40.0)
    sharpening: Range = (-0.8, 1.2)
    fringe: Range = (0.0, 0.6)
    noise: Range = (0.0, 4.0)
    dark: float = 0.58
    outline_brightness: Range = (0.0, 255.0)
    outline_opacity: Range = (0.3, 0.9)
    edge_distance: Range = (0.25, 0.5)
    edge_brightness: Range = (10.0, 245.0)
    shadow_softness: Range = (0.02, 0.5)
    compressed: float = 0.0
    quality: Range = (85.0, 85.0)
    clutter: Range = (0.0, 0.0)
    clutter_contrast: Range = (5.0, 60.0)

    def __post_init__(self) -> None:
        check_knobs(self, LIMITS)
        check_choice("fonts", self.fonts, ("bundled", "system"))
        expected = "three probabilities, in all 1"
        try:
            shares = np.array(self.digits, "float64")
        except (TypeError, ValueError):
            shares = np.empty(0)
        if (
            shares.shape != (3,)
            or not (shares >= 0).all()
            or not np.isclose(shares.sum(), 1.0)
        ):
            raise ValueError(invalid("digits", expected, self.digits))


# Found by `python -m applications.generator_search` without labels: statistics
# of its images are as those of SVHN's photographs.
VERSION_2 = Config(
    digits=(0.06, 0.485, 0.455),
    height=(0.687, 1.16),
    stretch=(0.406, 0.906),
    spacing=(-0.031, 0.177),
    cell=(0.15, 0.667),
    brightness=(55.0, 174.0),
    contrast=(46.0, 126.0),
    saturation=(0.22, 1.23),
    daylight=(-0.06, 0.15),
    cast=(0.002, 0.046),
    gradient=(-62.1, 51.2),
    texture=(0.0, 9.57),
    outlined=0.332,
    edges=0.226,
    shadowed=0.172,
    motion=(-1.45, 2.28),
    blur=(0.13, 1.28),
    resolution=(3.4, 45.0),
    sharpening=(-1.23, 0.81),
    fringe=(0.0, 0.534),
    noise=(0.0, 5.26),
    edge_brightness=(0.0, 226.0),
    compressed=0.622,
    quality=(70.4, 95.0),
    clutter=(0.0, 4.26),
    clutter_contrast=(16.2, 58.6),
)
VERSIONS = {"1.0.0": Config(), "2.0.0": VERSION_2}
