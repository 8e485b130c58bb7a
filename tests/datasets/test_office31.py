import re

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import office31
from tests.datasets import official


@pytest.mark.parametrize("inside", [".", "office31"])
def test_the_official_folders(tmp_path, inside):
    official.write_office31(tmp_path / "manual" / inside)
    for domain in office31.DOMAINS:
        x, y = datasets.load(
            f"office31/{domain}",
            "train",
            tmp_path,
            tmp_path / "manual",
            image_size=32,
        )
        assert x.shape == (6, 32, 32, 3) and x.dtype == "uint8"
        names = [office31.CLASSES[label] for label in y]
        assert names == ["mouse"] * 3 + ["mug"] * 3
        assert x[0].max() <= 3 and abs(int(x[3].min()) - 80) <= 3


def test_there_are_31_classes_in_their_official_order():
    assert len(office31.CLASSES) == 31
    assert office31.CLASSES == sorted(office31.CLASSES)


def test_another_folder(tmp_path):
    (tmp_path / "manual" / "photos").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"`manual_dir`.*amazon/images"):
        datasets.load("office31/amazon", "train", tmp_path, tmp_path / "manual")


def test_an_empty_folder(tmp_path):
    manual = tmp_path / "manual"
    manual.mkdir()
    with pytest.raises(FileNotFoundError) as raised:
        datasets.load("office31/webcam", "train", tmp_path, manual)
    text = str(raised.value)
    for part in (
        "The photographs of office31/webcam are missing",
        str(manual),
        "domain_adaptation_images.tar.gz",
        "{amazon,dslr,webcam}/images/<class>/frame_0001.jpg",
        "`keras_grl.datasets.load(..., manual_dir='path/to/folder')`",
    ):
        assert text.count(part) == 1
    assert text.count("\n") == 1


def test_no_folder_by_default(tmp_path):
    with pytest.raises(FileNotFoundError, match="downloads/manual does not"):
        datasets.load("office31/amazon", "train", tmp_path)


def test_a_class_that_office_has_not(tmp_path):
    official.write_office31(tmp_path / "manual", classes=("mouse", "cats"))
    with pytest.raises(ValueError, match=r"another layout.*cats"):
        datasets.load("office31/dslr", "train", tmp_path, tmp_path / "manual")


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_damaged_photograph(tmp_path, kept):
    official.write_office31(tmp_path / "manual")
    path = tmp_path / "manual/dslr/images/mug/frame_0002.jpg"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=r"mug/frame_0002\.jpg is damaged"):
        datasets.load("office31/dslr", "train", tmp_path, tmp_path / "manual")
    assert not list(tmp_path.rglob("dataset_info.json"))


# The second is taken for a PPM, whose reader has errors of its own.
@pytest.mark.parametrize("content", [b"garbage", b"P6\n18"])
def test_something_else_than_a_photograph(tmp_path, content):
    official.write_office31(tmp_path / "manual")
    path = tmp_path / "manual/dslr/images/mug/frame_0002.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged") as raised:
        datasets.load("office31/dslr", "train", tmp_path, tmp_path / "manual")
    text = str(raised.value)
    want = f"Expected: a JPEG. Received: {len(content)} B, "
    assert f"The photograph {path} is damaged. {want}" in text
    assert text.endswith("\nUnpack domain_adaptation_images.tar.gz again.")


def test_samples_of_each_class():
    labels = np.random.default_rng(0).integers(0, 5, size=300)
    chosen = office31.sample(labels, 20, seed=3)
    assert len(set(chosen)) == 100
    assert np.bincount(labels[chosen]).tolist() == [20] * 5
    assert (chosen == office31.sample(labels, 20, seed=3)).all()
    assert (chosen != office31.sample(labels, 20, seed=4)).any()


def test_a_class_of_fewer_gives_all_it_has():
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    chosen = office31.sample(labels, 4)
    assert np.bincount(labels[chosen]).tolist() == [4, 3]
    with pytest.raises(ValueError, match=r"`per_class`.*at least 1"):
        office31.sample(labels, 0)


@pytest.mark.parametrize("labels", [[], 3, [[1, 2]]])
def test_no_labels(labels):
    shape = re.escape(str(np.shape(labels)))
    with pytest.raises(
        ValueError, match=rf"`labels`.*one or more.*Received.*{shape}"
    ):
        office31.sample(labels, 2)


@pytest.mark.parametrize("kind", ["eps", "giant", "bmp"])
def test_a_photograph_that_is_none(tmp_path, monkeypatch, kind):
    """TFDS would copy it, and it would be decoded with every reading."""

    def run(*args):
        raise AssertionError("Ghostscript was asked")

    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", run)
    manual = tmp_path / "manual"
    official.write_office31(manual)
    path = manual / "dslr" / "images" / "mug" / "frame_0002.jpg"
    content = {
        "eps": lambda: official.EPS,
        "giant": lambda: official.giant("JPEG"),
        "bmp": lambda: official.encoded(np.zeros((9, 9, 3), "uint8"), "bmp"),
    }[kind]()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mug/frame_0002\.jpg is damaged"):
        datasets.load("office31/dslr", "train", tmp_path, manual)
