import hashlib

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import bsds500
from keras_grl.datasets import mnist_m
from tests.datasets import official

pytestmark = official.not_official


def digits(count=6):
    random = np.random.default_rng(0)
    return random.integers(0, 256, size=(count, 28, 28), dtype="uint8")


def photographs():
    return [official.photograph(60, 70, seed) for seed in range(3)]


def test_a_blend_is_the_distance_from_some_patch():
    """Each patch is found again in the photographs."""
    x, photos = digits(), photographs()
    found = []
    for digit, image in zip(x, mnist_m.blend(x, photos, 3), strict=True):
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
    images = mnist_m.blend(x, photos, (5, 1))
    np.testing.assert_array_equal(
        images, mnist_m.blend(x[..., np.newaxis], photos, (5, 1))
    )
    np.testing.assert_array_equal(
        images[:2], mnist_m.blend(x[:2], photos, (5, 1))
    )
    assert not np.array_equal(images, mnist_m.blend(x, photos, (5, 2)))


def test_fingerprint():
    """The same images on every machine and in every version from now on."""
    images = mnist_m.blend(digits(), photographs())
    assert (
        hashlib.sha256(images.tobytes()).hexdigest()[:16] == "daa17aa7039219d0"
    )


def mosaic(seed):
    """Greys in blocks of 8 x 8, which JPEG keeps exactly."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, size=(6, 8, 1), dtype="uint8")
    return np.kron(blocks, np.ones((8, 8, 3), "uint8"))


def test_fingerprint_of_a_prepared_set(tmp_path):
    """All that is between archives and arrays, pinned.

    Encoders and decoders of JPEG and PNG may be of any version, as every
    block of the photographs is of one grey: the first assertion tells if one
    of them rounds it. What may change the fingerprint and is not ours is
    NumPy's random generator.
    """
    official.write_mnist(tmp_path)
    photos = {
        part: [mosaic((number, seed)) for seed in range(3)]
        for number, part in enumerate(("train", "val"))
    }
    official.write_bsds500(tmp_path, photos)
    read = bsds500.photographs(tmp_path / bsds500.ARCHIVE)
    np.testing.assert_array_equal(read["train"], photos["train"])
    np.testing.assert_array_equal(read["val"], photos["val"])
    sha = hashlib.sha256()
    for split in ("train", "test"):
        for array in datasets.load("mnist_m", split, tmp_path, tmp_path):
            sha.update(array.tobytes())
    assert sha.hexdigest()[:16] == "2dfceb644498acab"


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
        mnist_m.blend(x, photos)


def test_prepared_from_mnist_and_the_archive(tmp_path):
    official.write_mnist(tmp_path)
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    official.write_bsds500(manual)
    for split, count, greys in (("train", 7, 100), ("test", 5, 200)):
        x, y = datasets.load("mnist_m", split, data_dir=tmp_path)
        assert x.shape == (count, 28, 28, 3) and x.dtype == "uint8"
        assert y.tolist() == list(range(count))
        # Photographs of one grey: all of the patch is seen outside the digit.
        background = x[:, 0, 0, 0].astype(int)
        assert set(background) <= {greys, greys + 1}
        np.testing.assert_array_equal(
            x[:, 15, 15, 0], background - np.arange(count)
        )
    # As users of TFDS know it.
    import tensorflow_datasets as tfds

    source = tfds.data_source("mnist_m", split="test", data_dir=tmp_path)
    np.testing.assert_array_equal(source[3]["image"], x[3])


def test_an_archive_of_another_layout(tmp_path):
    official.write_mnist(tmp_path)
    manual = tmp_path / "manual"
    manual.mkdir()
    official.write_tar(manual / "BSR_bsds500.tgz", {"photos/1.jpg": b""})
    with pytest.raises(ValueError, match=r"another layout.*images/train"):
        datasets.load("mnist_m", data_dir=tmp_path, manual_dir=manual)
    # Nothing half-made is left that would be taken for the set.
    assert not list(tmp_path.glob("mnist_m/*/dataset_info.json"))
    official.write_bsds500(manual)
    x, _ = datasets.load("mnist_m", data_dir=tmp_path, manual_dir=manual)
    assert len(x) == 7


def test_a_damaged_photograph(tmp_path):
    official.write_mnist(tmp_path)
    archive = tmp_path / bsds500.ARCHIVE
    name = "BSR/BSDS500/data/images/val/7.jpg"
    whole = official.encoded(official.photograph(), "jpeg")
    half = whole[: len(whole) // 2]
    for content, reason in (
        (b"garbage", "7 B, no JPEG image"),
        (half, f"{len(half)} B, image file is truncated"),
    ):
        official.write_tar(archive, {name: content})
        with pytest.raises(ValueError, match="is damaged") as raised:
            datasets.load("mnist_m", "train", tmp_path, tmp_path)
        text = str(raised.value)
        assert f"The archive {archive} is damaged: {name}. Expected: " in text
        assert f"Received: {reason}" in text and "BytesIO" not in text
        assert text.endswith("\nDelete it and download it again.")
    assert not list(tmp_path.glob("mnist_m/**/dataset_info.json"))


def test_an_archive_with_far_too_many_photographs(tmp_path, monkeypatch):
    official.write_bsds500(tmp_path)
    path = tmp_path / bsds500.ARCHIVE
    assert len(bsds500.photographs(path)["train"]) == 2
    monkeypatch.setattr(bsds500, "LIMIT", 3 * 40 * 50 * 3)  # of four
    with pytest.raises(ValueError, match=r"BSR.*at most 18000 B of photogr"):
        bsds500.photographs(path)
