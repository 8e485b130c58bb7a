"""Prepared sets that were damaged, by a disk, a copy or by design."""

import io
import json
import shutil

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")
pillow = pytest.importorskip("PIL.Image")

from array_record.python import array_record_module

from keras_grl import datasets
from keras_grl.datasets.tfds import tfrecords
from tests.datasets import official
from tests.datasets.tfds.test_tfrecords import stored

FORMATS = ("tfrecord", "array_record")


@pytest.fixture(scope="module", params=FORMATS)
def prepared_once(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    official.write_mnist(folder, file_format=request.param)
    return folder


@pytest.fixture
def folder(prepared_once, tmp_path):
    return shutil.copytree(prepared_once, tmp_path / "data")


def train(folder):
    (path,) = folder.rglob("mnist-train.*")
    return path


def load(folder, split="train"):
    return datasets.load("mnist", split, folder)


def rewrite(path, records):
    if ".tfrecord" in path.name:
        path.write_bytes(b"".join(map(stored, records)))
        return
    writer = array_record_module.ArrayRecordWriter(str(path), "group_size:1")
    for record in records:
        writer.write(record)
    writer.close()


def records(path):
    if ".tfrecord" in path.name:
        return list(tfrecords.records(path))
    return array_record_module.ArrayRecordReader(str(path)).read_all()


def example(image, label=b"\x01"):
    """What TFDS stores, written by hand."""

    def field(number, content):
        size = len(content)
        assert size < 2**14
        sizes = [size & 127 | 128, size >> 7] if size > 127 else [size]
        return bytes([number << 3 | 2, *sizes]) + content

    features = b"".join(
        field(1, field(1, name) + field(2, value))
        for name, value in (
            (b"image", field(1, field(1, image))),
            (b"label", field(3, field(1, label))),
        )
    )
    return field(1, features)


def test_one_wrong_byte_of_a_label(folder):
    """It was read as another label, without a word."""
    _, labels = load(folder)
    path = train(folder)
    content = bytearray(path.read_bytes())
    # The name of the feature, and what says how long its value is.
    last = content.rindex(b"label\x12\x05\x1a\x03\x0a\x01") + 11
    assert content[last] == labels[-1] == 6
    content[last] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"are damaged(?s:.*)Delete that"
    ) as error:
        load(folder)
    assert str(folder) in str(error.value)
    assert "checksum" in str(error.value) or "hash" in str(error.value)
    assert len(load(folder, "test")[0]) == 5


@pytest.mark.parametrize("place", [0.001, 0.01, 0.02])
def test_wrong_bytes_elsewhere(folder, place):
    """Headers among them; ArrayRecord pads with zeros, which are nothing."""
    x, y = load(folder)
    path = train(folder)
    content = bytearray(path.read_bytes())
    for start in range(
        int(place * len(content)), int(place * len(content)) + 9
    ):
        damaged = bytearray(content)
        damaged[start] ^= 0x80
        path.write_bytes(damaged)
        try:
            again, labels = load(folder)
        except ValueError as error:
            assert "damaged" in str(error)
        else:
            assert ".array_record" in path.name
            np.testing.assert_array_equal(again, x)
            np.testing.assert_array_equal(labels, y)


@pytest.mark.parametrize("damage", ["missing", "empty", "folder", "short"])
def test_a_file_that_is_none(folder, damage):
    path = train(folder)
    content = path.read_bytes()
    path.unlink()
    if damage == "empty":
        path.touch()
    elif damage == "folder":
        path.mkdir()
    elif damage == "short":
        path.write_bytes(content[: len(content) // 3])
    with pytest.raises(ValueError, match=r"damaged|incomplete") as error:
        load(folder)
    for part in (str(folder), "7 examples of 'train'", "Delete that folder"):
        assert part in str(error.value)


@pytest.mark.parametrize("change", [-1, 1])
def test_another_number_of_records(folder, change):
    """Files of another version, say: each record is right by itself."""
    path = train(folder)
    before = records(path)
    rewrite(path, before[:-1] if change < 0 else [*before, before[0]])
    with pytest.raises(ValueError, match=r"damaged|incomplete") as error:
        load(folder)
    assert "7 examples of 'train'" in str(error.value)


def test_a_description_of_fewer(folder):
    (path,) = folder.rglob("dataset_info.json")
    content = json.loads(path.read_text())
    (split,) = [s for s in content["splits"] if s["name"] == "train"]
    assert split["shardLengths"] == ["7"]
    split["shardLengths"] = ["5"]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"damaged.*5 examples of 'train'"):
        load(folder)


def png(size):
    file = io.BytesIO()
    pillow.new("L", size).save(file, "PNG")
    return file.getvalue()


def test_what_is_written_by_hand_is_read(folder):
    """Or the next test would prove nothing."""
    rewrite(train(folder), [example(png((28, 28)))] * 7)
    x, y = load(folder)
    assert not x.any() and y.tolist() == [1] * 7


@pytest.mark.parametrize("image", ["giant", "eps", "bmp", "none"])
def test_images_that_tfds_never_writes(folder, monkeypatch, image):
    def run(*args):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", run)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", run)
    content = {
        "giant": lambda: official.giant("PNG"),
        "eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n",
        "bmp": lambda: b"BM" + bytes(60),
        "none": lambda: b"",
    }[image]()
    rewrite(train(folder), [example(content)] * 7)
    with pytest.raises(
        ValueError, match=r"damaged.*(more than|no PNG or JPEG)"
    ):
        load(folder)
