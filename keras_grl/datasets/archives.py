"""Files out of archives, without unpacking them."""

import gzip
import io
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
        NotImplementedError,  # compressed in a way that Python does not know
        RuntimeError,  # encrypted
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


def photograph(path: Any, name: str, content: bytes) -> Any:
    """Decodes a photograph of an archive.

    Args:
        path: Of the archive.
        name: Of the photograph in it.
        content: Bytes of the photograph.

    Returns:
        A Pillow image, RGB.

    Raises:
        ImportError: If Pillow is not installed.
        ValueError: If the photograph is damaged.
    """
    from PIL import Image
    from PIL import UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.convert("RGB")
    except Exception as error:  # each decoder has its own
        # Pillow would name the buffer.
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "no image" if unknown else error
        raise ValueError(
            damaged(path, name, "a photograph", f"{len(content)} B, {reason}")
        ) from error


def damaged(path: Any, name: str, expected: str, received: Any) -> str:
    """The message of every error about one file of an archive."""
    return (
        f"The archive {path} is damaged: {name}. Expected: {expected}. "
        f"Received: {received}\nDelete it and download it again."
    )


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
        # To its end, where a compressed archive has its checksum.
        while archive.fileobj is not None and archive.fileobj.read(2**20):
            pass


def _check_name(path: Path, name: str) -> None:
    inside = posixpath.normpath(name)
    if inside.startswith(("/", "..")) or "\\" in name or ":" in name:
        raise ValueError(
            f"The archive {path} has a file that would leave the folder it is "
            f"unpacked in. Expected: names inside. Received: {name!r}\n"
            "Do not use it: download it again from its official page."
        )
