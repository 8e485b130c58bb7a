"""TFRecord files, read without TensorFlow."""

import functools
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_grl.datasets.tfds import crc32c
from keras_grl.types import PathLike

_HEADER, _FOOTER = 12, 4  # bytes around the data of a record
_TOGETHER = 2**20  # bytes of records that are checked at once


def records(
    path: PathLike, skip: int = 0, take: int | None = None
) -> Iterator[bytes]:
    """The records of one file, each compared with its checksums.

    A record is stored as its length (8 bytes), the length's checksum (4), the
    data and their checksum (4).

    Args:
        path: Of the file.
        skip: Integer, how many to begin after.
        take: Integer, how many. None for all.

    Yields:
        Bytes. Ends early where the file ends between two records.

    Raises:
        ValueError: If a record was cut short, or is not what was written.
    """
    number = skip
    for stored in _together(path, skip, take):
        data = [each for each, _ in stored]
        wrong = crc32c.masked_of_each(data) != [each for _, each in stored]
        if wrong.any():
            first = int(np.argmax(wrong))
            yield from data[:first]
            number += first
            reason = "does not match its checksum"
            raise ValueError(f"record {number} of {Path(path).name} {reason}")
        yield from data
        number += len(data)


def _together(
    path: PathLike, skip: int, take: int | None
) -> Iterator[list[tuple[bytes, int]]]:
    """Data and checksums of the records, a group at a time."""
    found: list[tuple[bytes, int]] = []
    held, number = 0, 0
    with open(path, "rb") as file:
        end = os.fstat(file.fileno()).st_size
        while take is None or number < skip + take:
            header = file.read(_HEADER)
            if not header:
                break
            try:
                length = _length(header, end - file.tell())
            except ValueError as error:
                if found:
                    yield found
                name = Path(path).name
                raise ValueError(f"record {number} of {name} {error}") from None
            if number < skip:
                file.seek(length + _FOOTER, os.SEEK_CUR)
            else:
                data = file.read(length)
                found.append((data, *struct.unpack("<I", file.read(_FOOTER))))
                held += length
            number += 1
            if held >= _TOGETHER:
                yield found
                found, held = [], 0
    if found:
        yield found


def _length(header: bytes, left: int) -> int:
    """The length of a record of which so many bytes are left in the file."""
    if len(header) == _HEADER:
        length, checksum = struct.unpack("<QI", header)
        if _checksum(header[:8]) != checksum:
            raise ValueError("has a length that does not match its checksum")
        if length + _FOOTER <= left:
            return length
    raise ValueError("was cut short")


# The same lengths occur many times.
_checksum = functools.lru_cache(maxsize=4096)(crc32c.masked)
