"""Class numbers, of labels or of predicted probabilities, and their names."""

from collections.abc import Sequence

from keras_grl.scores.arrays import as_labels
from keras_grl.scores.arrays import as_probabilities
from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import wrong
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.validation import invalid

# More classes than any figure can show: the labels are something else.
_MOST = 10_000


def as_classes(name: str, values: AnyArray, rows: int | None = None) -> Array:
    """Class numbers `(n,)`: given ones, or the most probable ones.

    Args:
        name: The argument, for errors.
        values: Class numbers `(n,)`, or probabilities `(n, classes)`.
        rows: The number of samples, if it must be that.
    """
    array = as_array(name, "labels", values)
    if array.size == 0:
        raise ValueError(wrong(name, "at least one sample", f"{array.shape}"))
    if array.ndim == 2 and array.shape[1] > 1:
        return as_probabilities(name, array, rows).argmax(axis=1)
    return as_labels(name, array, _MOST, len(array) if rows is None else rows)


def names_of(names: Sequence[str] | None, classes: int) -> list[str]:
    """The name of each class, by default its number."""
    if names is None:
        return [str(number) for number in range(classes)]
    if isinstance(names, str) or len(names) < classes:
        raise ValueError(
            invalid(
                "class_names",
                f"names of {classes} classes, as the class numbers need",
                names,
            )
        )
    return list(names)
