"""SYN NUMBERS: pictures of numbers, drawn to look like house numbers."""

import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import drawn
from keras_grl.datasets import fonts
from keras_grl.datasets import photography
from keras_grl.datasets import strokes
from keras_grl.datasets.drawn import Range
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

SIZE = 32

_MARGIN = 4  # pixels around a glyph, for thicker strokes
_TEXTURES = 256  # pixels of what textures are cut out of

# Differences of red, green and blue from grey, of paints and walls.
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
# What is possible, or makes sense.
_LIMITS = {
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
}


@dataclasses.dataclass(frozen=True)
class Config:
    """What varies, and how far. A pair is a range, drawn from uniformly.

    Args:
        digits: Probabilities of numbers of one, two and three digits.
        fonts: "bundled" (matplotlib's) or "system", which adds this computer's.
        stroked: Probability that the digits are not of a font, but drawn with a
            pen: see `keras_grl.datasets.strokes`.
        height: Of a digit, as a share of the image's. Within 0.2 to 2.
        weight: Of the strokes, relative to those of the font: as thin as they
            can be at -1. Within -1 to 1.
        stretch: Width of a digit, relative to that of its font. Within 0.2 to
            2.
        rotation: Of the number, in degrees. Within -180 to 180.
        slant: Horizontal shift from the bottom of a digit to its top, as a
            share of its height. Within -1 to 1.
        tilt: Of the number's plane: how much larger it is at one border of the
            image than in the middle, as a share. 0.4 is a lot. Within -0.5 to
            0.5.
        shift: Of the centred digit's middle from the image's, as a share of the
            image's size, to either side. Within -0.5 to 0.5.
        spacing: Between digits, as a share of their height; negative ones
            touch. Within -1 to 2.
        cell: Least width of a digit with the spaces beside it, as a share of
            its height; a 1 is narrower, in most fonts. Within 0 to 2.
        uneven: How far a digit is below the line, as a share of its height.
            Within -0.5 to 0.5.
        brightness: Between those of digits and background, 0 to 255.
        contrast: Distance between the brightness of digits and background, 0 to
            255.
        saturation: Of both colours: 0 is grey, 1 is blue enamel. Within 0 to 2.
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
        motion: Length of the motion blur, in pixels; more than 4 are as 4, and
            less than 0 as 0. Within -4 to 4.
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

    def __post_init__(self) -> None:
        drawn.check_knobs(self, _LIMITS)
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


# What is drawn for every image, so that to change one knob leaves the rest.
_CHANCES = ("stroked", "outlined", "edges", "shadowed")
# What is drawn where it is needed.
_APART = (
    "digits",
    "fonts",
    "dark",
    "outline_brightness",
    "outline_opacity",
    "edge_distance",
    "edge_brightness",
    "shadow_softness",
)


def draw(
    indices: Any, config: Config | None = None, seed: int = 0
) -> tuple[Any, Any]:
    """Draws numbers; the label is the digit in the middle of the image.

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


def _draw_one(random: Any, config: Config, paths: list[str]) -> tuple[Any, int]:
    uniform, between, values, chances = drawn.turned(
        random, 80, config, _CHANCES, _APART
    )
    one, two, _ = config.digits
    chosen = next(uniform)
    count = 1 + (chosen >= one) + (chosen >= one + two)
    digits = [int(10 * next(uniform)) for _ in range(3)][:count]
    centred = int(count * next(uniform))

    path = paths[int(len(paths) * next(uniform))]
    style = int(strokes.STYLES * next(uniform))
    face = style if chances["stroked"] else path
    glyphs = [_soft(face, digit) for digit in digits]
    line, middle = _line(glyphs, centred, values, between, config)
    number = _placed(line, middle, values, between, config)[..., np.newaxis]

    clouds = _clouds(between)
    background, foreground = _colours(random, values, between, config)
    image = _background(background, clouds, values, between)
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
    photographed = photography.photograph(
        image,
        random,
        motion=values["motion"],
        angle=between((0.0, np.pi)),
        blur=values["blur"],
        pixels=round(values["resolution"]),
        sharpening=values["sharpening"],
        fringe=values["fringe"],
        noise=values["noise"],
        bicubic=True,
    )
    return photographed, digits[centred]


@functools.lru_cache(maxsize=10_000)
def _soft(face: str | int, digit: int) -> fonts.Glyph:
    """A digit of a font or a style, blurred, with a margin of 4 pixels."""
    from PIL import Image
    from PIL import ImageFilter

    source: Any = strokes if isinstance(face, int) else fonts
    sharp = source.glyph(face, digit)
    picture = Image.fromarray(np.pad(sharp.mask, _MARGIN))
    soft = np.asarray(picture.filter(ImageFilter.BoxBlur(2)))
    return fonts.Glyph(soft, sharp.top)


def _clouds(between: Any) -> Any:
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


def _line(
    glyphs: list[fonts.Glyph],
    centred: int,
    values: dict[str, float],
    between: Any,
    config: Config,
) -> tuple[Any, tuple[float, float]]:
    """The number as a mask, and where the middle of the centred digit is."""
    spacing = round(values["spacing"] * fonts.HEIGHT)
    cell = round(values["cell"] * fonts.HEIGHT)
    tops = [
        glyph.top + round(between(config.uneven) * fonts.HEIGHT)
        for glyph in glyphs
    ]
    highest = min(tops)
    lowest = max(
        top + glyph.mask.shape[0]
        for top, glyph in zip(tops, glyphs, strict=True)
    )
    # Margins overlap: a digit ends where its strokes end.
    widths = [glyph.mask.shape[1] - 2 * _MARGIN for glyph in glyphs]
    cells = [max(width, cell) for width in widths]
    room = sum(cells) + max(spacing, 0) * len(glyphs) + 2 * _MARGIN
    line = np.zeros((lowest - highest, room), "uint8")
    left, middle = 0, (0.0, 0.0)
    for number, glyph in enumerate(glyphs):
        rows, columns = glyph.mask.shape
        top = tops[number] - highest
        first = max(left + (cells[number] - widths[number]) // 2, 0)
        part = line[top : top + rows, first : first + columns]
        np.maximum(part, glyph.mask, out=part)
        if number == centred:
            middle = first + columns / 2, top + rows / 2
        left += cells[number] + spacing
    return line, middle


def _placed(
    line: Any,
    middle: tuple[float, float],
    values: dict[str, float],
    between: Any,
    config: Config,
) -> Any:
    """The number turned, slanted, stretched, tilted and moved into the image.

    Returns:
        float32 of shape `(32, 32)`, 0 to 1 within the strokes.
    """
    from PIL import Image

    # Pixels of the line in one of the image.
    scale = fonts.HEIGHT / (values["height"] * SIZE)
    angle = np.deg2rad(values["rotation"])
    cosine, sine = np.cos(angle), np.sin(angle)
    x = SIZE / 2 + values["shift"] * SIZE
    y = SIZE / 2 + between(config.shift) * SIZE
    # From the image's pixels to the line's: move, tilt, turn, slant, scale.
    move = np.array([(1, 0, -x), (0, 1, -y), (0, 0, 1)])
    tilts = values["tilt"] * 2 / SIZE, between(config.tilt) * 2 / SIZE
    tilt = np.array([(1, 0, 0), (0, 1, 0), (*tilts, 1)])
    turn = np.array([(cosine, sine, 0), (-sine, cosine, 0), (0, 0, 1)])
    slant = np.array([(1, values["slant"], 0), (0, 1, 0), (0, 0, 1)])
    across, down = middle
    enlarge = np.array(
        [
            (scale / values["stretch"], 0, across),
            (0, scale, down),
            (0, 0, 1),
        ]
    )
    matrix = enlarge @ slant @ turn @ tilt @ move
    placed = Image.fromarray(line).transform(
        (SIZE, SIZE),
        Image.Transform.PERSPECTIVE,
        (matrix / matrix[2, 2]).ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    # Blurred and cut at another level than the middle, strokes become thinner
    # or thicker.
    level = 0.5 - 4 * (0.5 - 0.4 * values["weight"])
    soft = np.asarray(placed, "float32") * np.float32(4 / 255)
    return np.clip(soft + np.float32(level), 0, 1)


def _colours(
    random: Any, values: dict[str, float], between: Any, config: Config
) -> tuple[Any, Any]:
    """Of background and digits, as far apart as the contrast says."""
    half = values["contrast"] / 2
    if between((0.0, 1.0)) < config.dark:
        half = -half
    hues = _HUES[random.integers(len(_HUES), size=2)]
    hues += 4 * random.standard_normal((2, 3), dtype="float32")
    # Few colours are strong, and none of what is nearly white.
    shares = [values["saturation"] ** 2, between(config.saturation) ** 2]
    shares[int(half > 0)] *= 0.3
    hues *= np.array(shares, "float32")[:, np.newaxis]
    # Or brightness would change as well.
    hues -= hues.mean(axis=1, keepdims=True)
    grey = np.array([[-half], [half]], "float32") + values["brightness"]
    background, foreground = (grey + hues).astype("float32")
    return background, foreground


def _background(
    colour: Any, clouds: Any, values: dict[str, float], between: Any
) -> Any:
    x, y = photography.grid(SIZE)
    # Light comes from a side more often than from above.
    slope = (
        values["gradient"] * x + between((-0.5, 0.5)) * values["gradient"] * y
    )
    share = between((0.0, 1.0))
    layers = np.array([share, 1 - share], "float32")
    layers *= np.float32(values["texture"]) / np.hypot(*layers)
    return colour + (slope + clouds @ layers)[..., np.newaxis]


def _edge(image: Any, random: Any, between: Any, config: Config) -> None:
    """A half-plane of another colour, or a line, at the image's border."""
    x, y = photography.grid(SIZE)
    angle = int(4 * between((0.0, 1.0))) * np.pi / 2 + between((-0.2, 0.2))
    distance = between(config.edge_distance)
    side = np.cos(angle) * x + np.sin(angle) * y - distance
    colour = between(config.edge_brightness) + random.normal(0, 15, size=3)
    within = side > 0
    if between((0.0, 1.0)) < 0.4:
        within &= side < between((0.03, 0.1))
    image[within] = colour


def _outlined(image: Any, number: Any, between: Any, config: Config) -> Any:
    """Strokes of another colour behind the digits: moved, or thicker."""
    if between((0.0, 1.0)) < 0.6:
        move = int(between((-2.0, 3.0))), int(between((-2.0, 3.0)))
        behind = np.roll(number, move, axis=(0, 1))
    else:
        behind = number.copy()
        for axis in (0, 1):
            for step in (-1, 1):
                np.maximum(behind, np.roll(number, step, axis), out=behind)
    colour = np.float32(between(config.outline_brightness))
    opacity = np.float32(between(config.outline_opacity))
    return image + opacity * behind * (colour - image)


@dataclasses.dataclass
class SynNumbersConfig(drawn.DrawnConfig):
    """How many images, and what varies in them: see `DrawnConfig`."""

    images: int = 500_000
    drawing: Config = Config()


class SynNumbers(drawn.Drawn):
    """SYN NUMBERS, drawn anew: nobody can download the paper's any more."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First."}  # noqa: RUF012 (as TFDS has it)
    BUILDER_CONFIGS = [  # noqa: RUF012
        SynNumbersConfig(name="full", description="As many as the paper's."),
        SynNumbersConfig(
            name="small", images=50_000, description="A tenth of them."
        ),
    ]
    _SIZE, _CLASSES, _draw = SIZE, 10, staticmethod(draw)
    _DESCRIPTION = (
        "Numbers of one to three digits, drawn to look like house numbers; "
        "the label is the digit in the middle."
    )
