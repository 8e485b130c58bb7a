"""MNIST-M: digits of MNIST over colour photographs."""

from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import bsds500
from keras_grl.datasets import builders
from keras_grl.datasets import prepared
from keras_grl.datasets import reading
from keras_grl.validation import invalid

# Train and test have different photographs behind them.
_PHOTOGRAPHS = {"train": "train", "test": "val"}
_SEED = 0


def blend(digits: Any, photographs: Any, seed: Any = 0) -> Any:
    """Blends each digit over a patch from a photograph.

    `out = |patch - digit|`, for each pixel and channel. The patch is cut at
    random out of a random photograph.

    Args:
        digits: uint8 of shape `(n, height, width)` or `(n, height, width, 1)`.
        photographs: List of uint8 arrays of shape `(height, width, 3)`, not
            smaller than the digits.
        seed: Integer, or sequence of integers. The patch of a digit depends
            on it and on the digit's index alone.

    Returns:
        uint8 of shape `(n, height, width, 3)`.

    Raises:
        ValueError: If an array has another shape or dtype.

    Example:

    >>> digits = np.zeros((5, 28, 28), "uint8")
    >>> photographs = [np.full((40, 50, 3), 7, "uint8")]
    >>> blended = blend(digits, photographs)
    >>> blended.shape, blended.max()
    ((5, 28, 28, 3), np.uint8(7))

    Reference:
        Ganin & Lempitsky (2015), section 4.1.
    """
    digits = np.asarray(digits)
    if digits.ndim == 4 and digits.shape[-1] == 1:
        digits = digits[..., 0]
    if digits.ndim != 3 or digits.dtype != np.uint8:
        raise ValueError(
            invalid(
                "digits",
                "uint8 of shape (n, height, width)",
                f"{digits.dtype} of shape {digits.shape}",
            )
        )
    count, height, width = digits.shape
    for photograph in photographs:
        if (
            photograph.ndim != 3
            or photograph.shape[-1] != 3
            or photograph.dtype != np.uint8
            or photograph.shape[0] < height
            or photograph.shape[1] < width
        ):
            raise ValueError(
                invalid(
                    "photographs",
                    f"uint8 of shape (>= {height}, >= {width}, 3)",
                    f"{photograph.dtype} of shape {photograph.shape}",
                )
            )
    blended = np.empty((count, height, width, 3), "uint8")
    seeds = np.atleast_1d(seed).tolist()
    for index, digit in enumerate(digits):
        random = np.random.default_rng([*seeds, index])
        photograph = photographs[random.integers(len(photographs))]
        top = random.integers(photograph.shape[0] - height + 1)
        left = random.integers(photograph.shape[1] - width + 1)
        patch = photograph[top : top + height, left : left + width]
        difference = patch.astype("int16") - digit[..., np.newaxis]
        blended[index] = np.abs(difference)
    return blended


class MnistM(builders.Builder):
    """MNIST-M, made from MNIST and the photographs of BSDS500."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First."}  # noqa: RUF012 (as TFDS has it)
    # It is downloaded by itself. This lets TFDS look there first.
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Download {bsds500.URL} and put it into the manual_dir."
    )

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "The digits of MNIST, each blended over a patch from a colour "
                "photograph of BSDS500: |patch - digit|. Example i of a split "
                "is made from example i of MNIST's."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(28, 28, 3)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://arxiv.org/abs/1409.7495",
            citation="@inproceedings{ganin2015unsupervised, title="
            "{Unsupervised Domain Adaptation by Backpropagation}, author="
            "{Ganin, Yaroslav and Lempitsky, Victor}, booktitle={ICML}, "
            "year={2015}}",
            # In MNIST's order.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: Any) -> Any:
        archive = prepared.file_or_download(
            dl_manager, bsds500.ARCHIVE, bsds500.URL
        )
        photographs = bsds500.photographs(archive)
        mnist = prepared.ready("mnist", data_dir=prepared.root_of(self))
        return {
            split: self._generate_examples(
                mnist, split, photographs[part], number
            )
            for number, (split, part) in enumerate(_PHOTOGRAPHS.items())
        }

    def _generate_examples(
        self, mnist: Any, split: str, photographs: Any, number: int
    ) -> Any:
        digits = reading.read(mnist, split)
        images = blend(digits["image"], photographs, (_SEED, number))
        for index, (image, label) in enumerate(
            zip(images, digits["label"], strict=True)
        ):
            yield index, {"image": image, "label": label}
