"""Synthetic photography: textures, shadows, perspective and a camera."""

import functools
import io

import numpy as np

from keras_grl.types import Array

# Of the camera's parameters, which `photograph` documents.
LIMITS = {
    "blur": (0.0, 10.0),
    "resolution": (2.0, 1000.0),
    "sharpening": (-2.0, 2.0),
    "fringe": (0.0, 1.0),
    "noise": (0.0, 255.0),
    "quality": (1.0, 95.0),
}


@functools.cache
def grid(size: int) -> tuple[Array, Array]:
    """x and y of each pixel of a square image, -0.5 to 0.5.

    Args:
        size: Pixels along a side.
    """
    axis = (np.arange(size, dtype="float32") + 0.5) / size - 0.5
    return np.meshgrid(axis, axis)


def clouds(
    random: np.random.Generator, size: int, cells: tuple[int, ...]
) -> Array:
    """Smooth noise.

    Args:
        random: A NumPy generator.
        size: Pixels along a side.
        cells: Of each layer, the number of clouds along a side.

    Returns:
        float32 of shape `(size, size, len(cells))`: layers of mean 0 and
        standard deviation 1.
    """
    from PIL import Image

    layers = []
    for count in cells:
        values = random.standard_normal((count, count), dtype="float32")
        picture = Image.fromarray(values)
        large = picture.resize((size, size), Image.Resampling.BICUBIC)
        layer = np.asarray(large)
        layers.append((layer - layer.mean()) / (layer.std() + 1e-3))
    return np.stack(layers, axis=-1)


@functools.cache
def textures(size: int) -> Array:
    """Surfaces to crop, which is faster than generating new ones.

    Args:
        size: Pixels along a side.

    Returns:
        float32 of shape `(24, size, size)`: clouds, some of them longer in one
        direction, as wood and brush strokes are. Mean 0, standard deviation 1.
    """
    from PIL import Image

    random = np.random.default_rng(24)
    layers = []
    for number in range(24):
        # Pixels of a cloud: from grain to what covers a whole piece.
        cells = size / (2.0 + 1.0 * number)
        longer = (1.0, 1.0, 6.0)[number % 3]
        shape = max(round(cells / longer), 3), max(round(cells), 3)
        if number % 2:
            shape = shape[::-1]
        values = random.standard_normal(shape, dtype="float32")
        large = np.asarray(
            Image.fromarray(values).resize(
                (size, size), Image.Resampling.BICUBIC
            )
        )
        layers.append((large - large.mean()) / large.std())
    return np.stack(layers)


def shadow(
    size: int, share: float, angle: float, distance: float, softness: float
) -> Array:
    """The light on each pixel: less on one side of a soft edge.

    Args:
        size: Pixels along a side.
        share: Of the light that the shadow takes.
        angle: Toward the shadow, in radians; 0 is to the right.
        distance: From the middle to the edge, as a share of the size.
        softness: Width of the edge, as a share of the size.

    Returns:
        float32 of shape `(size, size)`, `1 - share` to 1.
    """
    x, y = grid(size)
    side = np.cos(angle) * x + np.sin(angle) * y - distance
    dark = np.clip(side / softness + 0.5, 0, 1)
    return (1 - share * dark).astype("float32")


def homography(corners: Array, source: Array) -> list[float]:
    """Eight numbers that map corners to others, as Pillow's transform takes.

    Args:
        corners: Of shape `(4, 2)`.
        source: Of shape `(4, 2)`.
    """
    equations = np.zeros((8, 8))
    equations[:4, :2] = equations[4:, 3:5] = corners
    equations[:4, 2] = equations[4:, 5] = 1
    equations[:4, 6:] = -corners * source[:, :1]
    equations[4:, 6:] = -corners * source[:, 1:]
    return np.linalg.solve(equations, source.T.ravel()).tolist()


def photograph(
    image: Array,
    random: np.random.Generator,
    *,
    motion: float = 0.0,
    angle: float = 0.0,
    blur: float = 0.0,
    pixels: int = 10_000,
    sharpening: float = 0.0,
    fringe: float = 0.0,
    noise: float = 0.0,
    quality: float | None = None,
    bicubic: bool = False,
) -> Array:
    """What a camera makes of an image, enlarged to the size of the image.

    Args:
        image: Float, of shape `(size, size, 3)`, of values 0 to 255; others
            are cut off.
        random: A NumPy generator.
        motion: Length of the motion blur, in pixels of the image; more than 4
            make no difference.
        angle: Of the motion, in radians.
        blur: Standard deviation of the blur, in pixels of the image.
        pixels: Of the camera, along a side. At most the image's are used.
        sharpening: Share of what a blur would remove, which is added.
        fringe: The camera's pixels, 0 to 1, between the red and blue image.
        noise: Standard deviation of the camera's noise, 0 to 255.
        quality: Of the JPEG that the camera saves, 1 to 95, its colors at half
            of the resolution; None for no JPEG.
        bicubic: Whether it is enlarged by bicubic interpolation, not bilinear.

    Returns:
        uint8 of the image's shape.
    """
    from PIL import Image
    from PIL import ImageFilter

    size = image.shape[0]
    # Lenses blur before the camera cuts off what is too bright: light eats
    # into thin dark strokes.
    brightest = float(np.clip(image.max() / 255, 1, 3))
    exposed = np.clip(image / np.float32(brightest), 0, 255)
    picture = Image.fromarray(exposed.astype("uint8"))
    if motion > 0:
        # Rounded, so that they are kept.
        kernel = _streak(round(motion, 1), round(angle, 1))
        picture = picture.filter(ImageFilter.Kernel((5, 5), kernel, 1.0))
    if blur > 0:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    pixels = min(max(pixels, 1), size)
    if pixels < size:
        picture = picture.resize((pixels, pixels), Image.Resampling.BILINEAR)
    if sharpening > 0:
        percent = round(100 * sharpening)
        picture = picture.filter(ImageFilter.UnsharpMask(1.0, percent, 0))
    small = np.asarray(picture, "float32") * np.float32(brightest)
    if fringe > 0:
        # Red to one side and blue to the other, between two pixels each.
        part = np.float32(fringe / 2)
        small = small.copy()
        red, blue = small[:, :-1, 0].copy(), small[:, 1:, 2].copy()
        small[:, 1:, 0] += part * (red - small[:, 1:, 0])
        small[:, :-1, 2] += part * (blue - small[:, :-1, 2])
    grain = random.standard_normal(small.shape, dtype="float32")
    small = small + np.float32(noise) * grain
    small = np.clip(small, 0, 255).astype("uint8")
    if quality is not None:
        small = _as_jpeg(small, round(quality))
    if pixels == size:
        return small
    how = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(small).resize((size, size), how))


def jpeg_quality(
    random: np.random.Generator, share: float, limits: tuple[float, float]
) -> float | None:
    """The quality of a photograph's JPEG, or None if it is not one.

    Args:
        random: A NumPy generator.
        share: Of the photographs that are JPEGs.
        limits: Of the quality.
    """
    compressed, quality = random.random(), random.uniform(*limits)
    return quality if compressed < share else None


def _as_jpeg(image: Array, quality: int) -> Array:
    """An image as it is after it was saved as JPEG with 4:2:0 chroma."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(
        file, "JPEG", quality=quality, subsampling="4:2:0"
    )
    return np.asarray(Image.open(file))


@functools.lru_cache(maxsize=2048)
def _streak(length: float, angle: float) -> list[float]:
    """A line through the middle of 5 x 5 pixels, in all 1."""
    kernel = np.zeros((6, 6))
    steps = np.linspace(-0.5, 0.5, 9) * min(length, 4.0)
    x, y = 2 + steps * np.cos(angle), 2 + steps * np.sin(angle)
    left, top = np.floor(x + 1e-9).astype(int), np.floor(y + 1e-9).astype(int)
    u, v = x - left, y - top
    np.add.at(kernel, (top, left), (1 - u) * (1 - v))
    np.add.at(kernel, (top, left + 1), u * (1 - v))
    np.add.at(kernel, (top + 1, left), (1 - u) * v)
    np.add.at(kernel, (top + 1, left + 1), u * v)
    return (kernel[:5, :5] / kernel[:5, :5].sum()).ravel().tolist()
