import bz2

import pytest

from keras_grl.datasets.tfds import libsvm


def written(folder, text):
    path = folder / "a.bz2"
    path.write_bytes(bz2.compress(text.encode()))
    return path


def test_labels_and_features(tmp_path):
    text = "3 1:0.5 2:-1 3:0.25 \n-1 2:1e-3\n+1\n"
    labels, values = libsvm.rows(written(tmp_path, text), 3)
    assert labels.tolist() == [3, -1, 1]
    # What is left out is 0.
    assert values.tolist() == [[0.5, -1, 0.25], [0, 0.001, 0], [0, 0, 0]]
    labels, values = libsvm.rows(written(tmp_path, ""), 3)
    assert labels.shape == (0,) and values.shape == (0, 3)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3 1:0.5 4:1", "b'4:1' after feature 1"),
        ("3 0:0.5", "b'0:0.5' after feature 0"),
        ("3 2:0.5 1:1", "b'1:1' after feature 2"),
        ("3 2:0.5 2:1", "b'2:1' after feature 2"),
        ("3 1", "b'1' after feature 0"),
        ("3 1:x", "float"),
        ("3 1:nan", "not finite"),
        ("3 1:inf", "not finite"),
        ("three 1:1", "float"),
        ("3 one:1", "int"),
        ("", "float"),
    ],
)
def test_a_damaged_line_is_named(line, reason, tmp_path):
    path = written(tmp_path, f"1 1:1\n{line}\n2 1:1\n")
    with pytest.raises(ValueError, match="3 features") as error:
        libsvm.rows(path, 3)
    message = str(error.value)
    assert reason in message and "in line 2" in message and str(path) in message


def test_a_file_cut_short_or_of_another_kind(tmp_path):
    path = written(tmp_path, "1 1:1\n" * 1000)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match=r"(?s)a\.bz2 is damaged.*again"):
        libsvm.rows(path, 3)
    path.write_bytes(b"1 1:1\n")
    with pytest.raises(ValueError, match="is damaged"):
        libsvm.rows(path, 3)


def test_no_line_and_no_number_of_lines_is_endless(tmp_path, monkeypatch):
    path = written(tmp_path, "1 1:" + "0" * 70_000)
    with pytest.raises(ValueError, match="is damaged"):
        libsvm.rows(path, 3)
    monkeypatch.setattr(libsvm, "_MOST", 2)
    with pytest.raises(ValueError, match="more than 2 lines"):
        libsvm.rows(written(tmp_path, "1 1:1\n" * 3), 3)
