"""Every set by its name, as arrays."""

import importlib

import numpy as np

from keras_grl.datasets import tfds
from keras_grl.datasets.catalog import DATASETS
from keras_grl.datasets.catalog import VARIANTS
from keras_grl.datasets.facts import Arrays
from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Info
from keras_grl.datasets.facts import Variant
from keras_grl.types import Images
from keras_grl.types import PathLike
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


def names() -> list[str]:
    """The sets that `load` knows."""
    return list(VARIANTS)


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
    dataset, variant = _known(name)
    return dataset.info(variant)


def register() -> None:
    """Registers our datasets with TensorFlow Datasets.

    Importing `keras_grl.datasets` does this, if TFDS is installed. Then
    `tfds.load("mnist_m")`, `tfds.builder`, `tfds.data_source` and the rest of
    TFDS work with them.

    Raises:
        ImportError: If `tensorflow-datasets` is not installed.
    """
    for dataset in DATASETS:
        if dataset.prepare or dataset.generator:
            tfds.register(dataset, f"{__package__}.{dataset.name}")


def load(
    name: str,
    split: str = "train",
    data_dir: PathLike | None = None,
    manual_dir: PathLike | None = None,
    image_size: int = 227,
) -> Arrays:
    """Loads one split of a set as NumPy arrays.

    A set that is not prepared yet is prepared first, which needs TensorFlow;
    reading it does not.

    Args:
        name: One of `names()`. Of a synthetic set with a version, if it is not
            to be the default: "syn_numbers:2.0.0", "syn_numbers/small:2.0.0".
        split: "train", "test", …, or a part of one in TFDS notation:
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
        OSError: If a download fails, or the disk is full.
        ValueError: If there is no such set, split or folder, or an archive is
            damaged or of another layout.

    Example:

    >>> images, labels = load("digits", "test")
    >>> images.shape, images.dtype.name
    ((100, 28, 28, 1), 'uint8')
    """
    dataset, variant = _known(name)
    if not isinstance(split, str):
        raise ValueError(invalid("split", "a string", split))
    image_size = check_integer("image_size", image_size)
    if dataset.load is not None:
        return _embedded(dataset, variant, split)
    register()
    reading = importlib.import_module("keras_grl.datasets.tfds.reading")
    # Before a set is generated or downloaded for it.
    reading.number_of_examples(split, variant.splits)
    arrays = tfds.load_prepared(name, split, data_dir, manual_dir)
    images = arrays["image"]
    if images.dtype == object:
        images = np.stack([_resized(image, image_size) for image in images])
    return images, arrays["label"]


def _known(name: str) -> tuple[Dataset, Variant]:
    """The set of a name, which may end with a version."""
    if not isinstance(name, str):
        check_choice("name", name, VARIANTS)
    base, colon, version = name.partition(":")
    dataset, variant = VARIANTS[check_choice("name", base, VARIANTS)]
    versions = dataset.generator.versions if dataset.generator else ()
    if colon and version not in versions:
        known = ", ".join(f'"{base}:{each}"' for each in versions)
        expected = f"one of {known}" if known else f"no version of {base}"
        raise ValueError(invalid("name", expected, name))
    return dataset, variant


def _embedded(dataset: Dataset, variant: Variant, split: str) -> Arrays:
    load = dataset.load
    assert load is not None
    if split in variant.splits:  # TensorFlow Datasets is not needed
        return load(variant.name, split)
    try:
        reading = importlib.import_module("keras_grl.datasets.tfds.reading")
    except ImportError as error:
        expected = "one of " + ", ".join(f'"{each}"' for each in variant.splits)
        hint = f"Parts of splits need TensorFlow Datasets. {tfds.INSTALL}"
        raise ValueError(invalid("split", expected, split, hint)) from error
    parts = [
        [array[start:stop] for array in load(variant.name, part)]
        for part, start, stop in reading.parts(split, variant.splits)
    ]
    images, labels = map(np.concatenate, zip(*parts, strict=True))
    return images, labels


def _resized(image: Images, size: int) -> Images:
    from PIL import Image

    resized = Image.fromarray(image).resize(
        (size, size), Image.Resampling.BILINEAR
    )
    return np.asarray(resized)
