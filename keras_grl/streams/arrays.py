"""Arrays of any library, as NumPy arrays of numbers."""

import keras
import numpy as np

from keras_grl.streams.names import INPUTS
from keras_grl.streams.names import LABELS
from keras_grl.streams.names import wrong
from keras_grl.types import AnyArray
from keras_grl.types import Array

_NUMBERED = (
    "Number the classes: `classes, labels = np.unique(labels, "
    "return_inverse=True)`."
)
_VECTORIZED = (
    "Turn texts into numbers first, for example with an adapted `vectorize = "
    "keras.layers.TextVectorization()`: `x = vectorize(x)` for arrays, "
    "`dataset.map(lambda x, y: (vectorize(x), y))` for `tf.data`."
)


def as_array(name: str, part: str, data: AnyArray) -> Array:
    """`data` as a NumPy array: a view of it where possible.

    Args:
        name: Name of the stream.
        part: "inputs", "labels" or "sample weights".
        data: An array of any library, a table or a column of one, or a
            sequence.

    Raises:
        ValueError: If it is not an array of numbers.
    """
    if type(data) is np.ndarray or isinstance(data, np.memmap):
        array = data
    else:
        array = _converted(name, part, data)
    _check_kind(name, part, array)
    return array


def in_native_order(array: Array) -> Array:
    """The array with the bytes of its numbers in the order of this machine.

    FITS and netCDF files have big-endian numbers, which JAX and PyTorch refuse.
    """
    if array.dtype.isnative:
        return array
    return array.astype(array.dtype.newbyteorder("="))


def is_float(array: Array) -> bool:
    """Whether an array can hold NaN."""
    if array.dtype.kind != "V":
        return array.dtype.kind == "f"
    # bfloat16 and other dtypes of `ml_dtypes`.
    return keras.backend.is_float_dtype(array.dtype.name)


def is_random_access(data: object) -> bool:
    """Whether `data` has a length, and items that can be read by index."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__")


def _converted(name: str, part: str, data: AnyArray) -> Array:
    if _is_sparse(data):
        raise ValueError(
            wrong(
                name,
                f"{part} as dense arrays",
                f"a sparse matrix ({type(data).__name__})",
                "Convert it: `x.toarray()` (SciPy), `x.to_dense()` (PyTorch), "
                "`x.todense()` (JAX), `tf.sparse.to_dense(x)`.",
            )
        )
    if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
        raise ValueError(
            wrong(
                name,
                f"{part} without masked values",
                "a masked array, of which some values are masked",
                "Fill them, `x.filled(0)`, or leave those samples out.",
            )
        )
    if hasattr(data, "detach"):
        data = data.detach().cpu()
    try:
        return np.asarray(data)
    except (TypeError, ValueError) as error:
        raise ValueError(
            wrong(
                name,
                f"{part} that NumPy can read",
                f"{type(data).__name__}, for which it raised: {error}",
                "Convert it to one array, with samples of one shape and a "
                "NumPy dtype, such as float32.",
            )
        ) from error


def _is_sparse(data: object) -> bool:
    # SciPy and JAX, TensorFlow, the two formats of PyTorch.
    return any(
        hasattr(data, method) for method in ("todense", "dense_shape")
    ) or any(
        getattr(data, flag, False) is True
        for flag in ("is_sparse", "is_sparse_csr")
    )


def _check_kind(name: str, part: str, array: Array) -> None:
    """Refuses dtypes that no framework can compute with."""
    kind = array.dtype.kind
    if kind in "biuf" or (kind == "c" and part == INPUTS):
        return
    # The floats and integers of `ml_dtypes`.
    if kind == "V" and array.dtype.names is None and array.dtype.itemsize < 3:
        return
    received, hint = _described(part, array)
    raise ValueError(wrong(name, f"{part} that are numbers", received, hint))


def _described(part: str, array: Array) -> tuple[str, str]:
    """What an array that is not numeric holds, and how to convert it."""
    kind, dtype = array.dtype.kind, f"dtype {array.dtype}"
    first = array.reshape(-1)[0] if array.size else None
    if kind in "SUT" or isinstance(first, (str, bytes)):
        hint = _NUMBERED if part == LABELS else _VECTORIZED
        return f"strings, such as {str(first)!r} ({dtype})", hint
    if kind in "mM":
        return f"dates or times ({dtype})", "Convert them to numbers."
    if kind == "c":
        return f"complex numbers ({dtype})", ""
    if kind == "V":
        return (
            f"a structured array ({dtype})",
            "Pass a dict with an array for each field, or one array.",
        )
    # TensorFlow's ragged tensors have `row_splits`.
    if isinstance(first, (np.ndarray, list, tuple)) or hasattr(
        first, "row_splits"
    ):
        return (
            f"rows of unequal length ({dtype})",
            "Pad them: `keras.utils.pad_sequences(x)`.",
        )
    convert = "int64" if part == LABELS else "float32"
    return (
        f"Python objects ({dtype}), the first of them {type(first).__name__}",
        f'If all of them are numbers, convert them: `.astype("{convert}")`.',
    )
