import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import gtsrb
from keras_grl.datasets.tfds import gtsrb_archives
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
    assert (x == x[:, :1, :1]).all()  # one color each, no white border
    want = [[c, t, f] for c in (0, 7) for t in range(2) for f in range(3)]
    found = x[:, 0, 0].tolist()
    # In another order, so that a part of them is not of few classes.
    assert sorted(found) == want != found
    assert y.tolist() == [c for c, _, _ in found]
    images, labels, tracks = gtsrb.load_with_tracks("gtsrb", tmp_path, manual)
    np.testing.assert_array_equal(images, x)
    np.testing.assert_array_equal(labels, y)
    assert tracks.tolist() == [c * 100_000 + t for c, t, _ in found]
    x, y = datasets.load("gtsrb", "test", tmp_path, manual)
    assert sorted(x[:, 0, 0].tolist()) == [[7, 9, n] for n in range(4)]
    assert y.tolist() == [7] * 4


def test_folders_of_tracks(tmp_path):
    with pytest.raises(ValueError, match=r"`manual_dir`.*a folder that exists"):
        gtsrb.load_with_tracks("gtsrb", tmp_path, tmp_path / "missing")


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


def test_tracks_of_real_photographs(tmp_path, monkeypatch):
    folder = ROOT.parent / "shared" / "data" / "archives"
    archive = folder / gtsrb.TRAINING
    if not archive.exists():
        pytest.skip("needs the shared part of GTSRB, which is not shipped")
    monkeypatch.setattr(
        gtsrb_archives, "signs", lambda *_: None
    )  # takes seconds
    found = [
        (example["track"], example["label"])
        for _, example in gtsrb._examples(archive, archive)
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
        chosen = gtsrb.validation_split(tracks, seed=seed, labels=labels)
        assert not set(tracks[chosen]) & set(tracks[~chosen])
        # A fifth of 313 is 63, but no class goes without.
        assert len(set(tracks[chosen])) == 67
        assert set(labels[chosen]) == set(labels[~chosen]) == set(range(43))
