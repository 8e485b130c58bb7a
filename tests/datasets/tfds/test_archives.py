import gzip
import io
import tarfile
import zipfile

import pytest

from keras_grl.datasets.tfds import archives
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
def test_damaged_after_the_last_file(tmp_path, damage):
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


def declared(path, name, size):
    """A zip with a file of zeros, which takes a thousandth of it."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as file,
    ):
        for _ in range(0, size, 2**16):
            file.write(bytes(2**16))


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(archives, "FILE_LIMIT", 2**20)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 3 * 2**20)


def test_a_file_that_unpacks_to_too_much(tmp_path, small_limits):
    path = tmp_path / "photos.zip"
    declared(path, "a.jpg", 2**21)
    assert path.stat().st_size < 10_000
    expected = r"photos\.zip is damaged: a\.jpg\. Expected: at most 1048576 B\."
    with pytest.raises(ValueError, match=rf"{expected} Received: 2097152 B"):
        list(archives.files(path, ".jpg"))
    declared(path, "a.txt", 2**21)  # nobody unpacks that
    assert list(archives.files(path, ".jpg")) == []
    declared(path, "a.jpg", 2**20)
    ((_, content),) = archives.files(path, ".jpg")
    assert len(content) == 2**20


def test_a_zip_that_says_less_than_it_has(tmp_path):
    """Not more is unpacked than it says, which has another checksum."""
    path = tmp_path / "photos.zip"
    declared(path, "a.jpg", 2**21)
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"photos\.zip is damaged"):
        list(archives.files(path, ".jpg"))


def bomb(path, kind):
    """Tars of 2 MB, each a few kB when it is packed."""
    many = b"0" * 2**21
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a.jpg")
        if kind == "file":
            member.size = len(many)
            archive.addfile(member, io.BytesIO(many))
        elif kind == "header":
            member.pax_headers = {"comment": many.decode()}
            archive.addfile(member)
        elif kind == "name":
            member.name = many.decode() + ".jpg"
            archive.format = tarfile.GNU_FORMAT
            archive.addfile(member)
    if kind == "holes":  # an old sparse file: its size is only said
        block = bytearray(tarfile.TarInfo("a.jpg").tobuf(tarfile.GNU_FORMAT))
        block[156:157] = tarfile.GNUTYPE_SPARSE
        block[483:495] = b"%011o\0" % 2**21
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block[:512])
        path.write_bytes(gzip.compress(bytes(block[:512]) + bytes(1024)))


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("file", 2**20), ("header", 2**16), ("name", 2**16), ("holes", 2**20)],
)
def test_a_tar_that_unpacks_to_too_much(tmp_path, small_limits, kind, limit):
    path = tmp_path / "photos.tgz"
    bomb(path, kind)
    assert path.stat().st_size < 10_000
    with pytest.raises(
        ValueError, match=rf"photos\.tgz is d.*most {limit} B\."
    ):
        list(archives.files(path, ".jpg"))


def test_all_files_together_are_too_much(tmp_path, small_limits):
    path = tmp_path / "photos.zip"
    for count in (3, 4):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(count):
                archive.writestr(f"{number}.jpg", bytes(2**20))
        if count == 3:
            assert len(list(archives.files(path, ".jpg"))) == 3
    with pytest.raises(ValueError, match=r"photos\.zip .*all of its files"):
        list(archives.files(path, ".jpg"))
    # Of a tar everything is unpacked, the end after the last file too.
    files = {f"{number}.txt": bytes(2**20) for number in range(4)}
    write_tar(tmp_path / "photos.tgz", files)
    with pytest.raises(ValueError, match=r"photos\.tgz .*all of its files"):
        list(archives.files(tmp_path / "photos.tgz", ".jpg"))
    end = gzip.compress(bytes(2**22))
    (tmp_path / "end.tgz").write_bytes(end)
    with pytest.raises(ValueError, match=r"end\.tgz .*all of its files"):
        list(archives.files(tmp_path / "end.tgz", ".jpg"))


@every_kind
def test_links_are_not_followed(tmp_path, name, write):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    path = tmp_path / name
    if name.endswith(".zip"):
        link = zipfile.ZipInfo("a.jpg")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(link, str(secret))
        assert list(archives.files(path, ".jpg")) == [
            ("a.jpg", str(secret).encode())
        ]
        return
    with tarfile.open(path, "w:gz") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            link = tarfile.TarInfo("a.jpg")
            link.type, link.linkname = kind, str(secret)
            archive.addfile(link)
    assert list(archives.files(path, ".jpg")) == []


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_every_compression_of_a_tar(tmp_path, compression):
    path = tmp_path / "photos.tgz"  # whatever its name says
    with tarfile.open(path, f"w:{compression}") as archive:
        member = tarfile.TarInfo("a.jpg")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"right"))
    assert list(archives.files(path, ".jpg")) == [("a.jpg", b"right")]
    if compression:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"photos\.tgz is damaged or was"):
            list(archives.files(path, ".jpg"))
