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


IMAGES = "GTSRB/Final_Training/Images"
CSV = f"{IMAGES}/00007/GT-00007.csv"
PPM = f"{IMAGES}/00007/00001_00002.ppm"
ROW = b"00001_00002.ppm;18;20;3;4;12;16;7\n"


def with_row(row):
    def change(files):
        assert ROW in files[CSV]
        return {**files, CSV: files[CSV].replace(ROW, row)}

    return change


def with_box(*box):
    return with_row(b"00001_00002.ppm;18;20;%d;%d;%d;%d;7\n" % box)


def with_content(name, content):
    return lambda files: {**files, name: content}


OUTSIDE = (
    f"{CSV}, the row of {PPM}. Expected: 0 <= Roi.X1 <= Roi.X2 and "
    "0 <= Roi.Y1 <= Roi.Y2 inside of the photograph of 18 x 20 pixels. "
    "Received: Roi.X1, Roi.Y1, Roi.X2, Roi.Y2 = "
)
OF_ROW = f"{CSV}, the row of 00001_00002.ppm. Expected: "
INTEGERS = "integers in Roi.X1, Roi.Y1, Roi.X2, Roi.Y2, ClassId. Received: {"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_box(300, 4, 312, 16), OUTSIDE + "300, 4, 312, 16"),
        (with_box(-1, 4, 12, 16), OUTSIDE + "-1, 4, 12, 16"),
        (with_box(3, -4, 12, 16), OUTSIDE + "3, -4, 12, 16"),
        (with_box(3, 4, 18, 16), OUTSIDE + "3, 4, 18, 16"),
        (with_box(3, 4, 12, 20), OUTSIDE + "3, 4, 12, 20"),
        (with_box(3, 4, 2, 16), OUTSIDE + "3, 4, 2, 16"),
        (with_box(3, 4, 12, 3), OUTSIDE + "3, 4, 12, 3"),
        (
            with_row(b"00001_00002.ppm;18;20;3;four;12;16;7\n"),
            OF_ROW + INTEGERS + "'Roi.X1': '3', 'Roi.Y1': 'four'",
        ),
        (
            with_row(b"00001_00002.ppm;18;20;3;4\n"),  # cut short
            OF_ROW + INTEGERS + "'Roi.X1': '3', 'Roi.Y1': '4', 'Roi.X2': None",
        ),
        (
            with_row(b"00001_00002.ppm;18;20;3;4;12;16;77\n"),
            OF_ROW + "a ClassId from 0 to 42. Received: 77",
        ),
        (
            with_row(b"00001_00002.ppm;18;20;3;4;12;16;-1\n"),
            OF_ROW + "a ClassId from 0 to 42. Received: -1",
        ),
        (
            with_row(b"00001_00002.ppm;18;20;3;4;12;16;5\n"),
            OF_ROW + "ClassId 7, as the folder says. Received: 5",
        ),
        (
            with_row(ROW + ROW.replace(b";3;", b";0;")),
            f"{CSV}, the rows of 00001_00002.ppm. Expected: one. Received: "
            "(0, 4, 12, 16) as well as (3, 4, 12, 16)",
        ),
        (
            with_row(b";18;20;3;4;12;16;7\n"),
            f"{CSV}, the row of . Expected: a Filename. Received: {{'Roi.X1'",
        ),
        (
            with_row(b"\xff"),
            f"{CSV}. Expected: a table separated by semicolons, in UTF-8. "
            "Received: 'utf-8' codec can't decode byte 0xff",
        ),
        (
            with_row(b"0\r1"),
            f"{CSV}. Expected: a table separated by semicolons, in UTF-8. "
            "Received: new-line character seen",
        ),
        (
            with_content(PPM, b"garbage"),
            f"{PPM}. Expected: a photograph. Received: 7 B, no PPM image",
        ),
        (
            with_content(PPM, b"P6\n18 20\n255\n" + bytes(99)),
            f"{PPM}. Expected: a photograph. Received: 112 B, image file is "
            "truncated",
        ),
        # Pillow raises a ValueError of its own.
        (
            with_content(PPM, b"P6\n18"),
            f"{PPM}. Expected: a photograph. Received: 5 B, ",
        ),
    ],
)
def test_one_file_of_an_archive_is_damaged(tmp_path, change, message):
    archive = tmp_path / gtsrb.TRAINING
    official.write_zip(archive, change(official.training_files()))
    with pytest.raises(ValueError, match="is damaged") as raised:
        datasets.load("gtsrb/training", "train", tmp_path / "data", tmp_path)
    text = str(raised.value)
    assert f"The archive {archive} is damaged: {message}" in text
    assert text.endswith("\nDelete it and download it again.")
    assert "BytesIO" not in text and text.count("\n") == 1
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_a_photograph_that_is_in_the_archive_twice(tmp_path):
    """Under another folder: TFDS would complain of two equal keys."""
    archive = tmp_path / gtsrb.TRAINING
    files = official.training_files()
    second = PPM.replace("Images", "Copy")
    official.write_zip(archive, {**files, second: files[PPM]})
    with pytest.raises(ValueError, match="is damaged") as raised:
        datasets.load("gtsrb/training", "train", tmp_path / "data", tmp_path)
    expected = f"{second}. Expected: one photograph. Received: a second one"
    assert f"The archive {archive} is damaged: {expected}" in str(raised.value)


def test_a_sign_may_fill_the_photograph(tmp_path):
    files = with_box(0, 0, 17, 19)(official.training_files())
    official.write_zip(tmp_path / gtsrb.TRAINING, files)
    x, _ = datasets.load("gtsrb/training", "train", tmp_path / "d", tmp_path)
    (whole,) = x[(x[:, 20, 20] == [7, 1, 2]).all(axis=-1)]
    assert whole[0, 0].tolist() == whole[-1, -1].tolist() == [255] * 3


def test_a_box_outside_of_the_image():
    image = official.pillow.new("RGB", (18, 20))
    with pytest.raises(
        ValueError,
        match=r"`box`.*inside of 18 x 20 pixels.*\(300, 4, 312, 16\)",
    ):
        gtsrb.signs(image, (300, 4, 312, 16))


def test_no_track_is_in_both_parts():
    tracks = np.repeat(np.arange(50), 30)
    chosen = gtsrb.validation_split(tracks, share=0.2, seed=1)
    assert chosen.sum() == 10 * 30
    assert not set(tracks[chosen]) & set(tracks[~chosen])
    other = gtsrb.validation_split(tracks, share=0.2, seed=2)
    assert set(tracks[chosen]) != set(tracks[other])


def test_the_same_tracks_from_now_on():
    """Results that were published are of these."""
    tracks = np.repeat(np.arange(10), 2)
    for seed, want in [(0, [4, 5, 8, 9, 12, 13]), (7, [0, 1, 14, 15, 16, 17])]:
        chosen = gtsrb.validation_split(tracks, share=0.3, seed=seed)
        assert np.flatnonzero(chosen).tolist() == want


@pytest.mark.parametrize(
    ("sizes", "share", "want"),
    [
        # 3.2 of 16; one of one track is none, one of few is one.
        ([1, 2, 3, 10], 0.2, [0, 1, 1, 2]),
        # One track of each stays.
        ([2, 3, 10], 0.9, [1, 2, 9]),
        # 14 of 70: four of ten classes round 1.4 up.
        ([7] * 10, 0.2, [2] * 4 + [1] * 6),
        # 5.2 of 26: 1.8 is rounded up, 1.4 is not.
        ([7, 9, 10], 0.2, [1, 2, 2]),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_tracks_of_each_class(sizes, share, want, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    tracks = 100 + np.random.default_rng(5).permutation(len(labels))
    labels, tracks = np.repeat(labels, 3), np.repeat(tracks, 3)
    mixed = np.random.default_rng(6).permutation(len(labels))
    labels, tracks = labels[mixed], tracks[mixed]
    chosen = gtsrb.validation_split(tracks, share, seed, labels=labels)
    assert chosen.shape == tracks.shape and chosen.dtype == bool
    assert not set(tracks[chosen]) & set(tracks[~chosen])
    counts = [
        len(set(tracks[chosen & (labels == n)])) for n in range(len(want))
    ]
    assert counts == want
    assert chosen.sum() == 3 * sum(want)
    again = gtsrb.validation_split(tracks, share, seed, labels=labels)
    other = gtsrb.validation_split(tracks, share, seed + 2, labels=labels)
    assert (chosen == again).all() and (chosen != other).any()


def test_a_class_of_one_track_stays_in_training():
    tracks, labels = [5, 5, 8, 8, 9, 9], [3, 3, 4, 4, 4, 4]
    seen = set()
    for seed in range(20):
        chosen = gtsrb.validation_split(tracks, 0.9, seed, labels)
        seen.add(tuple(np.flatnonzero(chosen)))
    assert seen == {(2, 3), (4, 5)}


@pytest.mark.parametrize(
    ("tracks", "labels", "message"),
    [
        ([3, 3, 3], None, r"`tracks`.*two different tracks.*tracks=\[3\]"),
        ([3, 3, 3], [1, 1, 1], r"`tracks`.*two different tracks.*\[3\]"),
        ([], None, r"`tracks`.*two different tracks.*tracks=\[\]"),
        ([3, 4, 5], [1, 1], r"`labels`.*shape \(n,\).*\(2,\) for \(3,\)"),
        (
            [3, 4, 4],
            [1, 1, 2],
            r"(?s)`labels`.*one class for each.*\[1, 2\] for track 4.*apart",
        ),
        ([3, 4, 4], [1, 2, 2], r"`labels`.*two tracks.*2 classes for 2"),
    ],
)
def test_tracks_that_cannot_be_split(tracks, labels, message):
    with pytest.raises(ValueError, match=message):
        gtsrb.validation_split(tracks, labels=labels)


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
        chosen = gtsrb.validation_split(tracks, seed=seed, labels=labels)
        assert not set(tracks[chosen]) & set(tracks[~chosen])
        # A fifth of 313 is 63, but no class goes without.
        assert len(set(tracks[chosen])) == 67
        assert set(labels[chosen]) == set(labels[~chosen]) == set(range(43))


@pytest.mark.parametrize("share", [0.0, 1.0, "half"])
def test_bad_share(share):
    with pytest.raises(ValueError, match=r"`share`.*Received"):
        gtsrb.validation_split(np.arange(9), share)
