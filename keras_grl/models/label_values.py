"""The values of label arrays of any library, read as NumPy arrays."""

from collections.abc import Callable
from collections.abc import Iterator

import numpy as np

from keras_grl.types import AnyArray
from keras_grl.types import Array

# Elements checked at once, so that no large copy is made.
_CHUNK = 2**22


def as_numbers(where: str, labels: AnyArray) -> Array | None:
    """The labels as a NumPy array; None if they cannot be read."""
    if labels is None:
        return None
    if hasattr(labels, "detach"):
        labels = labels.detach().cpu()
    if hasattr(labels, "tocoo"):
        return None
    try:
        array = np.asarray(labels)
    except Exception:
        # Ragged and sparse tensors, and torch's bfloat16.
        return None
    kind = array.dtype.kind
    first = array.flat[0] if array.size else None
    if kind in "US" or isinstance(first, (str, bytes)):
        raise ValueError(
            f"{where} must be numbers. Received: strings (text), the first of "
            f"them {first!r}\n"
            "Number the classes: `names, y = np.unique(y, "
            "return_inverse=True)`."
        )
    if kind in "OMm":
        raise ValueError(
            f"{where} must be numbers. Received: an array of dtype "
            f"{array.dtype}, the first of them {first!r}\n"
            'Convert them: `y = np.asarray(y.tolist(), dtype="int64")` for '
            'classes, `dtype="float32"` for a regression.'
        )
    return array


def bounds(values: Array) -> tuple[float, float]:
    """The smallest and the largest value; NaN if any value is NaN."""
    lows, highs = [], []
    for part in parts(values):
        lows.append(np.min(part))
        highs.append(np.max(part))
    return float(np.min(lows)), float(np.max(highs))


def parts(values: Array) -> Iterator[Array]:
    """Parts along the first axis: a memory-mapped array may be large."""
    rows = max(1, _CHUNK * len(values) // values.size)
    for start in range(0, len(values), rows):
        yield values[start : start + rows]


def first(values: Array, wrong: Callable[[Array], Array]) -> np.generic | None:
    """The first value that is wrong; None if there is none."""
    for part in parts(values):
        found = part[wrong(part)]
        if found.size:
            return found.flat[0]
    return None


def refuse_not_finite(where: str, values: Array) -> None:
    """Raises the error for labels that are NaN or infinite."""
    wrong = np.argwhere(~np.isfinite(values))
    index = tuple(int(i) for i in wrong[0])
    raise ValueError(
        f"{where} must be finite. Received: {len(wrong)} of {values.size} that "
        f"are NaN or infinite, the first of them {float(values[index])} at "
        f"index {index[0] if len(index) == 1 else index}\n"
        "Leave out the samples without a label, for example "
        "`known = np.isfinite(y); x, y = x[known], y[known]`."
    )
