"""The shifts of the study: gray images of 28x28, small and fast to train on.

Five pairs of real or synthetic digits, and six shifts of scikit-learn's
digits, which need no download.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from applications.runner.names import SETS

# Training images of each domain, and target images to score and to test on.
IMAGES, TEST_IMAGES = 6000, 2000
SIZE = 28
_WRITTEN = 800  # digits in the training split of "digits"


@dataclasses.dataclass(frozen=True)
class Shift:
    """Images, uint8 of shape `(n, 28, 28, 1)`, of a source and a target.

    Attributes:
        x_source: Labeled source images.
        y_source: Their labels.
        x_target: Unlabeled target images, to adapt to.
        x_test: Other target images: scores are computed on them.
        y_test: Their labels, which no score sees.
        x_held_out: Source images that are not trained on.
        y_held_out: Their labels.
    """

    x_source: np.ndarray
    y_source: np.ndarray
    x_target: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    x_held_out: np.ndarray
    y_held_out: np.ndarray


@dataclasses.dataclass(frozen=True)
class Folders:
    """Where the sets are; None is the default of `keras_grl.datasets`."""

    data_dir: str | None = None
    manual_dir: str | None = None


def load(name: str, folders: Folders) -> Shift:
    """One shift.

    Args:
        name: Of the shift, such as "mnist_to_svhn" or "digits_blur".
        folders: Of the sets.
    """
    if name.startswith("digits_"):
        return _digits(name.removeprefix("digits_"))
    source, target = name.split("_to_")
    x, y = _split(source, "train", IMAGES, folders)
    x_test, y_test = _split(target, "test", TEST_IMAGES, folders)
    x_target, _ = _split(target, "train", IMAGES, folders)
    held_out = _split(source, "test", 1000, folders)
    return Shift(x, y, x_target, x_test, y_test, *held_out)


@functools.lru_cache(maxsize=16)
def _split(
    name: str, part: str, count: int, folders: Folders
) -> tuple[np.ndarray, np.ndarray]:
    # Here and not above, for it imports Keras.
    from keras_grl import datasets

    if name == "syn_numbers":
        # No more than is needed of the 500,000.
        start = 0 if part == "train" else 500_000
        images, labels = datasets.syn_numbers.draw(range(start, start + count))
    else:
        images, labels = datasets.load(
            SETS.get(name, name),
            f"{part}[:{count}]",
            folders.data_dir,
            folders.manual_dir,
        )
    return gray(images), labels


def gray(images: np.ndarray) -> np.ndarray:
    """Their luminance; of larger images the middle.

    Args:
        images: uint8 of shape `(n, height, width, channels)`.
    """
    margin = (images.shape[1] - SIZE) // 2
    images = images[:, margin : margin + SIZE, margin : margin + SIZE]
    if images.shape[-1] == 3:
        images = images @ np.array([[0.299], [0.587], [0.114]])
    return np.round(images).astype("uint8")


# Embedded digits.


def _digits(shift: str) -> Shift:
    """Source and target are other written digits of scikit-learn's set."""
    x, y = _written("digits", "train", 10 * _WRITTEN)
    row = np.arange(len(x)) % _WRITTEN
    learned, held_out, target = row < 360, row // 40 == 9, row >= 400
    if shift == "clutter":
        x_target, _ = _written("digits_cluttered", "train", 4000)
        x_test, y_test = _written("digits_cluttered", "test", TEST_IMAGES)
    else:
        shifted = SHIFTS[shift]
        random = np.random.default_rng(0)
        x_target = shifted(x[target], random)
        tests = [
            _written("digits", part, 1000) for part in ("validation", "test")
        ]
        x_test = shifted(np.concatenate([x for x, _ in tests]), random)
        y_test = np.concatenate([y for _, y in tests])
    return Shift(
        x[learned],
        y[learned],
        x_target,
        x_test,
        y_test,
        x[held_out],
        y[held_out],
    )


@functools.lru_cache(maxsize=8)
def _written(
    name: str, split: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    from keras_grl.datasets import digits

    return digits.load(name, split, count, seed=0)


def _color(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Digits and grounds of random gray, dark on light among them."""
    shape = (len(images), 1, 1, 1)
    ground = random.uniform(0, 255, shape)
    contrast = random.uniform(80, 200, shape)
    # To the side that has room for it.
    digit = ground + np.where(ground < 128, contrast, -contrast)
    mixed = ground + (digit - ground) * (images / 255)
    return np.clip(mixed, 0, 255).astype("uint8")


def _blend(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """`|patch - digit|` with patches of scikit-learn's two photographs."""
    from sklearn.datasets import load_sample_images

    photographs = [
        gray_photograph[..., np.newaxis].astype("int16")
        for photograph in load_sample_images().images
        for gray_photograph in [photograph.mean(axis=-1)]
    ]
    blended = np.empty_like(images)
    for index, image in enumerate(images):
        photograph = photographs[random.integers(len(photographs))]
        top = random.integers(photograph.shape[0] - SIZE + 1)
        left = random.integers(photograph.shape[1] - SIZE + 1)
        patch = photograph[top : top + SIZE, left : left + SIZE]
        blended[index] = np.abs(patch - image)
    return blended


def _blur(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Out of focus."""
    from scipy import ndimage

    return ndimage.gaussian_filter(images, (0, 2.5, 2.5, 0))


def _noise(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Gaussian noise."""
    noisy = images + random.normal(0, 110, images.shape)
    return np.clip(noisy, 0, 255).astype("uint8")


def _rotation(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Turned by 25 to 50 degrees."""
    from scipy import ndimage

    turned = [
        ndimage.rotate(image, angle, reshape=False, order=1)
        for image, angle in zip(
            images, random.uniform(25, 50, len(images)), strict=True
        )
    ]
    return np.stack(turned)


SHIFTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "color": _color,
    "blend": _blend,
    "blur": _blur,
    "noise": _noise,
    "rotation": _rotation,
}
