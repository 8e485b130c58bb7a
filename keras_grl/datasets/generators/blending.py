"""Digits blended over photographs."""

from collections.abc import Sequence

import numpy as np

from keras_grl.types import Images
from keras_grl.validation import invalid


def blend(
    digits: Images, photographs: list[Images], seed: int | Sequence[int] = 0
) -> Images:
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
