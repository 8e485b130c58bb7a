"""Small handwritten digits at 28 x 28, and strokes that clutter them."""

import numpy as np

from keras_grl.types import Array

SIZE = 28


def transformed(digit: Array, rng: np.random.Generator) -> Array:
    """One 8x8 digit at 28x28, slightly rotated, scaled and shifted."""
    from scipy import ndimage

    angle = np.deg2rad(rng.uniform(-12, 12))
    scale = 8 / (SIZE - 4) * rng.uniform(0.9, 1.15)
    turn = scale * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    center = np.array([3.5, 3.5])
    offset = center - turn @ (
        np.full(2, (SIZE - 1) / 2) + rng.uniform(-2, 2, size=2)
    )
    image = ndimage.affine_transform(
        digit, turn, offset, (SIZE, SIZE), order=1, mode="constant"
    )
    return np.clip(image, 0.0, 1.0)


def strokes(count: int, rng: np.random.Generator) -> Array:
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
