"""What pins synthetic images: where they are bright, and how rough."""

import numpy as np


def fingerprint(images):
    """Means of the brightness in 4 x 4 blocks, and differences of neighbors.

    Tolerances of 2 of 255 and of 0.5 are for what FreeType makes of an
    outline, and Pillow's filters of an image, which may differ a little from
    version to version. A blur, rotation or noise of half as much again goes
    beyond them.
    """
    gray = images.astype("float64").mean(axis=-1)
    count, height, width = gray.shape
    blocks = gray.reshape(count, 4, height // 4, 4, width // 4)
    roughness = np.abs(np.diff(gray, axis=2)).mean(axis=(1, 2))
    return blocks.mean(axis=(2, 4)).reshape(count, 16), roughness


def check(images, blocks, roughness):
    found = fingerprint(images)
    np.testing.assert_allclose(found[0], blocks, atol=2.0)
    np.testing.assert_allclose(found[1], roughness, atol=0.5)
