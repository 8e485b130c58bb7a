import pytest

pytest.importorskip("tensorflow_datasets")

from keras_grl import datasets
from keras_grl.datasets import gtsrb
from tests.datasets import official

pytestmark = official.not_official


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
