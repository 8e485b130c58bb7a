"""Files out of archives, without unpacking them."""

import gzip
import lzma
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_grl.validation import invalid


def files(path: Any, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Reads the files of a zip or tar archive, one after the other.

    Nothing is written to the disk, so no name in the archive can reach a
    place outside of it. An archive with such names is refused all the same:
    it is not what it says it is.

    Args:
        path: Of the archive: `.zip`, `.tar`, `.tgz`, `.tar.gz`, ….
        suffix: End of the names that are wanted, such as ".jpg".

    Yields:
        Name and content, in the order of the archive.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an archive, or one that was cut short or
            damaged, or one with absolute names or "..".
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
        gzip.BadGzipFile,
        lzma.LZMAError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"The archive {path} is damaged or was cut short: {error}\n"
            "Delete it and download it again."
        ) from error


def _zip(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            _check_name(path, name)
            if name.endswith(suffix):
                # Compares the checksum that the archive has of it.
                yield name, archive.read(name)


def _tar(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            _check_name(path, member.name)
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and member.name.endswith(suffix):
                yield member.name, file.read()


def _check_name(path: Path, name: str) -> None:
    inside = posixpath.normpath(name)
    if inside.startswith(("/", "..")) or "\\" in name or ":" in name:
        raise ValueError(
            f"The archive {path} has a file that would leave the folder it is "
            f"unpacked in. Expected: names inside. Received: {name!r}\n"
            "Do not use it: download it again from its official page."
        )
