"""Handwritten digits, clean and cluttered, that need no download.

The 1,797 real digits of scikit-learn, enlarged to 28x28. The source domain is
digits as they are; the target domain is other digits of the same set with
random strokes scribbled over them. Small affine changes make many images from
each digit.
"""

from typing import Any

import numpy as np

from keras_grl.validation import check_choice
from keras_grl.validation import check_integer

SIZE = 28
DOMAINS = ("digits", "digits_cluttered")
SPLITS = ("train", "validation", "test")

# Each written digit belongs to one domain and one split: no image of a split
# is a variant of one in another.
_SHARES = {
    ("digits", "train"): (0, 800),
    ("digits", "validation"): (800, 900),
    ("digits", "test"): (900, 1000),
    ("digits_cluttered", "train"): (1000, 1400),
    ("digits_cluttered", "validation"): (1400, 1500),
    ("digits_cluttered", "test"): (1500, 1797),
}


def load(
    name: str = "digits",
    split: str = "train",
    num_images: int | None = None,
    seed: int = 0,
) -> tuple[Any, Any]:
    """Loads one domain of the embedded digits.

    Args:
        name: "digits" (the source) or "digits_cluttered" (the target).
        split: "train", "validation" or "test", made from different written
            digits.
        num_images: Integer, how many images to make. Defaults to one per
            written digit.
        seed: Integer, of the affine changes and the strokes. Which digit is in
            which split does not depend on it.

    Returns:
        Images, uint8 of shape `(num_images, 28, 28, 1)`, white on black, and
        labels, int64 of shape `(num_images,)`.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> images, labels = load("digits_cluttered", "test")
    >>> images.shape, images.dtype.name, labels.shape
    ((297, 28, 28, 1), 'uint8', (297,))
    """
    check_choice("name", name, DOMAINS)
    check_choice("split", split, SPLITS)
    written, labels = _written_digits()
    start, stop = _SHARES[name, split]
    if num_images is None:
        num_images = stop - start
    check_integer("num_images", num_images)
    rng = np.random.default_rng((seed, start))
    rows = start + np.arange(num_images) % (stop - start)
    images = np.stack([_transformed(written[row], rng) for row in rows])
    if name == "digits_cluttered":
        images = np.maximum(images, _strokes(num_images, rng))
    images = (255 * images[..., None]).astype("uint8")
    return images, labels[rows]


def _written_digits() -> tuple[Any, Any]:
    """scikit-learn's digits in [0, 1], in one fixed random order."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "The embedded digits come with scikit-learn. Install it: "
            "`pip install scikit-learn`."
        ) from error
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    return digits.images[order] / 16.0, digits.target[order]


def _transformed(digit: Any, rng: np.random.Generator) -> Any:
    """One 8x8 digit at 28x28, a little turned, scaled and moved."""
    from scipy import ndimage

    angle = np.deg2rad(rng.uniform(-12, 12))
    scale = 8 / (SIZE - 4) * rng.uniform(0.9, 1.15)
    turn = scale * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    centre = np.array([3.5, 3.5])
    offset = centre - turn @ (
        np.full(2, (SIZE - 1) / 2) + rng.uniform(-2, 2, size=2)
    )
    image = ndimage.affine_transform(
        digit, turn, offset, (SIZE, SIZE), order=1, mode="constant"
    )
    return np.clip(image, 0.0, 1.0)


def _strokes(count: int, rng: np.random.Generator) -> Any:
    """Images of a few random straight strokes."""
    y, x = np.mgrid[:SIZE, :SIZE].astype("float64")
    pixels = np.stack([y, x], axis=-1)
    images = np.zeros((count, SIZE, SIZE))
    for image in images:
        for _ in range(rng.integers(5, 10)):
            start = rng.uniform(-2, SIZE + 2, size=2)
            direction = rng.uniform(0, 2 * np.pi)
            length = rng.uniform(6, 16)
            step = length * np.array([np.sin(direction), np.cos(direction)])
            along = np.clip((pixels - start) @ step / length**2, 0.0, 1.0)
            nearest = start + along[..., None] * step
            distance = np.linalg.norm(pixels - nearest, axis=-1)
            width = rng.uniform(0.8, 1.6)
            stroke = np.clip(width + 0.5 - distance, 0.0, 1.0)
            image[:] = np.maximum(image, rng.uniform(0.5, 1.0) * stroke)
    return images
