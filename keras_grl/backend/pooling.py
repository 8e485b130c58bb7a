"""The poolings for which there is a faster form."""

import operator

import keras

from keras_grl.types import Tensor


def pools_as_usual(
    x: Tensor,
    pool_size: tuple[int, int],
    strides: tuple[int, int],
    data_format: str,
) -> bool:
    """Whether it is what networks do. The rest is left to Keras."""
    pixels = x.shape[1:3]
    return (
        data_format == "channels_last"
        and keras.backend.is_float_dtype(
            keras.backend.standardize_dtype(x.dtype)
        )
        # In an export a size may be unknown.
        and all(isinstance(size, int) for size in pixels)
        and all(map(operator.ge, pixels, pool_size))
        and all(stride > 1 for stride in strides)
    )


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """How many pixels "same" adds before and after `size` pixels."""
    windows = -(-size // stride)
    added = max((windows - 1) * stride + window - size, 0)
    return added // 2, added - added // 2
