import hashlib

import numpy as np
import pytest

from keras_grl.datasets.generators.blending import blend
from tests.datasets import official


def digits(count=6):
    random = np.random.default_rng(0)
    return random.integers(0, 256, size=(count, 28, 28), dtype="uint8")


def photographs():
    return [official.photograph(60, 70, seed) for seed in range(3)]


def test_a_blend_is_the_distance_from_some_patch():
    """Each patch is found again in the photographs."""
    x, photos = digits(), photographs()
    found = []
    for digit, image in zip(x, blend(x, photos, 3), strict=True):
        for number, photo in enumerate(photos):
            windows = np.lib.stride_tricks.sliding_window_view(
                photo, (28, 28), axis=(0, 1)
            ).transpose(0, 1, 3, 4, 2)
            # The first pixel rules nearly all places out.
            first = np.abs(windows[:, :, 0, 0].astype(int) - digit[0, 0])
            for top, left in np.argwhere((first == image[0, 0]).all(-1)):
                patch = windows[top, left].astype(int)
                distance = np.abs(patch - digit[..., np.newaxis])
                if np.array_equal(distance, image):
                    found.append((number, top, left))
    assert len(found) == len(x) == len(set(found))


def test_a_patch_depends_on_seed_and_index_alone():
    x, photos = digits(), photographs()
    images = blend(x, photos, (5, 1))
    np.testing.assert_array_equal(
        images, blend(x[..., np.newaxis], photos, (5, 1))
    )
    np.testing.assert_array_equal(images[:2], blend(x[:2], photos, (5, 1)))
    assert not np.array_equal(images, blend(x, photos, (5, 2)))


def test_fingerprint():
    """The same images on every machine and in every version from now on."""
    images = blend(digits(), photographs())
    assert (
        hashlib.sha256(images.tobytes()).hexdigest()[:16] == "daa17aa7039219d0"
    )


@pytest.mark.parametrize(
    ("x", "photos", "argument"),
    [
        (np.zeros((2, 28, 28)), photographs(), "digits"),
        (np.zeros((2, 28, 28, 3), "uint8"), photographs(), "digits"),
        (digits(), [np.zeros((20, 50, 3), "uint8")], "photographs"),
        (digits(), [np.zeros((40, 50), "uint8")], "photographs"),
        (digits(), [np.zeros((40, 50, 3))], "photographs"),
    ],
)
def test_bad_arguments(x, photos, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        blend(x, photos)
