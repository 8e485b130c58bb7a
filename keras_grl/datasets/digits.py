"""Handwritten digits, clean and cluttered, that need no download.

The 1,797 real digits of scikit-learn, enlarged to 28x28. The source domain is
digits as they are; the target domain is other digits of the same set with
random strokes scribbled over them. Small affine changes make many images from
each digit.
"""

import numpy as np

from keras_grl.datasets.facts import Arrays
from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Variant
from keras_grl.datasets.generators.digit_images import SIZE
from keras_grl.datasets.generators.digit_images import strokes
from keras_grl.datasets.generators.digit_images import transformed
from keras_grl.types import Array
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer

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
) -> Arrays:
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
    images = np.stack([transformed(written[row], rng) for row in rows])
    if name == "digits_cluttered":
        images = np.maximum(images, strokes(num_images, rng))
    images = (255 * images[..., None]).astype("uint8")
    return images, labels[rows]


def _written_digits() -> tuple[Array, Array]:
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


def _splits(name: str) -> dict[str, int]:
    """One image for each written digit."""
    return {
        split: stop - start
        for (domain, split), (start, stop) in _SHARES.items()
        if domain == name
    }


DATASET = Dataset(
    name="digits",
    num_classes=10,
    image_shape=(SIZE, SIZE, 1),
    needs="nothing",
    terms="scikit-learn's",
    variants=(
        Variant(
            name="digits",
            description="scikit-learn's handwritten digits.",
            splits=_splits("digits"),
            source="scikit-learn's `load_digits`",
            setup="install scikit-learn",
        ),
        Variant(
            name="digits_cluttered",
            description="Other digits of scikit-learn's, cluttered by strokes.",
            splits=_splits("digits_cluttered"),
            source="the others of these digits, and strokes",
            setup="install scikit-learn",
        ),
    ),
    load=load,
)
