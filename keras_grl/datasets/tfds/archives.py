"""Reads the files of archives without unpacking them."""

import bz2
import errno
import gzip
import io
import lzma
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import BinaryIO
from typing import cast

from keras_grl.datasets.tfds import images
from keras_grl.types import PathLike
from keras_grl.validation import invalid

if TYPE_CHECKING:
    import PIL.Image

# A few kB can unpack to GB. The official archives have files of less than 1 MB,
# and of less than 1 GB in all.
FILE_LIMIT = 2**26  # bytes
TOTAL_LIMIT = 2**32  # bytes
# Of a tar: names mostly. Up to Python 3.11.9 and 3.12.5 long ones take hours
# (CVE-2024-6232).
_HEADER_LIMIT = 2**16  # bytes
_OPEN: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_OF_CONTENT = (None, errno.EINVAL)
_FORMATS = {".jpg": "JPEG", ".ppm": "PPM"}


def files(path: PathLike, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Reads the files of a zip or tar archive, one after the other.

    Nothing is written to the disk, so no name in the archive can reach a
    place outside of it. An archive with such names is refused anyway: it is
    not the official one.

    Args:
        path: Of the archive: `.zip`, `.tar`, `.tgz`, `.tar.gz`, ….
        suffix: End of the names that are wanted, such as ".jpg".

    Yields:
        Name and content, in the order of the archive.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an archive, or one that was cut short or
            damaged, one with absolute names or "..", or one that unpacks to
            far more than photographs.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            invalid("path", "the path of an archive that exists", str(path))
        )
    try:
        yield from (_zip if path.suffix == ".zip" else _tar)(path, suffix)
    except (
        EOFError,
        NotImplementedError,  # compressed in a way that Python does not know
        OSError,
        RuntimeError,  # encrypted
        lzma.LZMAError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        # Of the system. Those of gzip and bz2 have no number, and a wrong
        # place in a zip is an invalid argument.
        if isinstance(error, OSError) and error.errno not in _OF_CONTENT:
            raise
        raise ValueError(
            f"The archive {path} is damaged or was cut short: {error}\n"
            "Delete it and download it again."
        ) from error
    except _TooLargeError as error:
        raise ValueError(damaged(path, *error.args)) from None


def photograph(path: PathLike, name: str, content: bytes) -> "PIL.Image.Image":
    """Decodes a photograph of an archive.

    Args:
        path: Of the archive.
        name: Of the photograph in it, which ends in ".jpg" or ".ppm".
        content: Bytes of the photograph, in the format of that name.

    Returns:
        A Pillow image, RGB.

    Raises:
        ImportError: If Pillow is not installed.
        ValueError: If the photograph is damaged, of another format or far too
            large.
    """
    kind = _FORMATS[posixpath.splitext(name)[1]]
    try:
        with images.opened(io.BytesIO(content), kind) as image:
            return image.convert("RGB")
    except ImportError:
        raise
    except Exception as error:  # each decoder has its own
        raise ValueError(
            damaged(path, name, "a photograph", f"{len(content)} B, {error}")
        ) from error


def damaged(path: PathLike, name: str, expected: str, received: object) -> str:
    """The message of every error about one file of an archive."""
    return (
        f"The archive {path} is damaged: {name}. Expected: {expected}. "
        f"Received: {received}\nDelete it and download it again."
    )


class _TooLargeError(Exception):
    """Has the file, what was expected and what was received."""


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        expected = f"at most {limit} B"
        raise _TooLargeError(name, expected, f"{size} B, unpacked")


def _check_total(size: int) -> None:
    if size > TOTAL_LIMIT:
        expected = f"at most {TOTAL_LIMIT} B"
        raise _TooLargeError(
            "all of its files", expected, f"{size} B, unpacked"
        )


def _zip(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        wanted = []
        for member in archive.infolist():
            _check_name(path, member.filename)
            if member.filename.endswith(suffix):
                # Python reads no more than that.
                _check_size(member.filename, member.file_size, FILE_LIMIT)
                wanted.append(member)
        _check_total(sum(member.file_size for member in wanted))
        for member in wanted:
            # Compares the checksum that the archive has of it.
            yield member.filename, archive.read(member)


class _Unpacked:
    """A decompressed file, of which only a limited amount can be read.

    `tarfile` trusts the sizes in headers, those of names included.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.limit = _HEADER_LIMIT

    def read(self, size: int) -> bytes:
        _check_size("one of its headers", size, self.limit)
        _check_total(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, position: int) -> int:
        _check_total(position)
        return self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()


def _tar(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as packed:
        start = packed.read(6)
    kinds = [each for each in _OPEN if start.startswith(each)]
    with _OPEN[kinds[0]](path) if kinds else path.open("rb") as file:
        unpacked = _Unpacked(file)
        with tarfile.open(
            fileobj=cast(BinaryIO, unpacked), mode="r:"
        ) as archive:
            for member in archive:
                _check_name(path, member.name)
                if not member.isfile() or not member.name.endswith(suffix):
                    continue  # a link too: it is not followed
                _check_size(member.name, member.size, FILE_LIMIT)
                content = archive.extractfile(member)
                assert content is not None  # of files
                unpacked.limit = FILE_LIMIT
                yield member.name, content.read()
                unpacked.limit = _HEADER_LIMIT
            # To its end, where a compressed archive has its checksum.
            while unpacked.read(_HEADER_LIMIT):
                pass


def _check_name(path: Path, name: str) -> None:
    inside = posixpath.normpath(name)
    if inside.startswith(("/", "..")) or "\\" in name or ":" in name:
        raise ValueError(
            f"The archive {path} has a file that would leave the folder it is "
            f"unpacked in. Expected: names inside. Received: {name!r}\n"
            "Do not use it: download it again from its official page."
        )
