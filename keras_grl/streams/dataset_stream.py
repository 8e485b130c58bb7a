"""A stream of somebody's dataset of batches."""

import threading
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import keras
from keras import tree

from keras_grl.streams.columns import Columns
from keras_grl.streams.names import TARGET
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import unpack_batch
from keras_grl.streams.values import check_labels
from keras_grl.streams.values import warn_of_inputs

# Grain gives an endless dataset the largest length there is, or a share of it.
_ENDLESS = 2**40


class DatasetStream:
    """Batches of somebody's dataset, taken one after the other."""

    checked_by_batch = True

    def __init__(self, name: str, dataset: Any, columns: Columns):
        self._name = name
        self._columns = columns
        self._dataset = dataset
        self._once = isinstance(dataset, Iterator)
        self._iterator: Iterator[Any] | None = None
        self._warned_of_labels = False
        self._warned_of_inputs = False
        # Keras's prefetching threads may ask for batches at the same time.
        self._lock = threading.Lock()
        if self.num_batches == 0:
            raise ValueError(self._empty())

    @property
    def num_batches(self) -> int | None:
        if self._once:
            return None
        try:
            if isinstance(self._dataset, keras.utils.PyDataset):
                return self._dataset.num_batches
            length = len(self._dataset)
        except (TypeError, NotImplementedError):
            # tf.data, torch and Grain say so: endless, or not known.
            return None
        return None if length > _ENDLESS else length

    def check_values(self, stacklevel: int) -> None:
        """Nothing to do: batches are checked as they come."""

    def check_labels(self, check: Callable[[str, Any], None]) -> None:
        """Nothing to do: batches are checked as they come."""

    def restart(self) -> None:
        """Begin a new pass, unless the dataset cannot be started again."""
        with self._lock:
            if not self._once:
                self._iterator = None

    def batch_of_pass(self, number: int, index: int) -> tuple[Any, ...]:
        """The next batch, whatever the index."""
        with self._lock:
            return self._next()

    def batch_of_walk(self, index: int) -> tuple[Any, ...]:
        """The next batch, whatever the index."""
        with self._lock:
            return self._next()

    def _next(self) -> tuple[Any, ...]:
        if self._iterator is None:
            self._iterator = self._iterate()
        try:
            batch = next(self._iterator)
        except StopIteration:
            if self._once:
                raise ValueError(
                    f"The generator given as the {self._name} stream has "
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

    def _iterate(self) -> Iterator[Any]:
        if not isinstance(self._dataset, keras.utils.PyDataset):
            return iter(self._dataset)
        return self._iterate_py_dataset(self._dataset)

    @staticmethod
    def _iterate_py_dataset(dataset: Any) -> Iterator[Any]:
        dataset.on_epoch_begin()
        index = 0
        try:
            while dataset.num_batches is None or index < dataset.num_batches:
                yield dataset[index]
                index += 1
        finally:
            # Also of a pass left where the epoch ended: many shuffle here.
            dataset.on_epoch_end()

    def _to_numpy(self, batch: Any) -> tuple[Any, ...]:
        if self._name != TARGET:
            unpacked = unpack_batch(self._name, batch, self._dataset)
        else:
            unpacked = (self._without_labels(batch),)
        parts = self._columns.to_numpy(self._name, unpacked)
        self._check_batched(parts)
        check_labels(self._name, parts, " of a batch")
        if not self._warned_of_inputs:
            self._warned_of_inputs = warn_of_inputs(
                self._name, parts[0], " of a batch"
            )
        return parts

    def _without_labels(self, batch: Any) -> Any:
        if not isinstance(batch, (tuple, list)):
            return batch
        labeled = any(part is not None for part in batch[1:])
        if labeled and not self._warned_of_labels:
            self._warned_of_labels = True
            warnings.warn(
                "The target dataset yields labels with its images. They "
                "are dropped: domain-adversarial training does not use "
                "target labels. (Labeled target samples go into the "
                "third stream, `pair(source, target, labeled_target)`.)",
                stacklevel=2,
            )
        return batch[0]

    def _check_batched(self, parts: tuple[Any, ...]) -> None:
        """Refuse single samples: their labels have no axis of samples."""
        shapes = [tuple(array.shape) for array in tree.flatten(parts)]
        if all(shapes) and len({shape[0] for shape in shapes}) == 1:
            return
        shown = ", ".join("a scalar" if s == () else str(s) for s in shapes)
        raise ValueError(
            wrong(
                self._name,
                "batches, with equally many samples in each of their arrays",
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
