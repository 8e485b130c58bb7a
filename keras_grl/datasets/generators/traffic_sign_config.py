"""What varies in the images of SYN SIGNS, and by how much."""

import dataclasses

from keras_grl.datasets.generators import photography
from keras_grl.datasets.generators.knobs import Range
from keras_grl.datasets.generators.knobs import check_knobs

# What is possible, or makes sense.
LIMITS = {
    "scale": (0.1, 3.0),
    "rotation": (-180.0, 180.0),
    "perspective": (0.0, 0.2),
    "shift": (-0.5, 0.5),
    "clutter": (0.0, 255.0),
    "saturation": (0.0, 2.0),
    "light": (0.01, 10.0),
    "backlight": (-8.0, 8.0),
    "haze": (0.0, 1.0),
    "shadow": (0.0, 1.0),
    "cast": (0.0, 1.0),
    "fading": (0.0, 1.0),
    "dirt": (0.0, 1.0),
    "motion": (0.0, 4.0),
    **photography.LIMITS,
}


@dataclasses.dataclass(frozen=True)
class Config:
    """What varies, and by how much. A pair is a range, sampled uniformly.

    Args:
        scale: Of the sign, as a share of the image's size. Within 0.1 to 3.
        rotation: Of the sign, in degrees, to the left. Within -180 to 180.
        perspective: How far a corner of the sign's square moves, as a share of
            its size. Within 0 to 0.2.
        shift: Of the sign's middle from the image's, as a share of the image's
            size, to either side. Within -0.5 to 0.5.
        clutter: Standard deviation of the surroundings' brightness, 0 to 255.
        saturation: Of the surroundings: 0 is gray, 1 is like trees and walls.
            Within 0 to 2.
        halves: Probability that the surroundings have two parts: sky and trees,
            a wall and a road.
        pole: Probability that the sign is on a pole.
        light: On the sign: its white becomes 255 times this. Its cube root is
            uniform: GTSRB has more dark images than bright ones. Values above
            255 are overexposed. Within 0.01 to 10.
        backlight: How often the light on the surroundings is twice that on the
            sign; negative: the light on the sign is. Within -8 to 8.
        haze: Share of the image that is gray, 0 to 1.
        shadowed: Probability that a shadow is cast on part of the image.
        shadow: Share of the light that it takes, 0 to 1.
        cast: Standard deviation of the change of a channel's brightness, as a
            share of it. Within 0 to 1.
        fading: Of the sign's colors, 0 to 1 (gray).
        dirt: Share of the sign that dirt hides where there is most of it, 0 to
            1.
        motion: Length of the motion blur, in pixels; more than 4 make no
            difference. Within 0 to 4.
        blur: Standard deviation of the blur, in pixels. Within 0 to 10.
        resolution: Pixels of the photograph, along a side, before it is resized
            to the image's 40; more than those make no difference. Within 2 to
            1000.
        sharpening: By the camera, to about 2; less than 0 is none. Within -2 to
            2.
        fringe: Pixels, 0 to 1, between the red and the blue image.
        noise: Standard deviation of the noise, 0 to 255, before resizing.
        compressed: Probability that the camera saves the photograph as JPEG,
            its colors at half of the resolution.
        quality: Of that JPEG. Within 1 to 95.

    Raises:
        ValueError: If a range is not two ordered numbers, or a number is
            outside of what is possible.
    """

    scale: Range = (0.84, 1.04)
    rotation: Range = (-8.0, 8.0)
    perspective: Range = (0.0, 0.08)
    shift: Range = (-0.05, 0.05)
    clutter: Range = (2.0, 75.0)
    saturation: Range = (0.2, 1.0)
    halves: float = 0.6
    pole: float = 0.3
    light: Range = (0.11, 1.6)
    backlight: Range = (-2.6, 1.8)
    haze: Range = (0.02, 0.3)
    shadowed: float = 0.25
    shadow: Range = (0.1, 0.6)
    cast: Range = (0.0, 0.1)
    fading: Range = (0.0, 0.45)
    dirt: Range = (0.0, 0.4)
    motion: Range = (0.0, 1.8)
    blur: Range = (0.0, 0.8)
    resolution: Range = (16.0, 64.0)
    sharpening: Range = (-0.5, 1.2)
    fringe: Range = (0.0, 1.0)
    noise: Range = (0.0, 4.0)
    compressed: float = 0.0
    quality: Range = (85.0, 85.0)

    def __post_init__(self) -> None:
        check_knobs(self, LIMITS)


# Found by `python -m applications.generator_search` without labels: statistics
# of its images are as those of GTSRB's photographs.
VERSION_2 = Config(
    scale=(0.867, 1.035),
    clutter=(11.6, 67.6),
    saturation=(0.215, 1.277),
    halves=0.436,
    pole=0.219,
    light=(0.15, 1.68),
    backlight=(-3.92, 1.89),
    haze=(0.0, 0.304),
    shadowed=0.144,
    cast=(0.0, 0.099),
    fading=(0.002, 0.437),
    dirt=(0.0, 0.352),
    motion=(0.0, 1.83),
    blur=(0.096, 0.751),
    resolution=(2.0, 63.8),
    sharpening=(-1.09, 1.17),
    fringe=(0.007, 1.0),
    noise=(0.0, 4.69),
    compressed=0.347,
    quality=(65.9, 93.7),
)
VERSIONS = {"1.0.0": Config(), "2.0.0": VERSION_2}
