"""The networks' operations in float64 NumPy, images as (n, h, w, channels)."""

import numpy as np


def padded(x, pad, value=0.0):
    """`pad` pixels on every side, or (before, after) on both axes."""
    before, after = (pad, pad) if isinstance(pad, int) else pad
    around = ((0, 0), (before, after), (before, after), (0, 0))
    return np.pad(x, around, constant_values=value)


def windows(x, size, stride):
    """(n, h, w, channels, size, size)."""
    view = np.lib.stride_tricks.sliding_window_view(
        x, (size, size), axis=(1, 2)
    )
    return view[:, ::stride, ::stride]


def convolution(x, kernel, bias, stride=1, pad=0, groups=1):
    """Kernel of shape (h, w, channels / groups, filters)."""
    x = padded(x.astype("float64"), pad)
    x = np.split(x, groups, axis=-1)
    kernel = np.split(kernel.astype("float64"), groups, axis=-1)
    parts = [
        np.tensordot(
            windows(x_part, kernel_part.shape[0], stride),
            kernel_part,
            axes=[(4, 5, 3), (0, 1, 2)],
        )
        for x_part, kernel_part in zip(x, kernel, strict=True)
    ]
    return np.concatenate(parts, axis=-1) + bias


def max_pool(x, size, stride, pad=0):
    x = padded(x, pad, value=-np.inf)
    return windows(x, size, stride).max(axis=(4, 5))


def relu(x):
    return np.maximum(x, 0.0)


def dense(x, kernel, bias):
    return x @ kernel.astype("float64") + bias


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def local_response_normalization(x, size=5, alpha=1e-4, beta=0.75, bias=1.0):
    """Caffe's, one channel at a time."""
    x = x.astype("float64")
    y = np.empty_like(x)
    channels = x.shape[-1]
    for c in range(channels):
        around = range(max(0, c - size // 2), min(channels, c + size // 2 + 1))
        energy = sum(x[..., j] ** 2 for j in around)
        y[..., c] = x[..., c] / (bias + alpha / size * energy) ** beta
    return y
