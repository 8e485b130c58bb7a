"""The arrays that scores take, checked: probabilities, features, labels."""

import numpy as np

from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import wrong
from keras_grl.streams.values import first_not_finite
from keras_grl.types import AnyArray
from keras_grl.types import Array

# Rows of float16 or bfloat16 differ from 1 by up to about this; rows of logits
# differ by more.
_ROUNDING = 1e-2


def as_probabilities(
    name: str, values: AnyArray, rows: int | None = None
) -> Array:
    """Probabilities of classes as a float64 array, `(n, classes)`.

    Args:
        name: The argument, for errors.
        values: Array of any library.
        rows: The number of rows of the other arguments, if it must be the
            same.

    Raises:
        ValueError: If they are not probabilities: labels, logits, NaN, empty.
    """
    array = as_array(name, "probabilities", values)
    _check_shape(name, array)
    if array.dtype.kind in "biu":
        raise ValueError(
            wrong(
                name,
                "floating-point probabilities",
                f"an array of {array.dtype}, shape {array.shape}",
                "Labels are not used. Pass what `model.predict(x_target)` "
                "returns.",
            )
        )
    _check_finite(name, "probabilities", array)
    check_rows(name, array, rows)
    p = array.astype("float64")
    outside = (p < -1e-6) | (p > 1 + _ROUNDING)
    bad = outside.any(axis=1) | (np.abs(p.sum(axis=1) - 1) > _ROUNDING)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            wrong(
                name,
                "probabilities: rows within [0, 1] that sum to 1",
                f"row {row} with the values {_shown(p[row])}, which sum to "
                f"{p[row].sum():.4g}",
                "If they are logits, convert them: `scipy.special.softmax("
                "logits, axis=1)`, or end the network with a softmax.",
            )
        )
    return np.clip(p, 0.0, 1.0)


def as_features(name: str, values: AnyArray, rows: int | None = None) -> Array:
    """Features as a float64 array, `(n, d)`; other axes are flattened.

    Args:
        name: The argument, for errors.
        values: Array of any library.
        rows: The number of rows of the other arguments, if it must be the
            same.
    """
    array = as_array(name, "features", values)
    if array.ndim < 2 or array.size == 0:
        raise ValueError(
            wrong(
                name,
                "features, shape (n, d), not empty",
                f"an array of shape {array.shape}",
            )
        )
    _check_finite(name, "features", array)
    check_rows(name, array, rows)
    return array.reshape(len(array), -1).astype("float64")


def as_labels(name: str, values: AnyArray, classes: int, rows: int) -> Array:
    """Class numbers as an int64 array, `(n,)`.

    Args:
        name: The argument, for errors.
        values: Array of any library.
        classes: The number of classes.
        rows: The number of rows of the other arguments.
    """
    array = as_array(name, "labels", values)
    # A column, as some data sets have it.
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(
            wrong(
                name,
                "class numbers, shape (n,)",
                f"an array of shape {array.shape}",
                "Convert one-hot labels: `labels.argmax(axis=1)`.",
            )
        )
    check_rows(name, array, rows)
    numbers = array.astype("float64")
    bad = (numbers % 1 != 0) | (numbers < 0) | (numbers >= classes)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            wrong(
                name,
                f"class numbers from 0 to {classes - 1}",
                f"{array[row]} in row {row}",
            )
        )
    return array.astype("int64")


def check_rows(name: str, array: Array, rows: int | None) -> None:
    """Refuse another number of rows than the other arguments have.

    Args:
        name: The argument, for errors.
        array: Its value.
        rows: The number of rows of the others; None if there are none.
    """
    if rows is not None and len(array) != rows:
        raise ValueError(
            wrong(
                name,
                f"{rows} rows, as many as the other arguments have",
                f"{len(array)} rows",
                "Compute all of them for the same samples, in the same order.",
            )
        )


def check_classes(name: str, p: Array, classes: int) -> None:
    """Refuse probabilities of another number of classes than the others.

    Args:
        name: The argument, for errors.
        p: Array of shape `(n, classes)`.
        classes: The number of classes of the others.
    """
    if p.shape[1] != classes:
        raise ValueError(
            wrong(
                name,
                f"{classes} classes, as many as the others have",
                f"{p.shape[1]} classes",
            )
        )


def _check_shape(name: str, array: Array) -> None:
    expected = "probabilities, shape (n, classes), of at least two classes"
    received = f"an array of shape {array.shape}"
    hint = ""
    if array.ndim == 1:
        hint = (
            "Predicted or true labels are not enough. Pass what "
            "`model.predict(x_target)` returns."
        )
    elif array.ndim == 2 and array.shape[1] == 1:
        hint = (
            "Convert the output of one sigmoid unit: `np.concatenate([1 - p, "
            "p], axis=1)`."
        )
    elif array.ndim == 2 and array.shape[1] > 1 and len(array):
        return
    raise ValueError(wrong(name, expected, received, hint))


def _check_finite(name: str, part: str, array: Array) -> None:
    row = first_not_finite(array)
    if row is not None:
        raise ValueError(
            wrong(
                name,
                f"finite {part}",
                f"NaN or infinity in row {row}",
                "The weights of a model that predicts NaN are lost: train it "
                "again with a lower learning rate.",
            )
        )


def _shown(row: Array) -> str:
    values = ", ".join(f"{value:.4g}" for value in row[:4])
    return f"[{values}{', …' if len(row) > 4 else ''}]"


def predicted_shares(p: Array) -> Array:
    """How often each class is predicted.

    Args:
        p: Array of shape `(n, classes)`.

    Example:

    >>> predicted_shares(np.array([[0.9, 0.1], [0.6, 0.4]])).tolist()
    [1.0, 0.0]
    """
    return np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p)
