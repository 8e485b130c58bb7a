"""A stream of a user's dataset of batches."""

import copy
import threading
import warnings
from collections.abc import Iterator

import keras
from keras import tree

from keras_grl.streams.columns import Columns
from keras_grl.streams.names import is_labeled
from keras_grl.streams.names import wrong
from keras_grl.streams.shard import WHOLE
from keras_grl.streams.shard import Shard
from keras_grl.streams.unpacking import unpack_batch
from keras_grl.streams.values import check_weights
from keras_grl.streams.values import warn_of_inputs
from keras_grl.types import AnyArray
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import LabelCheck
from keras_grl.types import Structure

# An endless Grain dataset has the largest possible length, or a fraction of it.
_ENDLESS = 2**40


def num_batches(dataset: Data) -> int | None:
    """Batches in a pass; None if endless or not known beforehand."""
    try:
        if isinstance(dataset, keras.utils.PyDataset):
            return dataset.num_batches
        length = len(dataset)
    except (TypeError, NotImplementedError):
        # tf.data, torch and Grain raise if it is endless or unknown.
        return None
    return None if length > _ENDLESS else length


class DatasetStream:
    """The batches of a user's dataset, read one after the other."""

    checked_by_batch = True

    def __init__(
        self,
        name: str,
        dataset: Data,
        columns: Columns,
        shard: Shard = WHOLE,
    ):
        self._name = name
        self._shard = shard
        self._columns = columns
        self._dataset = dataset
        self._once = isinstance(dataset, Iterator)
        self._iterator: Iterator[Structure[AnyArray]] | None = None
        self._warned_of_labels = False
        self._warned_of_inputs = False
        # Keras's prefetching threads may ask for batches at the same time.
        self._lock = threading.Lock()
        if self.num_batches == 0:
            raise ValueError(self._empty())

    @property
    def num_batches(self) -> int | None:
        """Batches in a pass; None if endless or not known beforehand."""
        return None if self._once else num_batches(self._dataset)

    def check_values(self, stacklevel: int) -> None:
        """Nothing to do: batches are checked when they are read."""

    def check_labels(self, check: LabelCheck) -> None:
        """Nothing to do: batches are checked when they are read."""

    def restart(self) -> None:
        """Begins a new pass, if the dataset can be iterated again."""
        with self._lock:
            if not self._once:
                self._iterator = None

    def copied(self) -> "DatasetStream":
        """Another pass over the dataset; of a generator, the same one."""
        stream = copy.copy(self)
        stream._lock = threading.Lock()
        stream.restart()
        return stream

    def batch_of_pass(self, number: int, index: int) -> Batch:
        """The next batch; the index does not matter."""
        with self._lock:
            return self._next()

    def batch_of_walk(self, index: int) -> Batch:
        """The next batch; the index does not matter."""
        with self._lock:
            return self._next()

    def _next(self) -> Batch:
        if self._iterator is None:
            self._iterator = self._iterate()
        try:
            batch = next(self._iterator)
        except StopIteration:
            if self._once:
                raise ValueError(
                    f"The generator passed as the {self._name} stream has "
                    "ended. Expected an endless one, since it cannot be "
                    "started again. Pass a dataset that can be iterated "
                    "again, such as a `keras.utils.PyDataset`."
                ) from None
            self._iterator = self._iterate()
            try:
                batch = next(self._iterator)
            except StopIteration:
                raise ValueError(self._empty()) from None
        return self._to_numpy(batch)

    def _iterate(self) -> Iterator[Structure[AnyArray]]:
        if not isinstance(self._dataset, keras.utils.PyDataset):
            return iter(self._dataset)
        return self._iterate_py_dataset(self._dataset)

    @staticmethod
    def _iterate_py_dataset(
        dataset: keras.utils.PyDataset,
    ) -> Iterator[Structure[AnyArray]]:
        dataset.on_epoch_begin()
        index = 0
        try:
            while dataset.num_batches is None or index < dataset.num_batches:
                yield dataset[index]
                index += 1
        finally:
            # Also if the epoch ended within a pass: many datasets shuffle here.
            dataset.on_epoch_end()

    def _to_numpy(self, batch: Structure[AnyArray]) -> Batch:
        if is_labeled(self._name):
            unpacked = unpack_batch(self._name, batch, self._dataset)
        else:
            unpacked = (self._without_labels(batch),)
        parts = self._columns.to_numpy(self._name, unpacked)
        self._check_batched(parts)
        parts = self._shard.cut(self._name, parts)
        check_weights(self._name, parts, " of a batch")
        if not self._warned_of_inputs:
            self._warned_of_inputs = warn_of_inputs(
                self._name, parts[0], " of a batch"
            )
        return parts

    def _without_labels(
        self, batch: Structure[AnyArray]
    ) -> Structure[AnyArray]:
        if not isinstance(batch, (tuple, list)):
            return batch
        labeled = any(part is not None for part in batch[1:])
        if labeled and not self._warned_of_labels:
            self._warned_of_labels = True
            warnings.warn(
                "The target dataset yields labels with its images. They "
                "are dropped: domain-adversarial training does not use "
                "target labels. (Pass labeled target samples as the third "
                "stream, `pair(source, target, labeled_target)`.)",
                stacklevel=2,
            )
        return batch[0]

    def _check_batched(self, parts: Batch) -> None:
        """Refuses single samples: their labels have no batch axis."""
        shapes = [tuple(array.shape) for array in tree.flatten(parts)]
        if all(shapes) and len({shape[0] for shape in shapes}) == 1:
            return
        shown = ", ".join("a scalar" if s == () else str(s) for s in shapes)
        raise ValueError(
            wrong(
                self._name,
                "batches, with the same number of samples in all arrays",
                f"a dataset that yields arrays of the shapes {shown}",
                "Batch single samples: `dataset.batch(64)` (tf.data, Grain), "
                "`torch.utils.data.DataLoader(dataset, batch_size=64)`.",
            )
        )

    def _empty(self) -> str:
        return (
            f"The {self._name} stream is empty. Expected a dataset of at least "
            "one batch. Received: a dataset that yields nothing"
        )
