"""TFRecord files, read without TensorFlow."""

import itertools
import struct
from collections.abc import Iterator
from typing import Any


def records(path: Any, skip: int = 0, take: int | None = None) -> Iterator[Any]:
    """The records of one file.

    Each is stored as its length (8 bytes), the length's checksum (4), the data
    and their checksum (4). The checksums are not looked at.

    Args:
        path: Of the file.
        skip: Integer, how many to begin after.
        take: Integer, how many. None for all.

    Yields:
        Bytes. Ends early where the file was cut short.
    """
    numbers = itertools.count() if take is None else range(skip + take)
    with open(path, "rb") as file:
        for number in numbers:
            header = file.read(12)
            if len(header) < 12:
                return
            (length,) = struct.unpack("<Q", header[:8])
            data = file.read(length)
            if len(data) < length or len(file.read(4)) < 4:
                return
            if number >= skip:
                yield data
