"""Images for a benchmark of adaptation, made without any data or library.

Like MNIST and MNIST-M: digits of strokes, white on black, and the same kind of
digits as the difference from a colored background.
"""

import numpy as np

SIZE = 28
# Strokes of a digit between points (row, column), from 0 to 1.
_TOP_LEFT, _TOP_RIGHT = (0.0, 0.0), (0.0, 1.0)
_LEFT, _RIGHT = (0.5, 0.0), (0.5, 1.0)
_BOTTOM_LEFT, _BOTTOM_RIGHT = (1.0, 0.0), (1.0, 1.0)
_STROKES = (
    (_TOP_LEFT, _TOP_RIGHT),
    (_TOP_LEFT, _LEFT),
    (_TOP_RIGHT, _RIGHT),
    (_LEFT, _RIGHT),
    (_LEFT, _BOTTOM_LEFT),
    (_RIGHT, _BOTTOM_RIGHT),
    (_BOTTOM_LEFT, _BOTTOM_RIGHT),
)
_DIGITS = (
    (0, 1, 2, 4, 5, 6),
    (2, 5),
    (0, 2, 3, 4, 6),
    (0, 2, 3, 5, 6),
    (1, 2, 3, 5),
    (0, 1, 3, 5, 6),
    (0, 1, 3, 4, 5, 6),
    (0, 2, 5),
    (0, 1, 2, 3, 4, 5, 6),
    (0, 1, 2, 3, 5, 6),
)
_SHAPES = 50  # of each digit


def source(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """White digits on black, and which they are.

    Args:
        count: Number of images.
        seed: Of the random numbers.
    """
    rng = np.random.default_rng(seed)
    shapes = np.stack(
        [_shape(digit, rng) for digit in range(10) for _ in range(_SHAPES)]
    )
    labels = rng.integers(0, 10, count)
    gray = shapes[labels * _SHAPES + rng.integers(0, _SHAPES, count)]
    return np.repeat(gray[..., None], 3, axis=-1), labels


def target(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits as the difference from a background, and which they are.

    Args:
        count: Number of images.
        seed: Of the random numbers.
    """
    images, labels = source(count, seed)
    rng = np.random.default_rng([seed, 1])
    # Backgrounds of 4 × 4 colors, of which each image has a part.
    colors = rng.integers(0, 256, (64, 12, 12, 3), dtype="uint8")
    large = colors.repeat(8, axis=1).repeat(8, axis=2)
    tops, lefts = rng.integers(0, large.shape[1] - SIZE, (2, count))
    chosen = rng.integers(0, len(large), count)
    for index in range(count):
        top, left = tops[index], lefts[index]
        part = large[chosen[index], top : top + SIZE, left : left + SIZE]
        images[index] = np.where(images[index] > 127, 255 - part, part)
    return images, labels


def _shape(digit: int, rng: np.random.Generator) -> np.ndarray:
    """One digit, slanted, of random size, place and width."""
    height, width = rng.uniform(14, 20), rng.uniform(8, 13)
    top, left = rng.uniform(3, 25 - height), rng.uniform(4, 24 - width)
    slant, thickness = rng.uniform(-0.2, 0.2), rng.uniform(1.0, 2.0)
    pixels = np.moveaxis(np.indices((SIZE, SIZE), "float64"), 0, -1)
    distance = np.full((SIZE, SIZE), np.inf)
    for stroke in _DIGITS[digit]:
        start, end = (
            np.array(
                [
                    top + row * height,
                    left + column * width + slant * (0.5 - row) * height,
                ]
            )
            for row, column in _STROKES[stroke]
        )
        along = end - start
        share = ((pixels - start) @ along / (along @ along)).clip(0, 1)
        nearest = start + share[..., None] * along
        distance = np.minimum(
            distance, np.linalg.norm(pixels - nearest, axis=-1)
        )
    return (255 * (thickness + 0.5 - distance).clip(0, 1)).astype("uint8")
