"""Every domain by its name."""

import importlib
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_grl.datasets import digits
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class Info(NamedTuple):
    """What a set is.

    Args:
        description: One sentence.
        classes: Number of classes.
        image_shape: Of an image; None where images have many sizes.
        splits: Number of images of each split, in the official set.
        needs: What must be at hand: "nothing", "download" (by itself, or put
            into `manual_dir`), or "manual" (into `manual_dir`).
    """

    description: str
    classes: int
    image_shape: tuple[int, int, int] | None
    splits: dict[str, int]
    needs: str


_DIGITS = {"train": 800, "validation": 100, "test": 100}
_CLUTTERED = {"train": 400, "validation": 100, "test": 297}
_OFFICE = "OFFICE-31, 31 kinds of things from offices: "
_SETS = {
    "digits": Info(
        "scikit-learn's handwritten digits.",
        10,
        (28, 28, 1),
        _DIGITS,
        "nothing",
    ),
    "digits_cluttered": Info(
        "Others of scikit-learn's digits, with strokes scribbled over them.",
        10,
        (28, 28, 1),
        _CLUTTERED,
        "nothing",
    ),
    "mnist": Info(
        "Handwritten digits.",
        10,
        (28, 28, 1),
        {"train": 60_000, "test": 10_000},
        "download",
    ),
    "mnist_m": Info(
        "MNIST's digits over colour photographs of BSDS500.",
        10,
        (28, 28, 3),
        {"train": 60_000, "test": 10_000},
        "download",
    ),
    "svhn_cropped": Info(
        "Digits of house numbers in street views.",
        10,
        (32, 32, 3),
        {"train": 73_257, "test": 26_032, "extra": 531_131},
        "download",
    ),
    "syn_numbers": Info(
        "Numbers drawn to look like house numbers.",
        10,
        (32, 32, 3),
        {"train": 500_000, "test": 10_000},
        "nothing",
    ),
    "syn_numbers/small": Info(
        "A tenth of syn_numbers.",
        10,
        (32, 32, 3),
        {"train": 50_000, "test": 10_000},
        "nothing",
    ),
    "syn_signs": Info(
        "Traffic signs drawn to look like photographs.",
        43,
        (40, 40, 3),
        {"train": 100_000, "test": 10_000},
        "nothing",
    ),
    "syn_signs/small": Info(
        "A tenth of syn_signs.",
        43,
        (40, 40, 3),
        {"train": 10_000, "test": 10_000},
        "nothing",
    ),
    "gtsrb": Info(
        "German traffic signs.",
        43,
        (40, 40, 3),
        {"train": 39_209, "test": 12_630},
        "download",
    ),
    "gtsrb/training": Info(
        "German traffic signs, the training archive alone.",
        43,
        (40, 40, 3),
        {"train": 39_209},
        "download",
    ),
    "office31/amazon": Info(
        _OFFICE + "product photographs.", 31, None, {"train": 2_817}, "manual"
    ),
    "office31/dslr": Info(
        _OFFICE + "by a reflex camera.", 31, None, {"train": 498}, "manual"
    ),
    "office31/webcam": Info(
        _OFFICE + "by a webcam.", 31, None, {"train": 795}, "manual"
    ),
}
# The extra "datasets": keras-grl itself is in no package index.
_INSTALL = (
    "Install them: `pip install array-record filelock importlib-resources loky "
    "matplotlib pillow requests scikit-learn tensorflow-datasets`, or `pip "
    'install ".[datasets]"` in a clone of keras-grl.'
)
# Builders of our own, which TFDS knows once they are imported.
_BUILDERS = ("gtsrb", "mnist_m", "office31", "syn_numbers", "syn_signs")


def names() -> list[str]:
    """The sets that `load` knows."""
    return list(_SETS)


def info(name: str) -> Info:
    """What a set is.

    Args:
        name: One of `names()`.

    Returns:
        An `Info`.

    Raises:
        ValueError: If there is no such set.

    Example:

    >>> info("mnist_m").image_shape
    (28, 28, 3)
    """
    return _SETS[check_choice("name", name, _SETS)]


def register() -> None:
    """Makes our sets known to TensorFlow Datasets.

    Importing `keras_grl.datasets` does this, if TFDS is installed. Then
    `tfds.load("mnist_m")`, `tfds.builder`, `tfds.data_source` and the rest of
    TFDS work with them.

    Raises:
        ImportError: If `tensorflow-datasets` is not installed.
    """
    for module in _BUILDERS:
        try:
            importlib.import_module(f"keras_grl.datasets.{module}")
        except ImportError as error:
            raise ImportError(
                f"This set needs TensorFlow Datasets and more. {_INSTALL}"
            ) from error


def load(
    name: str,
    split: str = "train",
    data_dir: Any = None,
    manual_dir: Any = None,
    image_size: int = 227,
) -> tuple[Any, Any]:
    """Loads one split of a set as NumPy arrays.

    A set that is not prepared yet is prepared first, which needs TensorFlow;
    reading it does not.

    Args:
        name: One of `names()`.
        split: "train", "test", …, or a part of one as TFDS names it:
            "train[:1000]".
        data_dir: Folder of prepared sets. Defaults to that of TFDS: the
            environment variable `TFDS_DATA_DIR`, or `~/tensorflow_datasets`.
            The embedded sets, "digits" and "digits_cluttered", use none of
            the folders.
        manual_dir: Folder of archives that have been downloaded by hand; it
            must exist. Defaults to `downloads/manual` in `data_dir`.
        image_size: Integer. Where images have many sizes, they are resized to
            `image_size` x `image_size`.

    Returns:
        Images, uint8 of shape `(n, height, width, channels)`, and labels,
        int64 of shape `(n,)`.

    Raises:
        ImportError: If `tensorflow-datasets` is not installed.
        OSError: If something must be downloaded and cannot be, or the disk is
            full.
        ValueError: If there is no such set, split or folder, or an archive is
            damaged or of another layout.

    Example:

    >>> images, labels = load("digits", "test")
    >>> images.shape, images.dtype.name
    ((100, 28, 28, 1), 'uint8')
    """
    info(name)
    if not isinstance(split, str):
        raise ValueError(invalid("split", "a string", split))
    image_size = check_integer("image_size", image_size)
    if name in digits.DOMAINS:
        return _embedded(name, split)
    register()
    from keras_grl.datasets import prepared
    from keras_grl.datasets import reading

    # Before a set is drawn or downloaded for it.
    reading.number_of_examples(split, info(name).splits)
    builder = prepared.ready(name, data_dir, manual_dir)
    arrays = reading.read(builder, split)
    images = arrays["image"]
    if images.dtype == object:
        images = np.stack([_resized(image, image_size) for image in images])
    return images, arrays["label"]


def _embedded(name: str, split: str) -> tuple[Any, Any]:
    if split in digits.SPLITS:  # TensorFlow Datasets is not needed
        return digits.load(name, split)
    try:
        from keras_grl.datasets import reading
    except ImportError as error:
        expected = "one of " + ", ".join(f'"{each}"' for each in digits.SPLITS)
        hint = f"Parts of splits need TensorFlow Datasets. {_INSTALL}"
        raise ValueError(invalid("split", expected, split, hint)) from error
    parts = [
        [array[start:stop] for array in digits.load(name, part)]
        for part, start, stop in reading.parts(split, info(name).splits)
    ]
    images, labels = map(np.concatenate, zip(*parts, strict=True))
    return images, labels


def _resized(image: Any, size: int) -> Any:
    from PIL import Image

    resized = Image.fromarray(image).resize(
        (size, size), Image.Resampling.BILINEAR
    )
    return np.asarray(resized)
