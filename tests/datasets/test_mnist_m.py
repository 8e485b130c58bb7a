import hashlib

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import mnist_m
from keras_grl.datasets.tfds import bsds500
from tests.datasets import official

pytestmark = official.not_official


ARCHIVE = mnist_m.BSDS500


def mosaic(seed):
    """Grays in blocks of 8 x 8, which JPEG keeps exactly."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, size=(6, 8, 1), dtype="uint8")
    return np.kron(blocks, np.ones((8, 8, 3), "uint8"))


def test_fingerprint_of_a_prepared_set(tmp_path):
    """All that is between archives and arrays, pinned.

    Encoders and decoders of JPEG and PNG may be of any version, as every
    block of the photographs is of one gray: the first assertion tells if one
    of them rounds it. What may change the fingerprint and is not ours is
    NumPy's random generator.
    """
    official.write_mnist(tmp_path)
    photos = {
        part: [mosaic((number, seed)) for seed in range(3)]
        for number, part in enumerate(("train", "val"))
    }
    official.write_bsds500(tmp_path, photos)
    read = bsds500.photographs(tmp_path / ARCHIVE.name, ARCHIVE.url)
    np.testing.assert_array_equal(read["train"], photos["train"])
    np.testing.assert_array_equal(read["val"], photos["val"])
    sha = hashlib.sha256()
    for split in ("train", "test"):
        for array in datasets.load("mnist_m", split, tmp_path, tmp_path):
            sha.update(array.tobytes())
    assert sha.hexdigest()[:16] == "2dfceb644498acab"


def test_prepared_from_mnist_and_the_archive(tmp_path):
    official.write_mnist(tmp_path)
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    official.write_bsds500(manual)
    for split, count, grays in (("train", 7, 100), ("test", 5, 200)):
        x, y = datasets.load("mnist_m", split, data_dir=tmp_path)
        assert x.shape == (count, 28, 28, 3) and x.dtype == "uint8"
        assert y.tolist() == list(range(count))
        # Photographs of one gray: all of the patch is seen outside the digit.
        background = x[:, 0, 0, 0].astype(int)
        assert set(background) <= {grays, grays + 1}
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
    archive = tmp_path / ARCHIVE.name
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
