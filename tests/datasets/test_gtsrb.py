import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import gtsrb
from tests.datasets import official
from tests.testing import ROOT

pytestmark = official.not_official


def test_official_archives(tmp_path):
    """Crops are of the sign alone; every number lands in its place."""
    manual = tmp_path / "manual"
    manual.mkdir()
    official.write_gtsrb(manual)
    x, y = datasets.load("gtsrb", "train", tmp_path, manual)
    assert x.shape == (12, 40, 40, 3) and x.dtype == "uint8"
    assert (x == x[:, :1, :1]).all()  # one colour each, no white border
    want = [(c, t, f) for c in (0, 7) for t in range(2) for f in range(3)]
    assert x[:, 0, 0].tolist() == [list(each) for each in want]
    assert y.tolist() == [c for c, _, _ in want]
    images, labels, tracks = gtsrb.load_with_tracks("gtsrb", tmp_path, manual)
    np.testing.assert_array_equal(images, x)
    np.testing.assert_array_equal(labels, y)
    assert tracks.tolist() == [c * 100_000 + t for c, t, _ in want]
    x, y = datasets.load("gtsrb", "test", tmp_path, manual)
    assert x[:, 0, 0].tolist() == [[7, 9, n] for n in range(4)]
    assert y.tolist() == [7] * 4


def test_tracks_are_of_gtsrb_alone():
    with pytest.raises(ValueError, match=r"`name`\. Expected"):
        gtsrb.load_with_tracks("mnist")


def test_the_training_archive_alone(tmp_path):
    manual = tmp_path / "manual"
    manual.mkdir()
    official.write_gtsrb(manual, classes=(3,))
    (manual / gtsrb.TEST).unlink()
    x, y = datasets.load("gtsrb/training", "train", tmp_path, manual)
    assert len(x) == 6 and set(y) == {3}
    with pytest.raises(ValueError, match=r'`split`.*"train".*Received'):
        datasets.load("gtsrb/training", "test", tmp_path, manual)


def without_an_image(files):
    del files["GTSRB/Final_Training/Images/00007/00001_00002.ppm"]
    return files


def with_another_image(files):
    name = "GTSRB/Final_Training/Images/00007/00009_00002.ppm"
    return {**files, name: b""}


def with_commas(files):
    name = "GTSRB/Final_Training/Images/00000/GT-00000.csv"
    return {**files, name: files[name].replace(b";", b",")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_an_image, r"incomplete.*00007/00001_00002\.ppm"),
        (with_another_image, r"another layout.*00009_00002\.ppm.*in none"),
        (with_commas, r"other columns.*separated by semicolons"),
        (lambda files: {"a.txt": b""}, "incomplete"),
    ],
)
def test_archives_that_are_not_right(tmp_path, change, message):
    files = change(official.training_files())
    official.write_zip(tmp_path / gtsrb.TRAINING, files)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        datasets.load("gtsrb/training", "train", tmp_path / "data", tmp_path)
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_no_track_is_in_both_parts():
    tracks = np.repeat(np.arange(50), 30)
    chosen = gtsrb.validation_split(tracks, share=0.2, seed=1)
    assert chosen.sum() == 10 * 30
    assert not set(tracks[chosen]) & set(tracks[~chosen])
    other = gtsrb.validation_split(tracks, share=0.2, seed=2)
    assert set(tracks[chosen]) != set(tracks[other])


def test_tracks_of_real_photographs(tmp_path, monkeypatch):
    folder = ROOT.parent / "shared" / "data" / "archives"
    archive = folder / gtsrb.TRAINING
    if not archive.exists():
        pytest.skip("needs the shared part of GTSRB, which is not shipped")
    monkeypatch.setattr(gtsrb, "signs", lambda *_: None)  # takes seconds
    builder = gtsrb.Gtsrb(config="training", data_dir=tmp_path)
    found = [
        (example["track"], example["label"])
        for _, example in builder._generate_examples(archive, archive)
    ]
    tracks, labels = np.transpose(found)
    assert set(labels) == set(range(43))
    # One physical sign, about 30 times.
    lengths = np.unique(tracks, return_counts=True)[1]
    assert len(lengths) == 313 == len(set(found))
    assert lengths.min() >= 29 and lengths.max() <= 30
    for seed in range(5):
        chosen = gtsrb.validation_split(tracks, seed=seed)
        assert not set(tracks[chosen]) & set(tracks[~chosen])
        assert 0.18 < chosen.mean() < 0.22


@pytest.mark.parametrize("share", [0.0, 1.0, "half"])
def test_bad_share(share):
    with pytest.raises(ValueError, match=r"`share`.*Received"):
        gtsrb.validation_split(np.arange(9), share)
