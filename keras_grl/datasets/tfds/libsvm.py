"""Files in the text format of LIBSVM, compressed by bzip2."""

import bz2
from pathlib import Path

import numpy as np

from keras_grl.types import Array
from keras_grl.types import PathLike

_LINE = 2**16  # bytes; 256 numbers have about 4,000
_MOST = 10**6  # rows


def rows(path: PathLike, features: int) -> tuple[Array, Array]:
    """Reads labels and features.

    A line is a sample: its label, then `index:value` for each feature but
    those that are 0, the indices from 1 in ascending order.

    Args:
        path: Of the file, `.bz2`.
        features: Integer, the number of features.

    Returns:
        Labels, float64 of shape `(n,)`, and features, float64 of shape
        `(n, features)`.

    Raises:
        ValueError: If the file is damaged, was cut short or has another
            format.

    Reference:
        Chang & Lin (2011), "LIBSVM: A Library for Support Vector Machines".
    """
    labels, values = [], []
    try:
        with bz2.open(path) as file:
            while line := file.readline(_LINE):
                if len(line) == _LINE:
                    raise ValueError(f"at least {_LINE} bytes")
                label, row = _sample(line, features)
                labels.append(label)
                values.append(row)
                if len(labels) > _MOST:
                    raise ValueError(f"more than {_MOST} lines")
    except (EOFError, OSError, ValueError) as error:
        raise ValueError(
            f"The file {Path(path)} is damaged. Expected: lines of a label and "
            f"{features} features, index:value. Received, in line "
            f"{len(labels) + 1}: {error}\nDelete it and download it again."
        ) from error
    return np.array(labels), np.array(values).reshape(-1, features)


def _sample(line: bytes, features: int) -> tuple[float, Array]:
    label, *pairs = line.split() or [b""]
    row = np.zeros(features)
    before = 0
    for pair in pairs:
        index, colon, value = pair.partition(b":")
        number = int(index)
        if not colon or not before < number <= features:
            raise ValueError(f"{pair!r} after feature {before}")
        row[number - 1], before = float(value), number
    if not np.isfinite(row).all():
        raise ValueError("a value that is not finite")
    return float(label), row
