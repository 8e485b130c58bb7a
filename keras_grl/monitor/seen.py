"""The first batches of training, kept as they pass.

Nothing is read for the monitor alone: a dataset may give its samples once, and
another read could change the order of the next ones.
"""

import numpy as np
from keras import ops
from keras import tree

from keras_grl.pairing import PairedDataset
from keras_grl.streams import TARGET
from keras_grl.streams import sources_in
from keras_grl.streams.wrapped import WrappedDataset
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Labels
from keras_grl.types import PairedInputs

# Target samples that are kept, unless they are large.
MOST_SAMPLES = 512
_MOST_BYTES = 2**27
# Source labels that are counted.
_MOST_LABELS = 4096


class Seen:
    """The first batches of training.

    Attributes:
        batches: List of paired inputs, as NumPy arrays.
    """

    def __init__(self) -> None:
        self.batches: list[PairedInputs] = []
        self._labels: list[Labels] = []
        # Keras reads the first batch several times.
        self._indices: set[int] = set()
        self._samples = self._bytes = self._counted = 0

    def record(self, index: int, x: PairedInputs, y: Labels) -> None:
        """Keeps a batch, if there are not enough yet.

        Args:
            index: Integer, the number of the batch in its epoch.
            x: Paired inputs.
            y: Labels, of several streams by name.
        """
        if index in self._indices:
            return
        self._indices.add(index)
        if self._counted < _MOST_LABELS:
            self._record_labels(sources_in(x), y)
        if self._samples < MOST_SAMPLES:
            self._record_inputs(x)

    def _record_labels(self, sources: list[str], y: Labels) -> None:
        several = isinstance(y, dict) and sources[0] in y
        for labels in [y[name] for name in sources] if several else [y]:
            self._labels.append(labels)
            self._counted += rows(labels)

    def _record_inputs(self, x: PairedInputs) -> None:
        size = sum(array.nbytes for array in tree.flatten(x))
        if self.batches and self._bytes + size > _MOST_BYTES:
            return
        # Copies: a dataset may use the memory of a batch for the next one.
        self.batches.append(tree.map_structure(_copied, x))
        self._bytes += size
        self._samples += rows(x[TARGET])

    def domain_sizes(self) -> list[int]:
        """Samples of each domain in a batch, the target's last."""
        x = self.batches[0]
        sources = sources_in(x)
        others = [name for name in x if name not in sources]
        return [
            *(rows(x[name]) for name in sources),
            sum(rows(x[name]) for name in others),
        ]

    def target(self, count: int) -> Inputs:
        """At most `count` unlabeled target samples."""
        parts = [x[TARGET] for x in self.batches]
        return tree.map_structure(
            lambda *arrays: np.concatenate(arrays)[:count], *parts
        )

    def class_shares(self, classes: int) -> Array | None:
        """How often each class occurs in the source.

        Args:
            classes: Integer, the number of classes.

        Returns:
            Array of shape `(classes,)` whose sum is 1; None if the labels are
            no class numbers or one-hot labels.
        """
        counts = np.zeros(classes)
        for labels in self._labels:
            found = _class_counts(labels, classes)
            if found is None:
                return None
            counts += found
        return counts / counts.sum() if counts.sum() > 0 else None


class WatchedDataset(WrappedDataset):
    """The batches of a dataset, the first of which are kept.

    Args:
        dataset: A `PairedDataset`, or one that yields its batches.
        seen: Where they are kept.
    """

    def __init__(self, dataset: PairedDataset, seen: Seen):
        super().__init__(dataset)
        self._seen = seen

    def __getitem__(self, index: int) -> Batch:
        batch = self._dataset[index]
        x, y, *_ = batch
        self._seen.record(index, x, y)
        return batch


def _copied(array: AnyArray) -> Array:
    return np.array(_as_numpy(array))


def _as_numpy(array: AnyArray) -> Array:
    """Of a batch that may be on the device."""
    if isinstance(array, np.ndarray):
        return array
    return np.asarray(ops.convert_to_numpy(array))


def rows(x: Data) -> int:
    """The number of samples of inputs or labels."""
    return len(tree.flatten(x)[0])


def _class_counts(labels: Labels, classes: int) -> Array | None:
    """How often each class occurs; None if the labels are not classes."""
    if tree.is_nested(labels):
        return None
    numbers = _as_numpy(labels).astype("float64")
    if numbers.ndim == 2 and numbers.shape[1] == classes > 1:
        one_hot = np.isfinite(numbers).all() and (numbers >= 0).all()
        return numbers.sum(axis=0) if one_hot else None
    if numbers.size != len(numbers):
        return None
    numbers = numbers.reshape(-1)
    # Some losses ignore a special class, such as -1, or NaN.
    numbers = numbers[(numbers >= 0) & (numbers < classes)]
    if (numbers % 1).any():
        return None
    return np.bincount(numbers.astype("int64"), minlength=classes).astype(
        "float64"
    )
