import dataclasses
import sys

import numpy as np
import pytest
import requests

tfds = pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import gtsrb
from keras_grl.datasets import mnist_m
from tests.datasets import official
from tests.testing import BACKEND
from tests.testing import ROOT
from tests.testing import run_python


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    official.write_mnist(folder)
    return folder


def test_embedded_sets_need_nothing():
    for name in ("digits", "digits_cluttered"):
        info = datasets.info(name)
        for split, count in info.splits.items():
            x, y = datasets.load(name, split)
            assert x.shape == (count, *info.image_shape)
            assert x.dtype == "uint8" and y.dtype == "int64"
            assert len(np.unique(y)) == info.num_classes


def test_a_set_that_tfds_has_prepared(data_dir):
    x, y = datasets.load("mnist", "train", data_dir)
    assert x.shape == (7, 28, 28, 1) and x.dtype == "uint8"
    assert x[:, 15, 15, 0].tolist() == y.tolist() == list(range(7))
    assert y.dtype == "int64"


def test_parts_of_embedded_sets(data_dir):
    x, y = datasets.load("digits_cluttered", "test")
    part, labels = datasets.load("digits_cluttered", "test[-100:]+test[:5]")
    np.testing.assert_array_equal(part, np.concatenate([x[-100:], x[:5]]))
    np.testing.assert_array_equal(labels, np.concatenate([y[-100:], y[:5]]))
    # Folders are nothing to them.
    x, y = datasets.load("digits", "all", data_dir)
    assert len(x) == len(y) == 1000


def test_embedded_sets_without_tfds(monkeypatch):
    monkeypatch.delattr(datasets.tfds, "reading", raising=False)
    monkeypatch.setitem(sys.modules, "keras_grl.datasets.tfds.reading", None)
    assert len(datasets.load("digits", "test")[0]) == 100
    with pytest.raises(ValueError, match=r"(?s)`split`.*Parts.*pip install"):
        datasets.load("digits", "test[:5]")


def test_what_needs_tfds_says_so_and_works_once_it_is_installed(monkeypatch):
    for name in ("registration", "prepared", "reading"):
        module = f"keras_grl.datasets.tfds.{name}"
        monkeypatch.setitem(sys.modules, module, None)
    assert datasets.info("mnist_m").num_classes == 10
    dataset = dataclasses.replace(mnist_m.DATASET)
    attribute = datasets.tfds.builder_classes(dataset, "a_file")
    for call in (
        datasets.register,
        lambda: datasets.load("mnist"),
        gtsrb.load_with_tracks,
        lambda: mnist_m.MnistM,
        lambda: attribute("MnistM"),
    ):
        with pytest.raises(ImportError, match=r"needs TensorFlow.*pip install"):
            call()
    monkeypatch.undo()
    with tfds.core.registered.skip_registration():
        assert attribute("MnistM").name == "mnist_m"
    assert mnist_m.MnistM is tfds.builder_cls("mnist_m")
    with pytest.raises(AttributeError, match="'a_file' has no attribute 'Mn'"):
        attribute("Mn")


@pytest.mark.parametrize(
    ("split", "labels"),
    [
        ("train[2:4]", [2, 3]),
        ("train[-1:]", [6]),
        ("test[:40%]", [0, 1]),
        ("train[5:]+test[:1]", [5, 6, 0]),
        ("train[:0]", []),
        ("train[5:2]", []),
        ("train[5:2]+test[:1]", [0]),
    ],
)
def test_parts_of_splits(data_dir, split, labels):
    x, y = datasets.load("mnist", split, data_dir)
    assert y.tolist() == x[:, 15, 15, 0].tolist() == labels


def test_importing_it_is_enough_for_tfds_and_reading_needs_no_tensorflow(
    data_dir,
):
    done = run_python(
        "import sys\n"
        "from keras_grl import datasets\n"
        f"x, y = datasets.load('mnist', 'test', {str(data_dir)!r})\n"
        "assert x.shape == (5, 28, 28, 1), x.shape\n"
        f"if {BACKEND!r} != 'tensorflow':\n"
        "    assert 'tensorflow' not in sys.modules\n"
        "import tensorflow_datasets as tfds\n"
        f"builder = tfds.builder('mnist_m', data_dir={str(data_dir)!r})\n"
        "assert builder.name == 'mnist_m'"
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("lost", [1, 30, 500])
def test_a_file_cut_short(tmp_path, lost):
    official.write_mnist(tmp_path)
    (path,) = tmp_path.glob("mnist/3.0.1/mnist-train.tfrecord-*")
    path.write_bytes(path.read_bytes()[:-lost])
    message = r"damaged.*7 examples.*after (\d).*record \1 of .* was cut short"
    with pytest.raises(ValueError, match=message):
        datasets.load("mnist", "train", tmp_path)


def test_a_file_with_damaged_examples(tmp_path):
    official.write_mnist(tmp_path)
    (path,) = tmp_path.glob("mnist/3.0.1/mnist-train.tfrecord-*")
    content = path.read_bytes()
    assert content.count(b"IDAT") == 7
    place = content.rindex(b"IDAT") + 10
    path.write_bytes(content[:place] + b"\0" * 8 + content[place + 8 :])
    with pytest.raises(ValueError, match=r"damaged.*7 exa(?s:.*)Delete that"):
        datasets.load("mnist", "train", tmp_path)


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_description(tmp_path, damage):
    official.write_mnist(tmp_path)
    path = tmp_path / "mnist" / "3.0.1" / "dataset_info.json"
    text = path.read_text()
    path.unlink()
    if damage == "cut":
        path.write_text(text[:-30])
    with pytest.raises(ValueError, match=r"damaged(?s:.*)Delete it and"):
        datasets.load("mnist", "train", tmp_path)


def test_folders(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(data_dir.parent))
    x, _ = datasets.load("mnist", "train", f"~/{data_dir.name}")
    assert len(x) == 7
    file = tmp_path / "file"
    file.touch()
    for argument, value, message in (
        ("data_dir", file, "the path of a file"),
        ("data_dir", 5, "the path of a folder"),
        ("manual_dir", file, "the path of a file"),
        ("manual_dir", tmp_path / "no", "a folder that exists"),
    ):
        with pytest.raises(ValueError, match=f"`{argument}`(?s:.*){message}"):
            datasets.load("gtsrb", "train", **{argument: value})


def test_a_bad_split_is_refused_before_anything_is_prepared(tmp_path):
    for name in ("syn_numbers", "gtsrb", "office31/dslr"):
        with pytest.raises(ValueError, match=r'`split`.*one of "train"'):
            datasets.load(name, "validation", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (("minst",), "name"),
        (("office31",), "name"),
        ((7,), "name"),
        (("mnist:3.0.1",), "name"),
        (("syn_numbers:9.0.0",), "name"),
        (("syn_numbers:",), "name"),
        (("mnist", "validation"), "split"),
        (("mnist", "train[3"), "split"),
        (("mnist", "train[9:]"), "split"),
        (("mnist", None), "split"),
        (("digits", "dev"), "split"),
        (("digits", "train[801:]"), "split"),
        (("digits", "train[3"), "split"),
    ],
)
def test_bad_arguments(data_dir, arguments, argument):
    name, split = (*arguments, "train")[:2]
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        datasets.load(name, split, data_dir)


def test_a_name_with_a_version_has_the_facts_of_the_set():
    for name in ("syn_numbers", "syn_numbers/small", "syn_signs"):
        assert datasets.info(f"{name}:2.0.0") == datasets.info(name)
    with pytest.raises(ValueError, match=r'"syn_signs:1\.0\.0", "syn_signs:2'):
        datasets.info("syn_signs:3.0.0")


def test_what_cannot_be_downloaded_says_where_it_is(tmp_path, monkeypatch):
    official.write_mnist(tmp_path)

    def no_network(self, url):
        raise ConnectionError("no network")

    monkeypatch.setattr(tfds.download.DownloadManager, "download", no_network)
    with pytest.raises(
        OSError, match=r"(?s)BSR_bsds500\.tgz.*eecs.*manual_dir"
    ):
        datasets.load("mnist_m", "train", tmp_path)


def test_a_set_of_tfds_that_cannot_be_downloaded(tmp_path, monkeypatch):
    def no_network(self, url):
        raise requests.exceptions.ProxyError("no network")

    manager = tfds.download.DownloadManager
    monkeypatch.setattr(manager, "download_and_extract", no_network)
    monkeypatch.setattr(manager, "download", no_network)
    with pytest.raises(
        OSError, match=r"(?s)mnist cannot be downloaded: no network.*data_dir="
    ):
        datasets.load("mnist", "train", tmp_path)


@pytest.mark.parametrize("name", ["mnist", "svhn_cropped"])
def test_read_as_tfds_reads_it(name):
    split = "test[100:120]"
    folder = ROOT.parent / "shared" / "data" / "tensorflow_datasets"
    if not folder.exists():
        pytest.skip("needs the shared MNIST and SVHN, which are not shipped")
    x, y = datasets.load(name, split, folder)
    other = tfds.load(name, split=split, data_dir=folder, download=False)
    for image, label, example in zip(x, y, tfds.as_numpy(other), strict=True):
        np.testing.assert_array_equal(image, example["image"])
        assert label == example["label"]
