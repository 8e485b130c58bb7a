"""SYN SIGNS: traffic signs, drawn to look like photographs of GTSRB."""

import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import drawn
from keras_grl.datasets import photography
from keras_grl.datasets import signs
from keras_grl.datasets.drawn import Range
from keras_grl.validation import check_integer

SIZE = 40
CLASSES = len(signs.NAMES)

# Of drawings. Hardly larger than the image: each of its pixels is interpolated
# from four of them, so that more would be left out.
_DRAWN = 64
# Of surroundings: a hue is one of them, changed a little.
_SURROUNDINGS = np.array(
    [
        (205, 222, 240),  # sky
        (235, 238, 240),  # clouds
        (80, 100, 60),  # trees
        (50, 56, 40),
        (130, 122, 112),  # walls
        (150, 100, 80),
        (95, 98, 104),  # roads
    ],
    "float32",
)
_DIRT = np.array((95, 85, 70), "float32")
_PROBABILITIES = ("pole", "halves", "shadowed")
# What is possible, or makes sense.
_LIMITS = {
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
    """What varies, and how far. A pair is a range, drawn from uniformly.

    Args:
        scale: Of the sign, as a share of the image's size. Within 0.1 to 3.
        rotation: Of the sign, in degrees, to the left. Within -180 to 180.
        perspective: How far a corner of the sign's square moves, as a share of
            its size. Within 0 to 0.2.
        shift: Of the sign's middle from the image's, as a share of the image's
            size, to either side. Within -0.5 to 0.5.
        clutter: Standard deviation of the surroundings' brightness, 0 to 255.
        saturation: Of the surroundings: 0 is grey, 1 as trees and walls are.
            Within 0 to 2.
        halves: Probability that the surroundings have two parts: sky and trees,
            a wall and a road.
        pole: Probability that the sign is on a pole.
        light: On the sign: its white becomes 255 times this. Its cube root is
            uniform: GTSRB has more dark images than bright ones. What is more
            than 255 is overexposed. Within 0.01 to 10.
        backlight: How often the light on the surroundings is twice that on the
            sign; negative: the light on the sign is. Within -8 to 8.
        haze: Share of the image that is grey, 0 to 1.
        shadowed: Probability that a shadow is cast on part of the image.
        shadow: Share of the light that it takes, 0 to 1.
        cast: Standard deviation of the change of a channel's brightness, as a
            share of it. Within 0 to 1.
        fading: Of the sign's colours, 0 to 1 (grey).
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

    def __post_init__(self) -> None:
        drawn.check_knobs(self, _LIMITS)


def draw(
    indices: Any, config: Config | None = None, seed: int = 0
) -> tuple[Any, Any]:
    """Draws signs as if photographed; the label is the ClassId of GTSRB.

    Args:
        indices: Sequence of integers of at least 0. An image depends on its
            index, the seed and the configuration alone.
        config: What varies.
        seed: Integer.

    Returns:
        Images, uint8 of shape `(n, 40, 40, 3)`, and labels, int64 of shape
        `(n,)`.

    Raises:
        ImportError: If matplotlib or Pillow is not installed.
        ValueError: If the seed is not an integer of at least 0.

    Example:

    >>> images, labels = draw(range(3))
    >>> images.shape, images.dtype.name, labels.shape
    ((3, 40, 40, 3), 'uint8', (3,))

    Reference:
        Ganin & Lempitsky (2015), section 4.1.
    """
    config = config or Config()
    seed = check_integer("seed", seed, minimum=0)
    images = np.empty((len(indices), SIZE, SIZE, 3), "uint8")
    labels = np.empty(len(indices), "int64")
    for position, index in enumerate(indices):
        random = np.random.default_rng([seed, int(index)])
        labels[position] = random.integers(CLASSES)
        images[position] = _draw_one(random, int(labels[position]), config)
    return images, labels


def _draw_one(random: Any, label: int, config: Config) -> Any:
    _, between, values, chances = drawn.turned(
        random, 64, config, _PROBABILITIES, apart=("light",)
    )
    low, high = config.light
    light = between((low ** (1 / 3), high ** (1 / 3))) ** 3
    normal = random.standard_normal(3, dtype="float32")

    placed = _placed(label, values, between, config)
    sign, alpha = placed[..., :3], placed[..., 3:] / np.float32(255)
    smooth = photography.clouds(random, SIZE, (3, 6, 14))
    sign = _aged(sign, smooth[..., 0], values)
    around = _surroundings(smooth, random, chances, values, between)
    if chances["pole"]:
        _pole(around, values, between)
    # The sign's light is that of its white: exposure is for the sign.
    around *= np.float32(light * 2.0 ** values["backlight"])
    image = around + alpha * (np.float32(light) * sign - around)
    if chances["shadowed"]:
        angle, distance = between((0.0, 2 * np.pi)), between((-0.3, 0.3))
        softness = between((0.02, 0.5))
        shadow = photography.shadow(
            SIZE, values["shadow"], angle, distance, softness
        )
        image *= shadow[..., np.newaxis]
    haze = np.float32(values["haze"])
    # As bright as the sign, but not black in the dark: no camera's black is.
    fog = np.float32(10 + 140 * min(light, 1.0))
    image += haze * (fog - image)
    image *= 1 + np.float32(values["cast"]) * normal
    return photography.photograph(
        image,
        random,
        motion=values["motion"],
        angle=between((0.0, np.pi)),
        blur=values["blur"],
        pixels=round(values["resolution"]),
        sharpening=values["sharpening"],
        fringe=values["fringe"],
        noise=values["noise"],
    )


@functools.cache
def _drawing(label: int) -> Any:
    """A sign as a Pillow image, with nothing of it at the border."""
    from PIL import Image

    # Pillow's transform cuts off the half pixel at the border.
    padded = np.zeros((_DRAWN + 4, _DRAWN + 4, 4), "uint8")
    padded[2:-2, 2:-2] = signs.sign(label, _DRAWN)
    return Image.fromarray(padded)


def _placed(
    label: int, values: dict[str, float], between: Any, config: Config
) -> Any:
    """The sign turned, seen from aside, scaled and moved into the image."""
    from PIL import Image

    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], "float64")
    corners = square.copy()
    for corner in corners:
        angle = between((0.0, 2 * np.pi))
        corner += (
            2 * values["perspective"] * np.array([np.cos(angle), np.sin(angle)])
        )
    angle = np.deg2rad(values["rotation"])
    cosine, sine = np.cos(angle), np.sin(angle)
    corners = corners @ np.array([(cosine, -sine), (sine, cosine)])
    # Else the jitter would add to the shift that was asked for.
    corners -= corners.mean(axis=0)
    middle = SIZE / 2
    corners = corners * values["scale"] * SIZE / 2 + middle
    corners += (values["shift"] * SIZE, between(config.shift) * SIZE)
    source = (square + 1) * _DRAWN / 2 + 2
    placed = _drawing(label).transform(
        (SIZE, SIZE),
        Image.Transform.PERSPECTIVE,
        photography.homography(corners, source),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(placed, "float32")


def _aged(sign: Any, smooth: Any, values: dict[str, float]) -> Any:
    grey = sign.mean(axis=-1, keepdims=True)
    # Paint becomes paler, and dirt is brown.
    faded = np.float32(0.8) * grey + 40
    sign = sign + np.float32(values["fading"]) * (faded - sign)
    dirt = np.clip(smooth / smooth.max(), 0, 1)[..., np.newaxis]
    return sign + np.float32(values["dirt"]) * dirt * (_DIRT - sign)


def _surroundings(
    smooth: Any,
    random: Any,
    chances: dict[str, bool],
    values: dict[str, float],
    between: Any,
) -> Any:
    x, y = photography.grid(SIZE)
    kinds = random.integers(len(_SURROUNDINGS), size=2)
    tints = random.standard_normal((2, 3), dtype="float32") * 12
    colours = _SURROUNDINGS[kinds] + tints
    grey = colours.mean(axis=1, keepdims=True)
    colours = grey + np.float32(values["saturation"]) * (colours - grey)
    image = np.broadcast_to(colours[0], (SIZE, SIZE, 3)).astype("float32")
    angle, distance = between((0.0, 2 * np.pi)), between((-0.35, 0.35))
    roughness = between((0.0, 0.25))
    if chances["halves"]:
        side = np.cos(angle) * x + np.sin(angle) * y - distance
        # A straight edge, or one like that of a tree.
        part = side + np.float32(roughness) * smooth[..., 1] > 0
        image[part] = colours[1]
    weights = np.array([between((0.0, 1.0)) for _ in range(3)], "float32")
    weights /= np.sqrt((weights**2).sum()) + 1e-3
    clutter = smooth @ weights
    if between((0.0, 1.0)) < 0.5:
        # Leaves and bricks have edges.
        clutter = np.clip(3 * clutter, -1, 1)
    image += np.float32(values["clutter"]) * clutter[..., np.newaxis]
    return np.clip(image, 0, 255)


def _pole(image: Any, values: dict[str, float], between: Any) -> None:
    """Below the sign, or behind all of it."""
    x, y = photography.grid(SIZE)
    width, slope = between((0.06, 0.14)), np.deg2rad(values["rotation"])
    distance = x + np.float32(np.sin(slope)) * y - values["shift"]
    within = np.abs(distance) < width / 2
    if between((0.0, 1.0)) < 0.6:
        within &= y > 0
    # A tube: brighter on one side.
    shade = 1 + 2 * between((-0.3, 0.3)) * distance[within] / width
    image[within] = (between((50.0, 190.0)) * shade)[:, np.newaxis]


@dataclasses.dataclass
class SynSignsConfig(drawn.DrawnConfig):
    """How many images, and what varies in them: see `DrawnConfig`."""

    drawing: Config = Config()


class SynSigns(drawn.Drawn):
    """SYN SIGNS, drawn anew, with drawings of our own."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First."}  # noqa: RUF012 (as TFDS has it)
    BUILDER_CONFIGS = [  # noqa: RUF012
        SynSignsConfig(name="full", description="As many as the paper's."),
        SynSignsConfig(
            name="small", images=10_000, description="A tenth of them."
        ),
    ]
    _SIZE, _CLASSES, _draw = SIZE, CLASSES, staticmethod(draw)
    _DESCRIPTION = (
        "Drawings of the 43 German traffic signs of GTSRB, under conditions "
        "like those of its photographs; the label is GTSRB's ClassId."
    )
