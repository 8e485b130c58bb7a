"""A stream of arrays that stay on the device."""

from collections.abc import Iterable
from typing import Any

import keras
from keras import tree

from keras_grl.backend.on_device import gather_by
from keras_grl.backend.on_device import keeps_batches_on_device
from keras_grl.backend.on_device import to_device
from keras_grl.streams.array_stream import ArrayStream
from keras_grl.streams.arrays import in_native_order
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Gather
from keras_grl.types import Structure
from keras_grl.types import Tensor
from keras_grl.validation import invalid


class DeviceStream(ArrayStream):
    """An `ArrayStream` whose batches are gathered on the device.

    The arrays are copied there once, and the order of each pass.
    """

    def __init__(self, *args: Any):
        super().__init__(*args)
        # Also of arrays on disk, all values are read now.
        self._unread = False
        self._copies = _copies(self._name, self.data)
        self._pass: tuple[int, Gather] | None = None

    def _take(self, start: int, stop: int) -> Batch:
        number, offset = divmod(start, self.num_samples)
        size = stop - start
        if offset + size > self.num_samples:
            # It ends in another pass.
            gather, offset = gather_by(self._rows(start, stop), self._copies), 0
        else:
            gather = self._gather_of_pass(number)
        share = self._shard.rows(size)
        return gather(offset + share.start, share.stop - share.start)

    def _gather_of_pass(self, number: int) -> Gather:
        if self._pass is None or self._pass[0] != number:
            order = self._order(number)
            self._pass = number, gather_by(order, self._copies)
        return self._pass[1]


def _copies(name: str, data: Structure[Array]) -> Structure[Tensor]:
    try:
        return to_device(tree.map_structure(in_native_order, data))
    except MemoryError as error:
        size = sum(array.nbytes for array in tree.flatten(data))
        raise ValueError(
            invalid(
                "on_device",
                "False for data that do not fit into the memory of the device: "
                f"the {name} stream has {size / 2**30:,.1f} GiB",
                True,
                "Leave it out: batches are then copied to the device one by "
                "one. Images of values 0 to 255 take a quarter of the memory "
                "as uint8.",
            )
        ) from error


def check_on_device(datasets: Iterable[str]) -> None:
    """Refuses `on_device` where batches cannot stay on the device.

    Args:
        datasets: The names of the streams that are datasets.
    """
    if not keeps_batches_on_device():
        raise ValueError(
            invalid(
                "on_device",
                "False on TensorFlow, where Keras (3.15.1) reads a paired "
                "dataset on the host",
                True,
                "Leave it out: batches are read while the step before them "
                "runs. `model.compile(…, steps_per_execution=16)` saves the "
                "work of Python between steps. On JAX and torch data can stay "
                "on the device.",
            )
        )
    for name in datasets:
        raise ValueError(
            invalid(
                "on_device",
                f"arrays in all streams; the {name} stream is a dataset, whose "
                "batches come from the host",
                True,
                "Pass arrays, `x, y = map(np.concatenate, zip(*dataset))`, or "
                "leave out `on_device`.",
            )
        )
    check_one_device()


def check_one_device() -> None:
    """Refuses data on one device under a `keras.distribution`."""
    if keras.distribution.distribution() is not None:
        raise ValueError(
            invalid(
                "on_device",
                "False with a `keras.distribution`, which shares batches of "
                "the host over its devices",
                True,
                "Leave it out, or train on one device: `keras.distribution."
                "set_distribution(None)`.",
            )
        )
