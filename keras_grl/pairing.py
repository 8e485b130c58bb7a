"""pair(): streams of the source and the target domain, made one dataset."""

import threading
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import tree

from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

SOURCE = "source"
TARGET = "target"
LABELED_TARGET = "labeled_target"
LENGTHS = ("longest", "shortest", SOURCE, TARGET)

# Grain gives its endless datasets the length `sys.maxsize`, or, when they are
# batched, a part of it.
_ENDLESS = 2**40


def pair(
    source: Any,
    target: Any,
    labeled_target: Any = None,
    *,
    batch_size: Any = None,
    length: str = "longest",
    shuffle: bool = True,
    seed: int | None = None,
    drop_remainder: bool = True,
) -> "PairedDataset":
    """Pairs labelled source data with unlabelled target data for `fit`.

    The streams may be of unequal length: `length` says which of them makes an
    epoch. A stream that ends earlier starts again, reshuffled.

    Args:
        source: Labelled source data: a tuple `(x, y)` or `(x, y,
            sample_weight)` of arrays (NumPy, JAX, torch or TensorFlow, or
            structures of them) or a dataset of batches (`tf.data.Dataset`,
            torch `DataLoader`, `keras.utils.PyDataset`, Grain, or any object
            that can be iterated again and again) that yields such tuples. A
            Python generator is taken for an endless dataset.
        target: Unlabelled target data: an array (or structure of arrays), or
            a dataset that yields batches `x`. Labels are refused in arrays;
            those that a dataset yields are dropped with a warning.
        labeled_target: Labelled target samples for semi-supervised training,
            given as `source` is. The domain classifier sees them as target.
        batch_size: Samples per batch of the streams that are arrays: an
            integer for the whole batch, shared in equal parts by the streams,
            or a tuple or dict (keys "source", "target", "labeled_target") with
            the size of each. Defaults to 128, so 64 source and 64 target
            samples, the paper's. Streams that are datasets bring their own.
        length: What an epoch is: "longest" and "shortest" (of source and
            target), "source" or "target".
        shuffle: Boolean, whether to shuffle the streams that are arrays, anew
            in every epoch and cycle. Datasets shuffle themselves.
        seed: Integer, makes the order of the arrays reproducible. With None
            it comes from NumPy's global generator, which
            `keras.utils.set_random_seed` seeds.
        drop_remainder: Boolean, whether to drop the last samples of an epoch
            that do not fill a batch. With False the last batch is smaller, so
            that a compiled training step is compiled twice.

    Returns:
        A `PairedDataset`, which is a `keras.utils.PyDataset`. A batch is
        `(x, y)` or `(x, y, sample_weight)`, with `x = {"source": x_source,
        "target": x_target}` and `y` the source labels. With `labeled_target`,
        `x` has it as a third entry, and `y` and `sample_weight` are dicts of
        "source" and "labeled_target".

    Raises:
        ValueError: If a stream is empty, without labels (source) or with
            labels (target); if arrays have unequal lengths, or the domains
            unequal shapes or kinds of dtype; if the batch size does not fit.

    Example:

    >>> x_source, y_source = np.zeros((100, 28, 28, 3)), np.zeros((100,))
    >>> x_target = np.zeros((300, 28, 28, 3))
    >>> dataset = pair((x_source, y_source), x_target, batch_size=20)
    >>> len(dataset)
    30
    >>> x, y = dataset[0]
    >>> x["source"].shape, x["target"].shape, y.shape
    ((10, 28, 28, 3), (10, 28, 28, 3), (10,))

    Reference:
        Ganin & Lempitsky (2015), section 4 (batches half source, half target).
    """
    check_choice("length", length, LENGTHS)
    given = {SOURCE: source, TARGET: target}
    if labeled_target is not None:
        given[LABELED_TARGET] = labeled_target
    for name in (SOURCE, TARGET):
        if given[name] is None:
            raise ValueError(
                invalid(
                    name,
                    "arrays or a dataset",
                    None,
                    "Pass both domains: `pair((x_source, y_source), "
                    "x_target)`.",
                )
            )
    if seed is None:
        seed = int(np.random.randint(2**31))
    seed = check_integer("seed", seed, minimum=0)
    sizes = _batch_sizes(batch_size, given)
    streams: dict[str, Any] = {}
    for name, data in given.items():
        if _is_dataset(data):
            streams[name] = _DatasetStream(name, data)
        else:
            streams[name] = _ArrayStream(
                name, data, sizes[name], shuffle, seed, drop_remainder
            )
    _check_alike(streams)
    return PairedDataset(streams, length)


class PairedDataset(keras.utils.PyDataset):
    """What `pair` returns: a dataset of paired batches.

    Made by `pair`, consumed by `fit` and `evaluate`. The batches of arrays are
    a pure function of the seed, the epoch and the index of the batch.
    """

    def __init__(self, streams: dict[str, Any], length: str):
        super().__init__()
        self._streams = streams
        self._length = length
        self._steps: int | None = None
        self._epoch = -1
        self._next_epoch = 0
        if self.num_batches == 0:
            name = self._reference()
            raise ValueError(
                f"The {name} stream holds no full batch. Expected at least "
                f"{streams[name].batch_size} samples. Received: "
                f"{streams[name].num_samples} samples\n"
                "Pass a smaller `batch_size`, or `drop_remainder=False`."
            )

    def _reference(self) -> str:
        """The name of the stream that makes an epoch."""
        if self._length in self._streams:
            return self._length
        lengths = {
            name: _inf_if_none(self._streams[name].num_batches)
            for name in (SOURCE, TARGET)
        }
        choose = max if self._length == "longest" else min
        return choose(lengths, key=lambda name: lengths[name])

    @property
    def num_batches(self) -> int | None:
        """Batches per epoch; None if endless or not known beforehand."""
        if self._steps is not None:
            return self._steps
        return self._streams[self._reference()].num_batches

    def __len__(self) -> int:
        if self.num_batches is None:
            raise TypeError(
                "This dataset is endless or of unknown length. Pass "
                "`steps_per_epoch` to `fit`."
            )
        return self.num_batches

    def with_steps(self, steps_per_epoch: int) -> "PairedDataset":
        """The same streams, with epochs of `steps_per_epoch` batches.

        Args:
            steps_per_epoch: Integer. Streams that end earlier start again.

        Returns:
            A `PairedDataset`.

        Example:

        >>> dataset = pair((np.zeros((64, 2)), np.zeros(64)), np.zeros((64, 2)))
        >>> len(dataset), len(dataset.with_steps(50))
        (1, 50)
        """
        limited = PairedDataset(self._streams, self._length)
        limited._steps = check_integer("steps_per_epoch", steps_per_epoch)
        return limited

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch that begins, so that a resumed run goes on alike."""
        self._next_epoch = epoch

    def on_epoch_begin(self) -> None:
        self._epoch = self._next_epoch
        self._next_epoch += 1
        for stream in self._streams.values():
            stream.start_epoch(self._epoch)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        epoch = max(self._epoch, 0)
        # The stream that makes an epoch says where the last, smaller batch is;
        # `with_steps` makes an epoch that no stream ends.
        reference = self._reference() if self._steps is None else None
        parts = {
            name: stream.batch(epoch, index, cycle=name != reference)
            for name, stream in self._streams.items()
        }
        x = {name: part[0] for name, part in parts.items()}
        labelled = {n: part for n, part in parts.items() if n != TARGET}
        y = {name: part[1] for name, part in labelled.items()}
        weights = {
            name: part[2] for name, part in labelled.items() if len(part) == 3
        }
        if LABELED_TARGET not in parts:
            y = y[SOURCE]
            return (x, y, weights[SOURCE]) if weights else (x, y)
        if not weights:
            return x, y
        for name in labelled:
            if name not in weights:
                size = tree.flatten(x[name])[0].shape[0]
                weights[name] = np.ones(size, dtype="float32")
        return x, y, weights


class _ArrayStream:
    """Arrays in memory (or memory-mapped), read by index, never copied."""

    def __init__(
        self,
        name: str,
        data: Any,
        batch_size: int,
        shuffle: bool,
        seed: int,
        drop_remainder: bool,
    ):
        self.name = name
        self.batch_size = batch_size
        self._drop_remainder = drop_remainder
        self._shuffle = shuffle
        # One random order per stream, though the seed is one.
        self._seed = (seed, (SOURCE, TARGET, LABELED_TARGET).index(name))
        self._orders: dict[tuple[int, int], Any] = {}
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

    def example(self) -> Any:
        return tree.map_structure(lambda array: array[:1], self.data[0])

    def start_epoch(self, epoch: int) -> None:
        pass

    def batch(self, epoch: int, index: int, cycle: bool) -> tuple[Any, ...]:
        start = index * self.batch_size
        stop = start + self.batch_size
        if not cycle and start < self.num_samples < stop:
            stop = self.num_samples
        rows = self._rows(epoch, start, stop)
        return tree.map_structure(lambda array: array[rows], self.data)

    def _rows(self, epoch: int, start: int, stop: int) -> Any:
        """Rows `start` to `stop` of the epoch's endless walk of the data."""
        rows = []
        while start < stop:
            cycle, offset = divmod(start, self.num_samples)
            count = min(stop - start, self.num_samples - offset)
            rows.append(self._order(epoch, cycle)[offset : offset + count])
            start += count
        return rows[0] if len(rows) == 1 else np.concatenate(rows)

    def _order(self, epoch: int, cycle: int) -> Any:
        if not self._shuffle:
            return np.arange(self.num_samples)
        key = (epoch, cycle)
        order = self._orders.get(key)
        if order is None:
            generator = np.random.default_rng((*self._seed, epoch, cycle))
            order = generator.permutation(self.num_samples)
            # A batch may lie across two cycles: keep the last two.
            self._orders = dict(list(self._orders.items())[-1:])
            self._orders[key] = order
        return order


class _DatasetStream:
    """Batches of somebody's dataset, taken one after the other."""

    batch_size = 1

    def __init__(self, name: str, dataset: Any):
        self.name = name
        self._dataset = dataset
        self._once = isinstance(dataset, Iterator)
        self._iterator: Iterator[Any] | None = None
        self._warned = False
        # Keras's prefetching threads may ask for batches at the same time.
        self._lock = threading.Lock()
        if self.num_batches == 0:
            raise ValueError(self._empty())

    @property
    def num_samples(self) -> int | None:
        return self.num_batches

    @property
    def num_batches(self) -> int | None:
        if self._once:
            return None
        if isinstance(self._dataset, keras.utils.PyDataset):
            return self._dataset.num_batches
        try:
            length = len(self._dataset)
        except (TypeError, NotImplementedError):
            # tf.data, torch and Grain say so: endless, or not known.
            return None
        return None if length > _ENDLESS else length

    def start_epoch(self, epoch: int) -> None:
        with self._lock:
            if not self._once and self.num_batches is not None:
                self._iterator = None

    def batch(self, epoch: int, index: int, cycle: bool) -> tuple[Any, ...]:
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
                    f"The generator given as the {self.name} stream has "
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
        if self.name != TARGET:
            unpacked = _unpack(self.name, batch)
        elif isinstance(batch, (tuple, list)):
            if len(batch) > 1 and not self._warned:
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
        return tree.map_structure(_as_array, unpacked)

    def _empty(self) -> str:
        return (
            f"The {self.name} stream is empty. Expected a dataset of at least "
            "one batch. Received: a dataset that yields nothing"
        )


def _inf_if_none(number: int | None) -> float:
    return float("inf") if number is None else number


def _is_dataset(data: Any) -> bool:
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


def _batch_sizes(batch_size: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The batch size of each stream that is made of arrays."""
    arrays = [name for name, data in given.items() if not _is_dataset(data)]
    if not arrays:
        if batch_size is not None:
            raise ValueError(
                "Argument `batch_size` is for streams that are arrays. "
                f"Received: batch_size={batch_size!r} with datasets, which "
                "bring batches of their own. Leave it out."
            )
        return {}
    if batch_size is None:
        batch_size = 128 if len(given) == 2 else 64 * len(given)
    if isinstance(batch_size, (tuple, list)):
        if len(batch_size) != len(given):
            raise ValueError(
                invalid("batch_size", f"{len(given)} sizes", batch_size)
            )
        batch_size = dict(zip(given, batch_size, strict=True))
    if isinstance(batch_size, dict):
        missing = [name for name in arrays if name not in batch_size]
        unknown = [name for name in batch_size if name not in given]
        if missing or unknown:
            raise ValueError(
                invalid(
                    "batch_size",
                    "one size for each of "
                    + ", ".join(f'"{name}"' for name in arrays),
                    batch_size,
                )
            )
        sizes = {name: batch_size[name] for name in arrays}
    else:
        total = check_integer("batch_size", batch_size)
        if total % len(given):
            raise ValueError(
                invalid(
                    "batch_size",
                    f"a multiple of {len(given)}, the number of streams that "
                    "share a batch",
                    batch_size,
                    "Give each its own size: `batch_size="
                    + str(dict.fromkeys(given, total // len(given) or 1))
                    + "`.",
                )
            )
        sizes = dict.fromkeys(arrays, total // len(given))
    return {
        name: check_integer(f'batch_size["{name}"]', size)
        for name, size in sizes.items()
    }


def _check_alike(streams: dict[str, Any]) -> None:
    """Refuse domains that one feature extractor could not take."""
    arrays = {
        name: stream
        for name, stream in streams.items()
        if isinstance(stream, _ArrayStream)
    }
    described = {
        name: tree.map_structure(
            lambda array: f"{array.dtype.name} {array.shape[1:]}",
            stream.example(),
        )
        for name, stream in arrays.items()
    }
    kinds = {
        name: tree.map_structure(
            lambda array: (array.dtype.kind, *array.shape[1:]),
            stream.example(),
        )
        for name, stream in arrays.items()
    }
    names = list(kinds)
    for name in names[1:]:
        if kinds[name] != kinds[names[0]]:
            raise ValueError(
                "The domains must have samples of the same shape and kind of "
                f"dtype. Received: {names[0]}: {described[names[0]]}, "
                f"{name}: {described[name]}\n"
                "Resize or convert one of them; keep raw 0-255 images as "
                "uint8 in both."
            )
