"""Operations on images, in the form that is fastest on the backend."""

import operator

import keras
from keras import ops

from keras_grl.types import Tensor


def max_pool(
    x: Tensor,
    pool_size: tuple[int, int],
    strides: tuple[int, int],
    padding: str,
    data_format: str,
) -> Tensor:
    """`keras.ops.max_pool` of images, in the form that is fastest.

    Args:
        x: Tensor of shape `(batch, height, width, channels)`, or `(batch,
            channels, height, width)`.
        pool_size: Height and width of the window.
        strides: Two integers.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """
    if _pools_as_usual(x, pool_size, strides, data_format):
        pads = [(0, 0), (0, 0)]
        if padding == "same":
            pads = list(map(_same_padding, x.shape[1:3], pool_size, strides))
        if keras.backend.backend() == "jax":
            from keras_grl.backend import jax

            if jax.pools_by_slices():
                return jax.max_pool(x, pool_size, strides, pads)
        if keras.backend.backend() == "torch":
            from keras_grl.backend import torch

            return torch.max_pool(x, pool_size, strides, pads)
    return ops.max_pool(x, pool_size, strides, padding, data_format)


def convolve(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    strides: tuple[int, int],
    padding: str,
    data_format: str,
    dilation_rate: tuple[int, int],
) -> Tensor | None:
    """The convolution of images plus `bias`, where Keras's is slow.

    Args:
        x: Tensor of shape `(batch, height, width, channels)`.
        kernel: Variable or tensor of shape `(height, width, channels,
            filters)`.
        bias: Variable or tensor of shape `(filters,)`, or None.
        strides: Two integers.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: Two integers.

    Returns:
        A tensor, or None where it is left to Keras.
    """
    if keras.backend.backend() != "torch" or data_format != "channels_last":
        return None
    even = any(size % 2 == 0 for size in kernel.shape[:2])
    if padding == "same" and (even or max(strides) > 1):
        return None  # Padded unequally.
    from keras_grl.backend import torch

    return torch.convolve(x, kernel, bias, strides, padding, dilation_rate)


def _pools_as_usual(
    x: Tensor,
    pool_size: tuple[int, int],
    strides: tuple[int, int],
    data_format: str,
) -> bool:
    """Whether it is a pooling of networks. The rest is left to Keras."""
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


def _same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """How many pixels "same" adds before and after `size` pixels."""
    windows = -(-size // stride)
    added = max((windows - 1) * stride + window - size, 0)
    return added // 2, added - added // 2
