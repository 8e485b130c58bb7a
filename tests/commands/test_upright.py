"""Photos that a camera has stored sideways, and animations."""

import numpy as np
import pytest
from PIL import Image
from PIL import ImageOps

from keras_grl.commands import images

pytestmark = pytest.mark.backend_free
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 255, (8, 8, 3)).astype("uint8")


def load(path, size=8):
    loaded = images.load((path,), size)
    assert not loaded.unreadable
    return loaded.images[0], loaded.headers[0]


def exif(orientation):
    found = Image.Exif()
    found[0x0112] = orientation
    return found


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_as_pillow_does(orientation, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path, exif=exif(orientation))
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    found, _ = load(path)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png"])
def test_a_photo_is_upright_in_every_format(suffix, tmp_path):
    """Left half black, right half white; turned by a quarter, top and bottom.

    The sides of the header are those of the upright image.
    """
    pixels = np.zeros((16, 32, 3), "uint8")
    pixels[:, 16:] = 255
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(pixels).save(path, exif=exif(6))
    found, header = load(path)
    assert (header.width, header.height) == (16, 32)
    assert found[:3].max() < 60 and found[-3:].min() > 190


def test_sixteen_bits_are_turned_too(tmp_path):
    deep = (PIXELS[..., 0].astype("uint16")) * 257
    path = tmp_path / "deep.png"
    Image.fromarray(deep).save(path, exif=exif(3))
    found, header = load(path)
    assert header.mode == "16-bit gray"
    np.testing.assert_array_equal(found[..., 0], PIXELS[::-1, ::-1, 0])


@pytest.mark.parametrize("value", [0, 9, 60000])
def test_metadata_that_mean_nothing_change_nothing(value, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path, exif=exif(value))
    np.testing.assert_array_equal(load(path)[0], PIXELS)


@pytest.mark.parametrize(
    "content", [b"", b"MM", b"MM\0*\xff\xff", b"II*\0\x08\0\0\0\xff\xff"]
)
def test_broken_metadata_leave_the_image(content, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path, exif=b"Exif\0\0" + content)
    np.testing.assert_array_equal(load(path)[0], PIXELS)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_of_an_animation_the_first_image_is_taken(suffix, tmp_path):
    frames = [Image.new("RGB", (8, 8), (n, n, n)) for n in (40, 120, 240)]
    path = tmp_path / f"moves{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert abs(int(load(path)[0].mean()) - 40) <= 2
