"""The unlabeled target samples that a callback predicts."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import tree

from keras_grl.pairing import PairedDataset
from keras_grl.streams import Columns
from keras_grl.streams import is_dataset
from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Structure

_HINT = (
    "Target labels are never used. Pass only the inputs: `x_target`, or a "
    "dataset that yields them: `dataset.map(lambda x, y: x)`."
)


class TargetSamples:
    """Arrays or a dataset of target samples, of which a few are read.

    Reading leaves the order of training as it is: `PyDataset`s are read by
    index, and the generator of a torch `DataLoader` is set back. Only the
    shuffling of a `tf.data.Dataset` advances with every iteration.

    Args:
        data: An array, a dict of arrays, or a dataset of batches.
    """

    def __init__(self, data: Data):
        if isinstance(data, PairedDataset):
            raise ValueError(
                wrong("x_target", "the target alone", "a paired dataset", _HINT)
            )
        if data is None:
            raise ValueError(wrong("x_target", "arrays or a dataset", "None"))
        self._is_dataset = is_dataset(data, "x_target")
        if isinstance(data, Iterator):
            raise ValueError(
                wrong(
                    "x_target",
                    "arrays, or a dataset that can be iterated again",
                    f"{type(data).__name__}, which gives its samples once",
                    "Take a few of them: `x_target = next(generator)`.",
                )
            )
        self._data = data if self._is_dataset else _unlabeled(data)
        self._read_before: Inputs | None = None
        if not self._is_dataset:
            self.read(1, Columns())

    def read(self, count: int, columns: Columns) -> Inputs:
        """At most `count` samples, as NumPy arrays.

        Random ones from arrays, whose order may have a meaning; the first ones
        from a dataset, which is read once.

        Args:
            count: Integer, at least 1.
            columns: Sorts the columns of data frames.
        """
        if self._is_dataset:
            if self._read_before is None:
                self._read_before = self._of_dataset(count, columns)
            x = self._read_before
            return tree.map_structure(lambda array: array[:count], x)
        x = _to_numpy(self._data, columns)
        size = len(tree.flatten(x)[0])
        rows = np.random.default_rng(0).permutation(size)[:count]
        return tree.map_structure(lambda array: array[np.sort(rows)], x)

    def _of_dataset(self, count: int, columns: Columns) -> Inputs:
        generators = _generators(self._data)
        states = [each.get_state() for each in generators]
        batches: list[Inputs] = []
        found = 0
        for batch in _iterate(self._data):
            batches.append(_to_numpy(_unlabeled(batch), columns))
            found += len(tree.flatten(batches[-1])[0])
            if found >= count:
                break
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        if not batches:
            raise ValueError(
                wrong("x_target", "at least one batch", "an empty dataset")
            )
        return tree.map_structure(
            lambda *arrays: np.concatenate(arrays)[:count], *batches
        )


def _generators(dataset: Data) -> list[Any]:
    """The random generators of a torch `DataLoader`, which shuffle it."""
    owners = (dataset, getattr(dataset, "sampler", None))
    found = [getattr(owner, "generator", None) for owner in owners]
    return [each for each in found if hasattr(each, "get_state")]


def _iterate(dataset: Data) -> Iterator[Structure[AnyArray]]:
    if not isinstance(dataset, keras.utils.PyDataset):
        yield from dataset
        return
    # Without `on_epoch_begin` and `on_epoch_end`, in which it may shuffle.
    index = 0
    while dataset.num_batches is None or index < dataset.num_batches:
        yield dataset[index]
        index += 1


def _unlabeled(batch: Structure[AnyArray]) -> Structure[AnyArray]:
    """The inputs of arrays or of a batch, if there is nothing else."""
    if isinstance(batch, (tuple, list)):
        parts = [part for part in batch if part is not None]
        # A list of numbers or of samples is not an array.
        inputs = len(parts) == 1 and (
            hasattr(parts[0], "shape") or isinstance(parts[0], Mapping)
        )
        if not inputs:
            raise ValueError(
                wrong(
                    "x_target",
                    "inputs without labels, an array or a dict of arrays",
                    describe(batch),
                    _HINT,
                )
            )
        (batch,) = parts
    labels = {"label", "labels"}
    if isinstance(batch, Mapping) and labels.intersection(batch):
        raise ValueError(
            wrong("x_target", "inputs without labels", describe(batch), _HINT)
        )
    return batch


def _to_numpy(x: Structure[AnyArray], columns: Columns) -> Inputs:
    x = columns.sorted_inputs("x_target", x)
    arrays = tree.map_structure(
        lambda array: as_array("x_target", "inputs", array), x
    )
    shapes = [array.shape for array in tree.flatten(arrays)]
    if not shapes or not all(shapes) or len({s[0] for s in shapes}) > 1:
        raise ValueError(
            wrong(
                "x_target",
                "samples in the first axis, as many in all arrays",
                f"arrays of the shapes {shapes}",
                "Batch the single samples of a dataset: `dataset.batch(64)`.",
            )
        )
    if shapes[0][0] == 0:
        raise ValueError(
            wrong("x_target", "at least one sample", "an empty array")
        )
    return arrays


def padded(array: Array, size: int) -> Array:
    """The array with its first rows again, to a multiple of `size` rows.

    Args:
        array: At least one row.
        size: Integer, the size of a batch.
    """
    rows = np.arange(-(-len(array) // size) * size) % len(array)
    return array if len(rows) == len(array) else array[rows]
