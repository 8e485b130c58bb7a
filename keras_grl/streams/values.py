"""The values of a stream: weights must be finite, inputs should be."""

import warnings
from collections.abc import Iterable

import numpy as np
from keras import tree

from keras_grl.streams.arrays import is_float
from keras_grl.streams.names import wrong
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Structure

# A piece fits into the cache of a processor core.
_PIECE_BYTES = 2**20
# A memory-mapped array up to this size is read at once, as one in memory is.
_READ_AT_ONCE_BYTES = 2**28
# How the error for sample weights ends.
HINT_WEIGHTS = (
    "Set those weights to 0: one that is not finite turns all weights of the "
    "model into NaN, and a negative one rewards wrong predictions."
)
# How a warning of inputs that are not finite ends.
HINT_NOT_FINITE = (
    "Replace the values, `np.nan_to_num(x)`, or leave those samples out. (If "
    "the layers of your model handle NaN, ignore this warning.)"
)


def stays_on_disk(array: Array) -> bool:
    """Whether reading the whole array beforehand would take too long."""
    return isinstance(array, np.memmap) and array.nbytes > _READ_AT_ONCE_BYTES


def check_weights(name: str, parts: Batch, of: str = "") -> None:
    """Refuses sample weights that are negative, NaN or infinite.

    A negative weight makes the loss better the worse a sample is predicted:
    without a bound, so that it takes over. Keras accepts them all the same.

    Labels are not checked here: only the model knows whether its loss masks
    NaN labels.

    Args:
        name: Name of the stream.
        parts: `(x, y, sample_weight)`, or the first of them.
        of: Suffix of the sample's number in the message, " of a batch".
    """
    for array in tree.flatten(parts[2:]):
        found = first_wrong_weight(array)
        if found is not None:
            row, value = found
            raise ValueError(
                wrong(
                    name,
                    "finite sample weights, at least 0",
                    f"{value} in the sample weights of sample {row}{of}",
                    HINT_WEIGHTS,
                )
            )


def first_wrong_weight(array: Array) -> tuple[int, float] | None:
    """Row and value of the first weight that is not finite, or negative."""
    row = first_not_finite(array)
    if row is not None:
        values = np.asarray(array[row], "float64")
        return row, float(values[~np.isfinite(values)][0])
    if array.size == 0 or array.min() >= 0:
        return None
    row = int(np.argwhere(array < 0)[0][0])
    return row, float(np.min(array[row]))


def warn_of_inputs(
    name: str, x: Structure[Array], of: str = "", stacklevel: int = 2
) -> bool:
    """Warns about inputs that are NaN or infinite; returns whether it did.

    Args:
        name: Name of the stream.
        x: Structure of arrays.
        of: Suffix of the sample's number in the message, " of a batch".
        stacklevel: Stack level of the warning, counted from the caller.
    """
    row = first_row_not_finite(tree.flatten(x))
    if row is not None:
        warnings.warn(
            f"The inputs of the {name} stream are not all finite: the first "
            f"sample with a NaN or infinite value is {row}{of}. "
            "Training on such samples turns the weights of the model into NaN, "
            f"even if the loss stays finite. {HINT_NOT_FINITE}",
            UserWarning,
            stacklevel=stacklevel + 1,
        )
    return row is not None


def check_finite_inputs(
    name: str, arrays: Iterable[Array], samples: Array | None = None
) -> None:
    """Refuses inputs that are NaN or infinite.

    Args:
        name: The argument, for the error.
        arrays: With the same number of rows.
        samples: The number of the sample in each row; by default the row's.
    """
    row = first_row_not_finite(arrays)
    if row is not None:
        sample = row if samples is None else samples[row]
        raise ValueError(
            wrong(
                name,
                "finite inputs",
                f"NaN or infinity in sample {sample}",
                "Replace the values, `np.nan_to_num(x)`, or leave those "
                "samples out.",
            )
        )


def first_row_not_finite(arrays: Iterable[Array]) -> int | None:
    """The first row in which one of the arrays is NaN or infinite."""
    rows = map(first_not_finite, arrays)
    return min((row for row in rows if row is not None), default=None)


def first_not_finite(array: Array) -> int | None:
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


def _surely_finite(rows: Array) -> bool:
    """Whether all values are finite, by the fastest test for the dtype.

    It may be False for very large values, whose squares are not finite.
    """
    values = rows.reshape(-1)
    if values.dtype == np.float16:
        # All bits of the exponent: NumPy computes in float16 very slowly.
        return not ((values.view(np.uint16) & 0x7C00) == 0x7C00).any()
    if values.dtype.kind != "f":
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.dot(values, values)))
