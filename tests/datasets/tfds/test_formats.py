"""What is prepared serves every reader of TensorFlow Datasets."""

from pathlib import Path

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")

from tensorflow_datasets.core import dataset_info
from tensorflow_datasets.core import file_adapters

from keras_grl import datasets
from keras_grl.datasets.tfds import formats
from keras_grl.datasets.tfds import prepared
from tests.datasets import official

pytestmark = official.not_official


@pytest.fixture
def folders(tmp_path):
    manual, data = tmp_path / "manual", tmp_path / "data"
    manual.mkdir()
    official.write_gtsrb(manual)
    return data, manual


def by_tfds(data):
    dataset = tfds.as_numpy(
        tfds.load(
            "gtsrb/training", split="train", data_dir=data, download=False
        )
    )
    return [(example["image"], example["label"]) for example in dataset]


def test_load_then_tfds(folders):
    data, _ = folders
    x, y = datasets.load("gtsrb/training", "train", *folders)
    source = tfds.data_source("gtsrb/training", split="train", data_dir=data)
    of_source = [(source[i]["image"], source[i]["label"]) for i in range(12)]
    assert len(source) == 12
    for found in (by_tfds(data), of_source):
        # In another order, by which nothing can be paired.
        assert sorted(image.tobytes() for image, _ in found) == sorted(
            image.tobytes() for image in x
        )
        assert sorted(label for _, label in found) == sorted(y)
    # Whichever was read before.
    again, labels = datasets.load("gtsrb/training", "train", data)
    np.testing.assert_array_equal(again, x)
    np.testing.assert_array_equal(labels, y)


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_tfds_then_load(folders, file_format):
    data, manual = folders
    datasets.register()
    builder = tfds.builder(
        "gtsrb/training", data_dir=data, file_format=file_format
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual)
    )
    before = sorted(data.rglob("*"))
    x, _ = datasets.load("gtsrb/training", "train", data)
    assert len(x) == 12
    # What others have prepared is left as it is.
    assert sorted(data.rglob("*")) == before


@pytest.mark.parametrize("name", ["gtsrb/training", "mnist_m"])
def test_files_may_be_shuffled(folders, name):
    """Of a set that is in random order, and of one that keeps its order."""
    data, manual = folders
    official.write_mnist(data)
    official.write_bsds500(manual)
    x, _ = datasets.load(name, "train", *folders)
    found = tfds.load(
        name,
        split="train",
        data_dir=data,
        download=False,
        shuffle_files=True,
        read_config=tfds.ReadConfig(shuffle_seed=3),
    )
    assert sorted(e["image"].tobytes() for e in tfds.as_numpy(found)) == sorted(
        image.tobytes() for image in x
    )


@pytest.mark.parametrize("error", [OSError, RuntimeError])
@pytest.mark.parametrize("where", ["examples", "description"])
def test_a_second_format_that_cannot_be_written(
    folders, monkeypatch, where, error
):
    """ArrayRecord's writer raises a RuntimeError where the disk is full."""
    data, _ = folders
    adapter = file_adapters.ADAPTER_FOR_FORMAT[formats.ARRAY_RECORD]

    def full(path, examples):
        path.write_bytes(b"half")
        raise error("No space left on device")

    def full_at_last(proto, dataset_info_dir):
        folder = Path(dataset_info_dir)
        if folder.name != formats._UNFINISHED:
            return write(proto, dataset_info_dir)
        (folder / "dataset_info.json").write_text('{"name"')
        raise error("No space left on device")

    write = dataset_info.write_dataset_info_proto
    if where == "examples":
        monkeypatch.setattr(adapter, "write_examples", full)
    else:
        name = "write_dataset_info_proto"
        monkeypatch.setattr(dataset_info, name, full_at_last)
    with pytest.warns(UserWarning, match="not for .*: No space"):
        x, _ = datasets.load("gtsrb/training", "train", *folders)
    assert len(x) == len(by_tfds(data)) == 12
    names = {path.name for path in data.glob("gtsrb/training/1.0.0/*")}
    assert names == {
        "dataset_info.json",
        "features.json",
        "gtsrb-train.tfrecord-00000-of-00001",
    }
    builder = prepared.ready("gtsrb/training", data)
    assert builder.info.alternative_file_formats == []


def test_a_damaged_set_gets_no_second_format(folders, monkeypatch):
    """What is written is read again for it: that is the time to notice."""
    data, _ = folders
    adapter = file_adapters.ADAPTER_FOR_FORMAT[formats.ARRAY_RECORD]
    write = adapter.write_examples

    def damaging(path, examples):
        (source,) = data.rglob("gtsrb-train.tfrecord*")
        content = bytearray(source.read_bytes())
        content[100] ^= 1
        source.write_bytes(content)
        return write(path, examples)

    monkeypatch.setattr(adapter, "write_examples", damaging)
    with pytest.raises(ValueError, match=r"record 0 .*does not match"):
        datasets.load("gtsrb/training", "train", *folders)
    assert not list(data.rglob("*array_record*"))
