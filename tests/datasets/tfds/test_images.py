import io

import numpy as np
import pytest

pillow = pytest.importorskip("PIL.Image")

from keras_grl.datasets.tfds import archives
from keras_grl.datasets.tfds import images
from tests.datasets import official


@pytest.mark.parametrize("kind", ["PNG", "PPM", "JPEG"])
def test_only_the_header_of_a_giant_is_read(monkeypatch, kind):
    def decoded(self):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    with (
        pytest.raises(ValueError, match=r"8000 x 8000 pixels, more than"),
        images.opened(io.BytesIO(official.giant(kind)), kind),
    ):
        pass
    if kind != "PPM":
        with pytest.raises(ValueError, match=r"8000 x 8000 pixels, more than"):
            images.check(official.giant(kind))


def test_images_of_another_format(monkeypatch):
    def run(*args):
        raise AssertionError("Ghostscript was asked")

    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", run)
    photo = np.zeros((20, 18, 3), "uint8")
    contents = {kind: official.encoded(photo, kind) for kind in ("png", "bmp")}
    for content in (official.EPS, b"", b"\xff\xd8", contents["bmp"]):
        with pytest.raises(ValueError, match=r"no (PNG or )?JPEG image"):
            images.check(content)
    for content in (official.EPS, b"", *contents.values()):
        for name in ("a.jpg", "a.ppm"):
            with pytest.raises(ValueError, match=rf"x\.zip is damaged: {name}"):
                archives.photograph("x.zip", name, content)


def test_images_as_they_should_be():
    photo = official.photograph(20, 18)
    for kind in ("png", "jpeg"):
        images.check(official.encoded(photo, kind))
    for name, kind in (("a.jpg", "jpeg"), ("a.ppm", "ppm")):
        content = official.encoded(photo, kind)
        image = archives.photograph("x.zip", name, content)
        np.testing.assert_array_equal(
            np.asarray(image), np.asarray(pillow.open(io.BytesIO(content)))
        )
