"""Synthetic images of traffic signs that look like photographs of GTSRB."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_grl.datasets.generators import photography
from keras_grl.datasets.generators import signs
from keras_grl.datasets.generators.knobs import Between
from keras_grl.datasets.generators.knobs import sampled
from keras_grl.datasets.generators.traffic_sign_config import Config
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.validation import check_integer

if TYPE_CHECKING:
    import PIL.Image

SIZE = 40  # pixels along a side of the image
CLASSES = len(signs.NAMES)

# Pixels of a sign. Hardly larger than the image: each of the image's pixels is
# interpolated from four of them, so more of them would be skipped.
_CANVAS = 64
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
_SEPARATE = ("light", "compressed", "quality")


def draw(
    indices: Sequence[int], config: Config | None = None, seed: int = 0
) -> tuple[Images, Array]:
    """Generates signs as if photographed; the label is GTSRB's ClassId.

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


def _draw_one(
    random: np.random.Generator, label: int, config: Config
) -> Images:
    _, between, values, chances = sampled(
        random, 64, config, _PROBABILITIES, _SEPARATE
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
        # Of its own, so that the images of version 1.0.0 stay as they are.
        quality=photography.jpeg_quality(
            random.spawn(1)[0], config.compressed, config.quality
        ),
    )


@functools.cache
def _drawing(label: int) -> "PIL.Image.Image":
    """A sign as a Pillow image, with nothing of it at the border."""
    from PIL import Image

    # Pillow's transform cuts off the half pixel at the border.
    padded = np.zeros((_CANVAS + 4, _CANVAS + 4, 4), "uint8")
    padded[2:-2, 2:-2] = signs.sign(label, _CANVAS)
    return Image.fromarray(padded)


def _placed(
    label: int, values: dict[str, float], between: Between, config: Config
) -> Array:
    """The sign turned, seen at an angle, scaled and moved into the image."""
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
    # Otherwise the jitter would add to the shift.
    corners -= corners.mean(axis=0)
    middle = SIZE / 2
    corners = corners * values["scale"] * SIZE / 2 + middle
    corners += (values["shift"] * SIZE, between(config.shift) * SIZE)
    source = (square + 1) * _CANVAS / 2 + 2
    placed = _drawing(label).transform(
        (SIZE, SIZE),
        Image.Transform.PERSPECTIVE,
        photography.homography(corners, source),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(placed, "float32")


def _aged(sign: Array, smooth: Array, values: dict[str, float]) -> Array:
    gray = sign.mean(axis=-1, keepdims=True)
    # Paint becomes paler, and dirt is brown.
    faded = np.float32(0.8) * gray + 40
    sign = sign + np.float32(values["fading"]) * (faded - sign)
    dirt = np.clip(smooth / smooth.max(), 0, 1)[..., np.newaxis]
    return sign + np.float32(values["dirt"]) * dirt * (_DIRT - sign)


def _surroundings(
    smooth: Array,
    random: np.random.Generator,
    chances: dict[str, bool],
    values: dict[str, float],
    between: Between,
) -> Array:
    x, y = photography.grid(SIZE)
    kinds = random.integers(len(_SURROUNDINGS), size=2)
    tints = random.standard_normal((2, 3), dtype="float32") * 12
    colors = _SURROUNDINGS[kinds] + tints
    gray = colors.mean(axis=1, keepdims=True)
    colors = gray + np.float32(values["saturation"]) * (colors - gray)
    image = np.broadcast_to(colors[0], (SIZE, SIZE, 3)).astype("float32")
    angle, distance = between((0.0, 2 * np.pi)), between((-0.35, 0.35))
    roughness = between((0.0, 0.25))
    if chances["halves"]:
        side = np.cos(angle) * x + np.sin(angle) * y - distance
        # A straight edge, or one like that of a tree.
        part = side + np.float32(roughness) * smooth[..., 1] > 0
        image[part] = colors[1]
    weights = np.array([between((0.0, 1.0)) for _ in range(3)], "float32")
    weights /= np.sqrt((weights**2).sum()) + 1e-3
    clutter = smooth @ weights
    if between((0.0, 1.0)) < 0.5:
        # Leaves and bricks have edges.
        clutter = np.clip(3 * clutter, -1, 1)
    image += np.float32(values["clutter"]) * clutter[..., np.newaxis]
    return np.clip(image, 0, 255)


def _pole(image: Array, values: dict[str, float], between: Between) -> None:
    """Below the sign, or from the top to the bottom of the image."""
    x, y = photography.grid(SIZE)
    width, slope = between((0.06, 0.14)), np.deg2rad(values["rotation"])
    distance = x + np.float32(np.sin(slope)) * y - values["shift"]
    within = np.abs(distance) < width / 2
    if between((0.0, 1.0)) < 0.6:
        within &= y > 0
    # A tube: brighter on one side.
    shade = 1 + 2 * between((-0.3, 0.3)) * distance[within] / width
    image[within] = (between((50.0, 190.0)) * shade)[:, np.newaxis]
