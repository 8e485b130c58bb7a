"""One stream of a paired dataset: arrays read by index, or a dataset."""

import threading
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import tree

SOURCE = "source"
TARGET = "target"
LABELED_TARGET = "labeled_target"
STREAMS = (SOURCE, TARGET, LABELED_TARGET)

# Grain gives an endless dataset the largest length there is, or a share of it.
_ENDLESS = 2**40


class ArrayStream:
    """Arrays in memory (or memory-mapped), read by index, never copied.

    Its samples come in passes, each a permutation of all; the random order of
    a pass depends on the seed and the number of the pass alone.
    """

    def __init__(
        self,
        name: str,
        data: Any,
        batch_size: int,
        shuffle: bool,
        seed: int,
        drop_remainder: bool,
    ):
        self.batch_size = batch_size
        self._drop_remainder = drop_remainder
        self._shuffle = shuffle
        # One random order per stream, though the seed is one.
        self._seed = (seed, STREAMS.index(name))
        self._orders: dict[int, Any] = {}
        self.data = tree.map_structure(_as_array, _unpack(name, data))
        sizes = {_size(name, array) for array in tree.flatten(self.data)}
        if len(sizes) > 1:
            raise ValueError(
                f"The arrays of the {name} stream must hold equally many "
                f"samples. Received: {sorted(sizes)}"
            )
        (self.num_samples,) = sizes
        if self.num_samples == 0:
            raise ValueError(
                f"The {name} stream is empty. Expected at least one sample. "
                "Received: arrays of length 0"
            )

    @property
    def num_batches(self) -> int:
        full, rest = divmod(self.num_samples, self.batch_size)
        return full + (0 if self._drop_remainder else rest > 0)

    def restart(self) -> None:
        """Nothing to do: arrays are read by index."""

    def batch_of_pass(self, number: int, index: int) -> tuple[Any, ...]:
        """Batch `index` of one pass; the last one may be smaller."""
        start = index * self.batch_size
        stop = min(start + self.batch_size, self.num_samples)
        first = number * self.num_samples
        return self._take(first + start, first + stop)

    def batch_of_walk(self, index: int) -> tuple[Any, ...]:
        """Batch `index` of an endless walk through one pass after another."""
        start = index * self.batch_size
        return self._take(start, start + self.batch_size)

    def _take(self, start: int, stop: int) -> tuple[Any, ...]:
        parts = []
        while start < stop:
            number, offset = divmod(start, self.num_samples)
            count = min(stop - start, self.num_samples - offset)
            parts.append(self._order(number)[offset : offset + count])
            start += count
        rows = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return tree.map_structure(lambda array: array[rows], self.data)

    def _order(self, number: int) -> Any:
        """The rows of the data in the order of one pass."""
        if not self._shuffle:
            return np.arange(self.num_samples)
        order = self._orders.get(number)
        if order is None:
            generator = np.random.default_rng((*self._seed, number))
            order = generator.permutation(self.num_samples)
            # A batch may lie across two passes: keep the last two.
            self._orders = dict(list(self._orders.items())[-1:])
            self._orders[number] = order
        return order


class DatasetStream:
    """Batches of somebody's dataset, taken one after the other."""

    def __init__(self, name: str, dataset: Any):
        self._name = name
        self._dataset = dataset
        self._once = isinstance(dataset, Iterator)
        self._iterator: Iterator[Any] | None = None
        self._warned = False
        self.check: Callable[[str, Any], None] | None = None
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
            unpacked = _unpack(self._name, batch)
        elif isinstance(batch, (tuple, list)):
            labelled = any(part is not None for part in batch[1:])
            if labelled and not self._warned:
                self._warned = True
                warnings.warn(
                    "The target dataset yields labels with its images. They "
                    "are dropped: domain-adversarial training does not use "
                    "target labels. (Labelled target samples go into the "
                    "third stream, `pair(source, target, labeled_target)`.)",
                    stacklevel=2,
                )
            unpacked = (batch[0],)
        else:
            unpacked = (batch,)
        arrays = tree.map_structure(_as_array, unpacked)
        if self.check is not None:
            self.check(self._name, arrays[1])
        return arrays

    def _empty(self) -> str:
        return (
            f"The {self._name} stream is empty. Expected a dataset of at least "
            "one batch. Received: a dataset that yields nothing"
        )


def is_dataset(data: Any) -> bool:
    """Whether `data` yields batches, as opposed to being arrays."""
    if isinstance(data, keras.utils.PyDataset):
        return True
    if isinstance(data, (tuple, list, dict, str)) or hasattr(data, "shape"):
        return False
    if hasattr(data, "__getitem__") and not hasattr(data, "__iter__"):
        raise ValueError(
            "A stream must be arrays or a dataset of batches that can be "
            f"iterated. Received: {type(data).__name__}, which gives single "
            "samples by index\nWrap it: `torch.utils.data.DataLoader(dataset, "
            "batch_size=64, shuffle=True)`."
        )
    return hasattr(data, "__iter__")


def _unpack(name: str, data: Any) -> tuple[Any, ...]:
    """(x, y) or (x, y, sample_weight), or (x,) for the target."""
    labelled = name != TARGET
    if isinstance(data, (tuple, list)):
        data = tuple(data)
        if labelled and len(data) in (2, 3) and data[1] is not None:
            return data if data[-1] is not None else data[:-1]
        if not labelled and len(data) == 1:
            return data
    elif not labelled:
        return (data,)
    if labelled:
        expected = "a tuple `(x, y)` or `(x, y, sample_weight)`"
        mend = f"Pass the labels with the images: `(x_{name}, y_{name})`."
    else:
        expected = "images alone, without labels"
        mend = (
            "Target labels are never trained on. Pass the images alone: "
            "`pair((x_source, y_source), x_target)`. Labelled target samples "
            "go into the third stream: `pair(source, target, labeled_target="
            "(x, y))`."
        )
    raise ValueError(
        f"Invalid value received for argument `{name}`. Expected {expected}. "
        f"Received: {_describe(data)}\n{mend}"
    )


def _describe(data: Any) -> str:
    if isinstance(data, (tuple, list)):
        inner = ", ".join(_describe(item) for item in data[:4])
        return f"a {type(data).__name__} of length {len(data)} ({inner})"
    if hasattr(data, "shape"):
        return f"an array of shape {tuple(data.shape)}"
    return f"{type(data).__name__}"


def _as_array(data: Any) -> Any:
    """`data` as a NumPy array: a view of it wherever it lies in memory."""
    if isinstance(data, np.ndarray):
        return data
    if hasattr(data, "detach"):
        data = data.detach().cpu()
    return np.asarray(data)


def _size(name: str, array: Any) -> int:
    if array.ndim == 0:
        raise ValueError(
            f"The {name} stream must be made of arrays whose first axis "
            "counts the samples. Received: a scalar"
        )
    return int(array.shape[0])
