"""A stream of arrays, read by index."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import tree

from keras_grl.streams.columns import Columns
from keras_grl.streams.names import STREAMS
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.streams.unpacking import unpack_arrays
from keras_grl.streams.values import check_labels
from keras_grl.streams.values import stays_on_disk
from keras_grl.streams.values import warn_of_inputs


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
        columns: Columns,
    ):
        self.batch_size = batch_size
        self._name = name
        self._drop_remainder = drop_remainder
        self._shuffle = shuffle
        self.seed = seed
        # One random order per stream, though the seed is one.
        self._seed = (seed, STREAMS.index(name))
        self._orders: dict[int, Any] = {}
        parts = unpack_arrays(name, data)
        self.data = columns.to_numpy(name, parts)
        self.num_samples = _num_samples(name, parts, self.data)
        # Arrays that are too large to be read beforehand are checked batch by
        # batch.
        self._unread = any(map(stays_on_disk, tree.flatten(self.data)))
        self._warned = False

    def check_values(self, stacklevel: int) -> None:
        """Refuse labels that are not finite, and warn of such inputs."""
        if not self._unread:
            check_labels(self._name, self.data)
            self._warned = warn_of_inputs(
                self._name, self.data[0], stacklevel=stacklevel + 1
            )

    def check_labels(self, check: Callable[[str, Any], None]) -> None:
        """Call a check of the labels, if they can be read at once."""
        if not self._unread and len(self.data) > 1:
            check(self._name, self.data[1])

    @property
    def checked_by_batch(self) -> bool:
        """Whether labels are to be checked as the batches come."""
        return self._unread

    @property
    def num_batches(self) -> int:
        full, rest = divmod(self.num_samples, self.batch_size)
        return full + (0 if self._drop_remainder else rest > 0)

    def batch_sizes(self, last: bool) -> set[int]:
        """The sizes that batches have.

        Args:
            last: Whether batches end with a pass, so that the last one may be
                smaller.
        """
        rest = self.num_samples % self.batch_size
        smaller = last and not self._drop_remainder and rest
        return {self.batch_size, rest} if smaller else {self.batch_size}

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
        batch = tree.map_structure(lambda array: array[rows], self.data)
        if self._unread:
            check_labels(self._name, batch, " of a batch")
            self._warned = self._warned or warn_of_inputs(
                self._name, batch[0], " of a batch"
            )
        return batch

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


def _num_samples(
    name: str, given: tuple[Any, ...], data: tuple[Any, ...]
) -> int:
    """The number of samples, if all arrays hold equally many."""
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
            f"The arrays of the {name} stream must hold equally many "
            f"samples. Received: {sorted(sizes)}"
        )
    (size,) = sizes
    if size == 0:
        raise ValueError(
            f"The {name} stream is empty. Expected at least one sample. "
            "Received: arrays of length 0"
        )
    return size
