"""The samples of both domains as arrays, checked before any training."""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np
from keras import tree

from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import ArrayStream
from keras_grl.streams import Columns
from keras_grl.streams import DatasetStream
from keras_grl.streams import check_alike
from keras_grl.streams import is_dataset
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import unpack_batch
from keras_grl.streams.values import check_finite_inputs
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Labels
from keras_grl.types import Structure
from keras_grl.validation import invalid

# Rows that are hashed at a time.
_HASHED_ROWS = 1000


class Domains(NamedTuple):
    """The samples of both domains, in memory.

    Args:
        source: `(x, y)` or `(x, y, sample_weight)`, with classes as integers
            once `with_classes` has checked them.
        target: The inputs.
    """

    source: Batch
    target: Inputs

    @property
    def sizes(self) -> tuple[int, int]:
        """The number of source and of target samples."""
        return count(self.source[0]), count(self.target)

    def with_classes(self, classes: int) -> "Domains":
        """The same with labels 0 to `classes` - 1, if they are such labels."""
        x, y, *weights = self.source
        return Domains((x, _labels(y, classes), *weights), self.target)

    def digest(self) -> str:
        """A short text that differs for other data."""
        found = hashlib.blake2b(digest_size=16)
        for array in tree.flatten((self.source, self.target)):
            found.update(f"{array.shape} {array.dtype}".encode())
            # All rows, some at a time: `array` may be a file on disk.
            for start in range(0, len(array), _HASHED_ROWS):
                rows = np.ascontiguousarray(array[start : start + _HASHED_ROWS])
                found.update(rows.tobytes())
        return found.hexdigest()


def count(x: Inputs) -> int:
    """The number of samples."""
    return len(tree.flatten(x)[0])


def rows_of(x: Inputs, rows: Array) -> Inputs:
    """Some samples."""
    return tree.map_structure(lambda array: array[rows], x)


def read(source: Data, target: Data, batch_size: int) -> Domains:
    """The samples of both domains.

    Args:
        source: As in `adapt`.
        target: As in `adapt`.
        batch_size: Integer, the fewest samples of a domain.
    """
    if isinstance(source, list):
        raise ValueError(
            wrong(
                SOURCE,
                "one domain, a tuple `(x, y)` or a dataset",
                f"a list of length {len(source)}",
                "Join several sources: `(np.concatenate([x1, x2]), "
                "np.concatenate([y1, y2]))`.",
            )
        )
    columns = Columns()
    parts = {
        name: _read(name, data, columns)
        for name, data in ((SOURCE, source), (TARGET, target))
    }
    for name, (x, *_) in parts.items():
        if count(x) < batch_size:
            raise ValueError(
                wrong(
                    name,
                    f"at least {batch_size} samples, those of a batch",
                    f"{count(x)} samples",
                    f"Pass a smaller `batch_size`: `batch_size={count(x)}`.",
                )
            )
        check_finite_inputs(name, tree.flatten(x))
    check_alike({name: x for name, (x, *_) in parts.items()})
    _check_weights(parts[SOURCE][2:])
    x_target = parts[TARGET][0]
    if isinstance(x_target, tuple) and len(x_target) == 1:
        (x_target,) = x_target  # `(x,)`, as data loaders give it
    return Domains(parts[SOURCE], x_target)


def _check_weights(weights: Batch) -> None:
    """Refuses weights with which the source teaches nothing, or the opposite.

    Args:
        weights: The sample weights, if there are any.
    """
    for array in tree.flatten(weights):
        negative = np.flatnonzero(array.reshape(len(array), -1).min(axis=1) < 0)
        if len(negative) or not array.any():
            raise ValueError(
                wrong(
                    SOURCE,
                    "sample weights of at least 0, and not all 0",
                    f"{array[negative[0]]} in the sample weights of sample "
                    f"{negative[0]}"
                    if len(negative)
                    else "0 for all samples",
                )
            )


def _read(name: str, data: Data, columns: Columns) -> Batch:
    if not is_dataset(data, name):
        return ArrayStream(name, data, 1, False, 0, True, columns).data
    batches = [
        columns.to_numpy(name, unpack_batch(name, batch, data))
        for batch in _batches(name, data)
    ]
    if not batches:
        raise ValueError(wrong(name, "at least one batch", "an empty dataset"))
    if any(array.ndim == 0 for array in tree.flatten(batches[0])):
        raise ValueError(
            wrong(
                name,
                "a dataset of batches",
                "one of single samples",
                "Batch it: `dataset.batch(64)`.",
            )
        )
    if len({len(batch) for batch in batches}) > 1:
        raise ValueError(
            wrong(name, "batches of one form", "some with sample weights only")
        )
    joined = tree.map_structure(lambda *a: np.concatenate(a), *batches)
    # Checks lengths and kinds.
    return ArrayStream(name, joined, 1, False, 0, True, columns).data


def _batches(name: str, data: Data) -> Iterator[Structure[AnyArray]]:
    known = DatasetStream(name, data, Columns()).num_batches
    if known is None and _never_ends(data):
        raise ValueError(
            wrong(
                name,
                "arrays, or a dataset that ends and can be iterated again",
                f"{type(data).__name__}, which is endless or gives its "
                "samples once",
                "All samples are read into memory. Take some batches: "
                "`dataset.take(100)`.",
            )
        )
    if isinstance(data, keras.utils.PyDataset):
        return (data[index] for index in range(known or 0))
    return iter(data)


def _never_ends(data: Data) -> bool:
    if isinstance(data, (Iterator, keras.utils.PyDataset)):
        return True
    # tf.data: -1 is infinite, -2 unknown.
    cardinality = getattr(data, "cardinality", None)
    return cardinality is not None and int(cardinality()) == -1


def _labels(y: Array, classes: int) -> Array:
    """Classes as integers, of integers or one-hot rows."""
    if tree.is_nested(y) or y.ndim not in (1, 2):
        raise ValueError(_wrong_labels(classes, _shown(y)))
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2:
        one_hot = y.shape[1] == classes and (
            np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()
        )
        if not one_hot:
            raise ValueError(_wrong_labels(classes, _shown(y)))
        y = y.argmax(axis=1)
    whole = np.isfinite(y) & (y == np.floor(y)) if y.dtype.kind == "f" else True
    bad = ~(whole & (y >= 0) & (y < classes))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            _wrong_labels(classes, f"the label {y[row]} of sample {row}")
        )
    if len(np.unique(y)) < 2:
        raise ValueError(
            wrong(
                SOURCE,
                "samples of at least two classes",
                f"{len(y)} samples of the class {y[0]} alone",
            )
        )
    return y.astype("int32")


def _shown(y: Labels) -> str:
    if tree.is_nested(y):
        return f"a {type(y).__name__} of labels"
    return f"labels of shape {y.shape} ({y.dtype})"


def _wrong_labels(classes: int, received: str) -> str:
    return wrong(
        SOURCE,
        f"labels 0 to {classes - 1}, as the model has {classes} outputs: "
        f"integers (n,), or one-hot rows (n, {classes})",
        received,
        "Number the classes, `names, y = np.unique(y, return_inverse=True)`, "
        "and give the model one output for each of them.",
    )


def refuse_model_inputs(error: Exception, x: Inputs) -> ValueError:
    """The error for samples that the model does not take.

    Args:
        error: What the model raised.
        x: The samples.
    """
    shapes = tree.map_structure(lambda a: f"{a.dtype} {a.shape[1:]}", x)
    # Keras writes some of its messages in bold.
    reason = " ".join(re.sub(r"\x1b\[\d*m", "", str(error)).split())
    return ValueError(
        invalid(
            "model",
            f"a classifier that takes samples like those of the source, "
            f"{shapes}",
            reason,
        )
    )
