"""A stream of arrays, read by index."""

import numpy as np
from keras import tree

from keras_grl.streams.arrays import in_native_order
from keras_grl.streams.columns import Columns
from keras_grl.streams.names import stream_number
from keras_grl.streams.names import wrong
from keras_grl.streams.shard import WHOLE
from keras_grl.streams.shard import Shard
from keras_grl.streams.unpacking import describe
from keras_grl.streams.unpacking import unpack_arrays
from keras_grl.streams.values import check_weights
from keras_grl.streams.values import stays_on_disk
from keras_grl.streams.values import warn_of_inputs
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import LabelCheck


class ArrayStream:
    """Arrays in memory (or memory-mapped), read by index, never copied.

    Each pass is a permutation of all samples. Its order depends only on the
    seed and the number of the pass.
    """

    def __init__(
        self,
        name: str,
        data: Data,
        batch_size: int,
        shuffle: bool,
        seed: int,
        drop_remainder: bool,
        columns: Columns,
        shard: Shard = WHOLE,
    ):
        self.batch_size = batch_size
        self._name = name
        self._drop_remainder = drop_remainder
        self._shard = shard
        self.shuffle = shuffle
        self.seed = seed
        # Each stream has its own order, though they share a seed.
        self._seed = (seed, stream_number(name))
        self._orders: dict[int, Array] = {}
        parts = unpack_arrays(name, data)
        self.data = columns.to_numpy(name, parts)
        self.num_samples = _num_samples(name, parts, self.data)
        # Arrays that are too large to be read beforehand are checked batch by
        # batch.
        self._unread = any(map(stays_on_disk, tree.flatten(self.data)))
        self._warned = False

    def check_values(self, stacklevel: int) -> None:
        """Refuses weights that are not finite, warns about such inputs."""
        if not self._unread:
            check_weights(self._name, self.data)
            self._warned = warn_of_inputs(
                self._name, self.data[0], stacklevel=stacklevel + 1
            )

    def check_labels(self, check: LabelCheck) -> None:
        """Calls `check` with the labels, if they can be read at once."""
        if not self._unread and len(self.data) > 1:
            check(self._name, self.data[1])

    @property
    def checked_by_batch(self) -> bool:
        """Whether each batch of labels must be checked when it is read."""
        return self._unread

    @property
    def num_batches(self) -> int:
        """Batches in a pass."""
        full, rest = divmod(self.num_samples, self.batch_size)
        return full + (0 if self._drop_remainder else rest > 0)

    def batch_sizes(self, last: bool) -> set[int]:
        """The sizes of the batches.

        Args:
            last: Whether a pass ends with a last, maybe smaller, batch.
        """
        rest = self.num_samples % self.batch_size
        smaller = last and not self._drop_remainder and rest
        return {self.batch_size, rest} if smaller else {self.batch_size}

    def check_full_batch(self) -> None:
        """Refuses a pass without a batch."""
        if self.num_batches == 0:
            raise ValueError(
                f"The {self._name} stream holds no full batch. Expected at "
                f"least {self.batch_size} samples. Received: "
                f"{self.num_samples} samples\n"
                "Pass a smaller `batch_size`, or `drop_remainder=False`."
            )

    def restart(self) -> None:
        """Nothing to do: arrays are read by index."""

    def copied(self) -> "ArrayStream":
        """Itself: arrays are read by index."""
        return self

    def batch_of_pass(self, number: int, index: int) -> Batch:
        """Batch `index` of one pass; the last one may be smaller."""
        start = index * self.batch_size
        stop = min(start + self.batch_size, self.num_samples)
        first = number * self.num_samples
        return self._take(first + start, first + stop)

    def batch_of_walk(self, index: int) -> Batch:
        """Batch `index` of an endless series of passes."""
        start = index * self.batch_size
        return self._take(start, start + self.batch_size)

    def _take(self, start: int, stop: int) -> Batch:
        rows = self._rows(start, stop)
        rows = rows[self._shard.rows(len(rows))]
        batch = tree.map_structure(
            lambda array: in_native_order(array[rows]), self.data
        )
        if self._unread:
            check_weights(self._name, batch, " of a batch")
            self._warned = self._warned or warn_of_inputs(
                self._name, batch[0], " of a batch"
            )
        return batch

    def _rows(self, start: int, stop: int) -> Array:
        """The rows of the data in this part of an endless series of passes."""
        parts = []
        while start < stop:
            number, offset = divmod(start, self.num_samples)
            count = min(stop - start, self.num_samples - offset)
            parts.append(self._order(number)[offset : offset + count])
            start += count
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _order(self, number: int) -> Array:
        """The rows of the data in the order of one pass."""
        if not self.shuffle:
            return np.arange(self.num_samples)
        order = self._orders.get(number)
        if order is None:
            generator = np.random.default_rng((*self._seed, number))
            order = generator.permutation(self.num_samples)
            # A batch may span two passes: keep the last two.
            self._orders = dict(list(self._orders.items())[-1:])
            self._orders[number] = order
        return order


def _num_samples(name: str, given: Batch, data: Batch) -> int:
    """The number of samples, if it is the same in all arrays."""
    arrays = tree.flatten(data)
    if not all(array.ndim for array in arrays):
        raise ValueError(
            wrong(
                name,
                "arrays whose first axis counts the samples",
                f"a scalar, in {describe(given)}",
            )
        )
    sizes = {len(array) for array in arrays}
    if len(sizes) > 1:
        raise ValueError(
            f"The arrays of the {name} stream must hold the same number of "
            f"samples. Received: {sorted(sizes)}"
        )
    (size,) = sizes
    if size == 0:
        raise ValueError(
            f"The {name} stream is empty. Expected at least one sample. "
            "Received: arrays of length 0"
        )
    return size
