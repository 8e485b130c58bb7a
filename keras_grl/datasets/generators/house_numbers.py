"""Synthetic images of numbers that look like house numbers."""

from collections.abc import Sequence

import numpy as np

from keras_grl.datasets.generators import fonts
from keras_grl.datasets.generators import photography
from keras_grl.datasets.generators import strokes
from keras_grl.datasets.generators.house_number_config import Config
from keras_grl.datasets.generators.knobs import Between
from keras_grl.datasets.generators.knobs import sampled
from keras_grl.datasets.generators.number_masks import SIZE
from keras_grl.datasets.generators.number_masks import mask
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.validation import check_integer

_TEXTURES = 256  # pixels of what textures are cut out of

# Differences of red, green and blue from gray, of paints and walls.
_HUES = np.array(
    [
        (-38, -14, 52),  # blue enamel
        (-38, -14, 52),
        (-12, -8, 20),  # the sky's light
        (26, 2, -28),  # brown, wood
        (26, 2, -28),
        (20, 8, -28),  # sand
        (56, -26, -30),  # red, bricks
        (-18, 22, -4),  # green
        (-24, 6, 18),  # teal
        (14, -18, 4),  # purple
    ],
    "float32",
)
# What is sampled for every image, so that changing one knob leaves the rest.
_CHANCES = ("stroked", "outlined", "edges", "shadowed")
# What is sampled where it is needed.
_SEPARATE = (
    "digits",
    "fonts",
    "dark",
    "outline_brightness",
    "outline_opacity",
    "edge_distance",
    "edge_brightness",
    "shadow_softness",
    "compressed",
    "quality",
    "clutter",
    "clutter_contrast",
)


def draw(
    indices: Sequence[int], config: Config | None = None, seed: int = 0
) -> tuple[Images, Array]:
    """Generates numbers; the label is the digit in the middle of the image.

    Args:
        indices: Sequence of integers of at least 0. An image depends on its
            index, the seed and the configuration alone.
        config: What varies.
        seed: Integer.

    Returns:
        Images, uint8 of shape `(n, 32, 32, 3)`, and labels, int64 of shape
        `(n,)`.

    Raises:
        ImportError: If matplotlib or Pillow is not installed.

    Example:

    >>> images, labels = draw(range(3))
    >>> images.shape, images.dtype.name, labels.shape
    ((3, 32, 32, 3), 'uint8', (3,))

    Reference:
        Ganin & Lempitsky (2015), section 4.1.
    """
    config = config or Config()
    seed = check_integer("seed", seed, minimum=0)
    paths = fonts.named(config.fonts)
    images = np.empty((len(indices), SIZE, SIZE, 3), "uint8")
    labels = np.empty(len(indices), "int64")
    for position, index in enumerate(indices):
        random = np.random.default_rng([seed, int(index)])
        images[position], labels[position] = _draw_one(random, config, paths)
    return images, labels


def _draw_one(
    random: np.random.Generator, config: Config, paths: list[str]
) -> tuple[Images, int]:
    uniform, between, values, chances = sampled(
        random, 80, config, _CHANCES, _SEPARATE
    )
    one, two, _ = config.digits
    chosen = next(uniform)
    count = 1 + (chosen >= one) + (chosen >= one + two)
    digits = [int(10 * next(uniform)) for _ in range(3)][:count]
    centered = int(count * next(uniform))

    path = paths[int(len(paths) * next(uniform))]
    style = int(strokes.STYLES * next(uniform))
    face = style if chances["stroked"] else path
    number = mask(face, digits, centered, values, between, config)
    number = number[..., np.newaxis]

    clouds = _clouds(between)
    background, foreground = _colors(random, values, between, config)
    image = _background(background, clouds, values, between)
    # Of its own, so that the images of version 1.0.0 stay as they are.
    newer = random.spawn(1)[0]
    _clutter(image, newer, config)
    if chances["edges"]:
        for _ in range(1 + (between((0.0, 1.0)) < 0.4)):
            _edge(image, random, between, config)
    if chances["outlined"]:
        image = _outlined(image, number, between, config)
    foreground = (
        foreground + np.float32(values["texture"] / 3) * clouds[..., 1:]
    )
    image += number * (foreground - image)
    if chances["shadowed"]:
        angle, distance = between((0.0, 2 * np.pi)), between((-0.4, 0.4))
        softness = between(config.shadow_softness)
        image *= photography.shadow(
            SIZE, values["shadow"], angle, distance, softness
        )[..., np.newaxis]
    cast = random.standard_normal(3, dtype="float32")
    cast *= np.float32(values["cast"])
    light = np.array((-0.25, 0.0, 1.0), "float32")
    image *= 1 + cast + np.float32(values["daylight"]) * light
    image = photography.photograph(
        image,
        random,
        motion=values["motion"],
        angle=between((0.0, np.pi)),
        blur=values["blur"],
        pixels=round(values["resolution"]),
        sharpening=values["sharpening"],
        fringe=values["fringe"],
        noise=values["noise"],
        quality=photography.jpeg_quality(
            newer, config.compressed, config.quality
        ),
        bicubic=True,
    )
    return image, digits[centered]


def _clouds(between: Between) -> Array:
    """Two layers of texture: float32 of shape `(32, 32, 2)`."""
    textures = photography.textures(_TEXTURES)
    layers = []
    for _ in range(2):
        texture = textures[int(len(textures) * between((0.0, 1.0)))]
        top, left = (
            int((_TEXTURES - SIZE) * between((0.0, 1.0))) for _ in range(2)
        )
        layers.append(texture[top : top + SIZE, left : left + SIZE])
    return np.stack(layers, axis=-1)


def _colors(
    random: np.random.Generator,
    values: dict[str, float],
    between: Between,
    config: Config,
) -> tuple[Array, Array]:
    """Of background and digits, whose distance is the contrast."""
    half = values["contrast"] / 2
    if between((0.0, 1.0)) < config.dark:
        half = -half
    hues = _HUES[random.integers(len(_HUES), size=2)]
    hues += 4 * random.standard_normal((2, 3), dtype="float32")
    # Few colors are strong, and none of what is nearly white.
    shares = [values["saturation"] ** 2, between(config.saturation) ** 2]
    shares[int(half > 0)] *= 0.3
    hues *= np.array(shares, "float32")[:, np.newaxis]
    # Or brightness would change as well.
    hues -= hues.mean(axis=1, keepdims=True)
    gray = np.array([[-half], [half]], "float32") + values["brightness"]
    background, foreground = (gray + hues).astype("float32")
    return background, foreground


def _background(
    color: Array, clouds: Array, values: dict[str, float], between: Between
) -> Array:
    x, y = photography.grid(SIZE)
    # Light comes from a side more often than from above.
    slope = (
        values["gradient"] * x + between((-0.5, 0.5)) * values["gradient"] * y
    )
    share = between((0.0, 1.0))
    layers = np.array([share, 1 - share], "float32")
    layers *= np.float32(values["texture"]) / np.hypot(*layers)
    return color + (slope + clouds @ layers)[..., np.newaxis]


def _clutter(image: Array, random: np.random.Generator, config: Config) -> None:
    """Bars anywhere in the image, in any direction."""
    x, y = photography.grid(SIZE)
    for _ in range(round(random.uniform(*config.clutter))):
        # Boards, gaps and wires are level or upright more often than not.
        angle = int(random.integers(4)) * np.pi / 2
        angle += random.normal(0.0, 0.15)
        if random.random() < 0.3:
            angle = random.uniform(0.0, np.pi)
        across, down = random.uniform(-0.6, 0.6, size=2)
        along = np.cos(angle) * (x - across) + np.sin(angle) * (y - down)
        aside = np.cos(angle) * (y - down) - np.sin(angle) * (x - across)
        length, width = random.uniform(0.1, 1.2), random.uniform(0.02, 0.3)
        within = (np.abs(along) < length / 2) & (np.abs(aside) < width / 2)
        change = float(random.uniform(*config.clutter_contrast))
        change *= float(random.choice((-1.0, 1.0)))
        image[within] += np.float32(change) + random.normal(0.0, 4.0, size=3)


def _edge(
    image: Array, random: np.random.Generator, between: Between, config: Config
) -> None:
    """A half-plane of another color, or a line, at the image's border."""
    x, y = photography.grid(SIZE)
    angle = int(4 * between((0.0, 1.0))) * np.pi / 2 + between((-0.2, 0.2))
    distance = between(config.edge_distance)
    side = np.cos(angle) * x + np.sin(angle) * y - distance
    color = between(config.edge_brightness) + random.normal(0, 15, size=3)
    within = side > 0
    if between((0.0, 1.0)) < 0.4:
        within &= side < between((0.03, 0.1))
    image[within] = color


def _outlined(
    image: Array, number: Array, between: Between, config: Config
) -> Array:
    """Strokes of another color under the digits: moved, or thicker."""
    if between((0.0, 1.0)) < 0.6:
        move = int(between((-2.0, 3.0))), int(between((-2.0, 3.0)))
        below = np.roll(number, move, axis=(0, 1))
    else:
        below = number.copy()
        for axis in (0, 1):
            for step in (-1, 1):
                np.maximum(below, np.roll(number, step, axis), out=below)
    color = np.float32(between(config.outline_brightness))
    opacity = np.float32(between(config.outline_opacity))
    return image + opacity * below * (color - image)
