"""The values of a stream: labels must be finite, inputs should be."""

import warnings
from typing import Any

import numpy as np
from keras import tree

from keras_grl.streams.arrays import is_float
from keras_grl.streams.names import LABELS
from keras_grl.streams.names import PARTS
from keras_grl.streams.names import wrong

# A piece fits into the cache of a processor core.
_PIECE_BYTES = 2**20
# A memory-mapped array up to this size is read at once, as one in memory is.
_READ_AT_ONCE_BYTES = 2**28


def stays_on_disk(array: Any) -> bool:
    """Whether reading the whole array beforehand would take too long."""
    return isinstance(array, np.memmap) and array.nbytes > _READ_AT_ONCE_BYTES


def check_labels(name: str, parts: tuple[Any, ...], of: str = "") -> None:
    """Refuse labels and sample weights that are NaN or infinite.

    Args:
        name: Of the stream.
        parts: `(x, y, sample_weight)`, or the first of them.
        of: Added to the number of the sample, " of a batch".
    """
    for part, data in zip(PARTS[1:], parts[1:], strict=False):
        for array in tree.flatten(data):
            row = first_not_finite(array)
            if row is not None:
                values = np.asarray(array[row], "float64")
                value = float(values[~np.isfinite(values)][0])
                hint = (
                    "Leave those samples out"
                    if part == LABELS
                    else "Set those weights to 0"
                )
                raise ValueError(
                    wrong(
                        name,
                        f"finite {part}",
                        f"{value} in the {part} of sample {row}{of}",
                        f"{hint}: one of them makes the whole model NaN.",
                    )
                )


def warn_of_inputs(
    name: str, x: Any, of: str = "", stacklevel: int = 2
) -> bool:
    """Warn of inputs that are NaN or infinite; returns whether it did.

    Args:
        name: Of the stream.
        x: Structure of arrays.
        of: Added to the number of the sample, " of a batch".
        stacklevel: Of the warning, counted from the caller.
    """
    rows = [first_not_finite(array) for array in tree.flatten(x)]
    found = [row for row in rows if row is not None]
    if found:
        warnings.warn(
            f"The inputs of the {name} stream are not all finite: the first "
            f"sample with a NaN or infinite value is {min(found)}{of}. Trained "
            "on such samples, the weights of the model become NaN, even where "
            "the loss stays finite. Replace the values, `np.nan_to_num(x)`, or "
            "leave those samples out. (A model whose own layers handle NaN may "
            "ignore this.)",
            UserWarning,
            stacklevel=stacklevel + 1,
        )
    return bool(found)


def first_not_finite(array: Any) -> int | None:
    """The first row with a NaN or an infinite value, if there is one."""
    if not is_float(array) or array.size == 0:
        return None
    step = max(1, _PIECE_BYTES * len(array) // array.nbytes)
    for start in range(0, len(array), step):
        rows = array[start : start + step]
        if not _surely_finite(rows):
            finite = np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
            if not finite.all():
                return start + int(np.argmin(finite))
    return None


def _surely_finite(rows: Any) -> bool:
    """Whether all are finite, in the fastest way for the dtype.

    May be False of very large values, whose squares are not finite.
    """
    values = rows.reshape(-1)
    if values.dtype == np.float16:
        # All bits of the exponent: NumPy computes in float16 very slowly.
        return not ((values.view(np.uint16) & 0x7C00) == 0x7C00).any()
    if values.dtype.kind != "f":
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.dot(values, values)))
