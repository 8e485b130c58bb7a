import zipfile

import pytest

from keras_grl.datasets import archives
from tests.datasets.official import write_tar
from tests.datasets.official import write_zip

FILES = {
    "folder/a.jpg": b"first" * 500,
    "folder/notes.txt": b"notes",
    "b.jpg": bytes(range(256)) * 20,
}
every_kind = pytest.mark.parametrize(
    ("name", "write"),
    [("photos.zip", write_zip), ("photos.tgz", write_tar)],
    ids=["zip", "tgz"],
)


@every_kind
def test_files_of_one_kind_in_the_order_of_the_archive(tmp_path, name, write):
    write(tmp_path / name, FILES)
    got = list(archives.files(tmp_path / name, ".jpg"))
    assert got == [(n, c) for n, c in FILES.items() if n.endswith(".jpg")]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@every_kind
@pytest.mark.parametrize(
    "escaping",
    ["../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "..\\evil.jpg"],
)
def test_a_name_that_leaves_the_folder(tmp_path, name, write, escaping):
    write(tmp_path / name, {"a.jpg": b"", escaping: b"evil"})
    with pytest.raises(ValueError, match=r"would leave the folder.*Received"):
        list(archives.files(tmp_path / name, ".jpg"))


@every_kind
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_cut_short(tmp_path, name, write, kept):
    path = tmp_path / name
    write(path, FILES)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=rf"{name} is damaged or was cut"):
        list(archives.files(path, ".jpg"))


@pytest.mark.parametrize("damage", ["checksum", "end"])
def test_damaged_behind_the_last_file(tmp_path, damage):
    """What a compressed archive has there tells whether all was right."""
    path = tmp_path / "photos.tgz"
    write_tar(path, FILES)
    content = bytearray(path.read_bytes())
    if damage == "checksum":
        content[-8] ^= 1
    else:
        del content[-4:]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"photos\.tgz is damaged or was cut"):
        list(archives.files(path, ".jpg"))


def test_an_encrypted_archive(tmp_path):
    path = tmp_path / "photos.zip"
    write_zip(path, FILES)
    content = bytearray(path.read_bytes())
    # The flag of the first file, here and in the directory at the end.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"photos\.zip is damaged.*encrypted"):
        list(archives.files(path, ".jpg"))


def test_damaged_within(tmp_path):
    """One byte of a file that is stored as it is."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.jpg", b"the content")
    path.write_bytes(path.read_bytes().replace(b"the con", b"The con"))
    with pytest.raises(ValueError, match=r"photos\.zip is damaged"):
        list(archives.files(path, ".jpg"))


def test_no_archive(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`path`.*none\.zip"):
        list(archives.files(tmp_path / "none.zip", ".jpg"))
    (tmp_path / "page.zip").write_text("<html>404</html>")
    with pytest.raises(ValueError, match=r"page\.zip is damaged"):
        list(archives.files(tmp_path / "page.zip", ".jpg"))
