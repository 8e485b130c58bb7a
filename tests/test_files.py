import os

import pytest

from keras_grl.files import replaced


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replaced(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_write_replaces_the_file_and_leaves_no_others(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    with replaced(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["file"]


def test_open_files_can_be_read_to_the_end(tmp_path):
    path = tmp_path / "file"
    path.write_text("old, and whole")
    with open(path) as reader:
        assert reader.read(3) == "old"
        with replaced(path) as temporary:
            temporary.write_text("new")
        assert reader.read() == ", and whole"


def test_several_files_and_folders(tmp_path):
    path = tmp_path / "model"
    (path / "assets").mkdir(parents=True)
    (path / "assets" / "notes").write_text("of the user")
    with replaced(path) as temporary:
        (temporary / "assets").mkdir(parents=True)
        (temporary / "assets" / "words").write_text("new")
        (temporary / "config.json").write_text("new")
    assert names(path) == ["assets", "config.json"]
    assert names(path / "assets") == ["notes", "words"]


def test_the_file_that_lists_the_others_comes_last(tmp_path, monkeypatch):
    moved = []
    replace = os.replace
    monkeypatch.setattr(
        os, "replace", lambda a, b: (moved.append(b.name), replace(a, b))
    )
    with replaced(tmp_path / "w.json") as temporary:
        for name in ("w.json", "w_1.h5", "w_0.h5"):
            (temporary.parent / name).write_text("new")
    assert moved == ["w_0.h5", "w_1.h5", "w.json"]


def test_a_link_stays_a_link(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("old")
    link.symlink_to(path)
    with replaced(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_folder_that_does_not_exist(tmp_path):
    path = tmp_path / "none" / "file"
    with (
        pytest.raises(FileNotFoundError, match=r"makedirs"),
        replaced(path),
    ):
        pytest.fail("there is nowhere to write to")


def refuse(*args, **kwargs):
    raise PermissionError


def test_a_folder_that_is_not_writable(tmp_path, monkeypatch):
    """The file itself is."""
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_text("old")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def made(prefix, dir=None):
        return refuse() if dir else str(elsewhere)

    monkeypatch.setattr("tempfile.mkdtemp", made)
    monkeypatch.setattr(os, "replace", refuse)
    with replaced(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == elsewhere
    assert path.read_text() == "new"
    assert not elsewhere.exists()


def test_a_folder_in_place_of_a_file(tmp_path):
    (tmp_path / "file").mkdir()
    with (
        pytest.raises(IsADirectoryError),
        replaced(tmp_path / "file") as temporary,
    ):
        temporary.write_text("new")
    assert names(tmp_path) == ["file"]
