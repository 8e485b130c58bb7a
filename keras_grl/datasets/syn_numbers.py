"""SYN NUMBERS: pictures of numbers, drawn to look like house numbers."""

import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import fonts
from keras_grl.datasets import generation
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import check_range
from keras_grl.validation import invalid

SIZE = 32
TEST = 10_000  # images of the test split
Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Config:
    """What varies, and how far. A pair is a range, drawn from uniformly.

    Args:
        digits: Probabilities of numbers of one, two and three digits.
        height: Of a digit, as a share of the image's.
        weight: Of the strokes, relative to those of the font: -1 (as thin as
            they can be) to 1.
        stretch: Width of a digit, relative to that of its font.
        rotation: Of the number, in degrees.
        slant: Horizontal shift from the bottom of a digit to its top, as a
            share of its height.
        shift: Of the centred digit's middle from the image's, as a share of
            the image's size, to either side.
        spacing: Between digits, as a share of their height; negative ones
            touch.
        contrast: Distance between the brightness of digits and background,
            0 to 255.
        saturation: Of both colours, 0 (grey) to 1.
        gradient: Change of the background's brightness across the image.
        outlined: Probability that the digits have an outline or shadow.
        edges: Probability that an edge of something else is in the image:
            the border of a plate, a wall.
        blur: Standard deviation of the blur, in pixels.
        noise: Standard deviation of the noise, 0 to 255.
        fonts: "bundled" (matplotlib's) or "system", which adds this
            computer's.

    Raises:
        ValueError: If a range is not two ordered numbers, or a probability is
            not one.
    """

    digits: tuple[float, float, float] = (0.2, 0.45, 0.35)
    height: Range = (0.65, 1.05)
    weight: Range = (-0.6, 0.6)
    stretch: Range = (0.55, 1.15)
    rotation: Range = (-12.0, 12.0)
    slant: Range = (-0.25, 0.25)
    shift: Range = (-0.08, 0.08)
    spacing: Range = (-0.02, 0.2)
    contrast: Range = (20.0, 165.0)
    saturation: Range = (0.0, 0.5)
    gradient: Range = (-60.0, 60.0)
    outlined: float = 0.3
    edges: float = 0.35
    blur: Range = (0.4, 2.1)
    noise: Range = (0.0, 4.0)
    fonts: str = "bundled"

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("outlined", "edges"):
                if not 0 <= check_number(field.name, value, minimum=0.0) <= 1:
                    raise ValueError(
                        invalid(field.name, "a probability, 0 to 1", value)
                    )
            elif field.type is Range:
                check_range(field.name, value)
        if len(self.digits) != 3 or not np.isclose(sum(self.digits), 1.0):
            raise ValueError(
                invalid("digits", "three probabilities, in all 1", self.digits)
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
    count = 1 + int(np.searchsorted(np.cumsum(config.digits), random.random()))
    count = min(count, 3)
    digits = random.integers(0, 10, size=count).tolist()
    centred = int(random.integers(count))
    path = paths[int(random.integers(len(paths)))]
    between = lambda limits: random.uniform(*limits)  # noqa: E731

    line, middle = _line(
        path, digits, centred, round(between(config.spacing) * fonts.HEIGHT)
    )
    strokes = _placed(line, middle, between, config)
    background, foreground = _colours(random, between, config)
    image = _background(random, background, between, config)
    if random.random() < config.outlined:
        image = _outlined(image, strokes, random)
    alpha = strokes[..., np.newaxis] / np.float32(255)
    image += alpha * (foreground - image)
    return _photographed(image, between, random, config), digits[centred]


def _line(
    path: str, digits: list[int], centred: int, spacing: int
) -> tuple[Any, float]:
    """The number as a mask, and where the middle of the centred digit is."""
    glyphs = [fonts.glyph(path, digit) for digit in digits]
    highest = min(glyph.top for glyph in glyphs)
    height = max(g.top + g.mask.shape[0] for g in glyphs) - highest
    width = sum(g.mask.shape[1] for g in glyphs)
    width += max(spacing, 0) * (len(glyphs) - 1)
    line = np.zeros((height, width), "uint8")
    left, middle = 0, 0.0
    for number, glyph in enumerate(glyphs):
        rows, columns = glyph.mask.shape
        top = glyph.top - highest
        left = max(left, 0)
        part = line[top : top + rows, left : left + columns]
        np.maximum(part, glyph.mask[:, : part.shape[1]], out=part)
        if number == centred:
            middle = left + columns / 2
        left += columns + spacing
    return line, middle


def _placed(line: Any, middle: float, between: Any, config: Config) -> Any:
    """The number turned, slanted, stretched and moved into the image."""
    from PIL import Image
    from PIL import ImageFilter

    picture = Image.fromarray(line)
    weight = between(config.weight)
    if weight:
        # Blurred and cut at another level than the middle, strokes become
        # thinner or thicker.
        ramp = (np.arange(256) / 255 - 0.5 + 0.4 * weight) * 4 + 0.5
        table = (np.clip(ramp, 0, 1) * 255).astype("uint8").tolist()
        picture = picture.filter(ImageFilter.BoxBlur(2)).point(table)
    height = between(config.height) * SIZE
    scale = line.shape[0] / height  # pixels of the line in one of the image
    stretch = between(config.stretch)
    angle = np.deg2rad(between(config.rotation))
    slant = between(config.slant)
    x, y = (SIZE / 2 + between(config.shift) * SIZE for _ in range(2))
    cosine, sine = np.cos(angle), np.sin(angle)
    # From the image's pixels to the line's: move, turn, slant, scale.
    a, b = cosine + slant * -sine, sine + slant * cosine
    a, b = a * scale / stretch, b * scale / stretch
    d, e = -sine * scale, cosine * scale
    c = middle - a * x - b * y
    f = line.shape[0] / 2 - d * x - e * y
    placed = picture.transform(
        (SIZE, SIZE),
        Image.Transform.AFFINE,
        (a, b, c, d, e, f),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(placed, "float32")


def _colours(random: Any, between: Any, config: Config) -> tuple[Any, Any]:
    """Of background and digits, as far apart as the contrast says."""
    contrast = between(config.contrast)
    dark = random.uniform(0, 255 - contrast)
    brightness = [dark, dark + contrast]
    if random.random() < 0.5:
        brightness.reverse()
    colours = []
    for value in brightness:
        tint = random.uniform(-1, 1, size=3)
        tint -= tint.mean()
        colour = value + between(config.saturation) * 90 * tint
        colours.append(np.clip(colour, 0, 255).astype("float32"))
    return colours[0], colours[1]


@functools.cache
def _grid() -> tuple[Any, Any]:
    """x and y of each pixel, -0.5 to 0.5."""
    axis = (np.arange(SIZE, dtype="float32") + 0.5) / SIZE - 0.5
    return np.meshgrid(axis, axis)


def _background(random: Any, colour: Any, between: Any, config: Config) -> Any:
    x, y = _grid()
    slopes = between(config.gradient), between(config.gradient)
    slope = slopes[0] * x + slopes[1] * y
    image = colour + slope[..., np.newaxis]
    if random.random() < config.edges:
        # A half-plane of another colour, at the border of the image.
        angle = random.integers(4) * np.pi / 2 + random.normal(0, 0.1)
        distance = random.uniform(0.25, 0.5)
        outside = np.cos(angle) * x + np.sin(angle) * y > distance
        image[outside] = random.uniform(0, 255) + random.normal(0, 20, size=3)
    return image.astype("float32")


def _outlined(image: Any, strokes: Any, random: Any) -> Any:
    """Strokes of another colour behind the digits, moved a little."""
    move = random.integers(-2, 3, size=2)
    behind = np.roll(strokes, tuple(move), axis=(0, 1))
    alpha = behind[..., np.newaxis] / np.float32(255 / 0.7)
    colour = np.float32(random.uniform(0, 255))
    return image + alpha * (colour - image)


def _photographed(image: Any, between: Any, random: Any, config: Config) -> Any:
    from PIL import Image
    from PIL import ImageFilter

    picture = Image.fromarray(np.clip(image, 0, 255).astype("uint8"))
    picture = picture.filter(ImageFilter.GaussianBlur(between(config.blur)))
    noise = random.standard_normal(image.shape, dtype="float32")
    noisy = np.asarray(picture) + np.float32(between(config.noise)) * noise
    return np.clip(noisy, 0, 255).astype("uint8")


@dataclasses.dataclass
class SynNumbersConfig(tfds.core.BuilderConfig):
    """How many images, and what varies in them.

    Args:
        name: Of the configuration.
        images: Integer, of the training split. The test split has 10,000.
        drawing: A `Config`.
        seed: Integer.
        processes: Integer, how many draw; by default one for each processor.
            The images do not depend on it.
    """

    images: int = 500_000
    drawing: Config = Config()
    seed: int = 0
    processes: int | None = None


class SynNumbers(tfds.core.GeneratorBasedBuilder):
    """SYN NUMBERS, drawn anew: nobody can download the paper's any more."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First."}  # noqa: RUF012 (as TFDS has it)
    BUILDER_CONFIGS = [  # noqa: RUF012
        SynNumbersConfig(name="full", description="As many as the paper's."),
        SynNumbersConfig(
            name="small", images=50_000, description="A tenth of them."
        ),
    ]

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Numbers of one to three digits, drawn with TrueType fonts to "
                "look like house numbers; the label is the digit in the "
                "middle."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIZE, SIZE, 3)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://arxiv.org/abs/1409.7495",
            # They are drawn in random order already.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> Any:
        config = self.builder_config
        # Two seeds, so that the splits share no image whatever their sizes.
        return {
            "train": self._generate_examples(config.images, 2 * config.seed),
            "test": self._generate_examples(TEST, 2 * config.seed + 1),
        }

    def _generate_examples(self, count: int, seed: int) -> Any:
        return generation.examples(draw, self.builder_config, count, seed)
