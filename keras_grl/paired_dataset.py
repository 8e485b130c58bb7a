"""PairedDataset: batches of two domains, as `fit` takes them."""

import copy
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree

from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import ArrayStream
from keras_grl.streams import check_alike
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class PairedDataset(keras.utils.PyDataset):
    """What `pair` returns: a dataset of paired batches.

    Made by `pair`, consumed by `fit` and `evaluate`. The batches of arrays are
    a pure function of the seed, the epoch and the index of the batch.

    The stream that makes an epoch begins a new pass in every epoch; the others
    continue where they were, so that all their samples are seen in the end.
    """

    def __init__(self, streams: dict[str, Any], length: str):
        super().__init__()
        self._streams = streams
        # The stream that ends an epoch. None does where `with_steps` says.
        self._reference: str | None = _reference(streams, length)
        self._num_batches = streams[self._reference].num_batches
        # The epoch of the batches: 0 also before it begins.
        self._epoch = -1
        self._trained = _Trained()
        self._check_inputs: Callable[[dict[str, Any]], None] = check_alike
        self._check_labels: Callable[[str, Any], None] | None = None
        self._devices = 1
        if self._num_batches == 0:
            stream = streams[self._reference]
            raise ValueError(
                f"The {self._reference} stream holds no full batch. Expected "
                f"at least {stream.batch_size} samples. Received: "
                f"{stream.num_samples} samples\n"
                "Pass a smaller `batch_size`, or `drop_remainder=False`."
            )

    @property
    def num_batches(self) -> int | None:
        """Batches per epoch; None if endless or not known beforehand."""
        return self._num_batches

    def __len__(self) -> int:
        if self.num_batches is None:
            raise TypeError(
                "This dataset is endless or of unknown length. Pass "
                "`steps_per_epoch` to `fit`."
            )
        return self.num_batches

    # Keras's workers ask for the first batches of an epoch before the dataset
    # is told that it begins, and keep those left over of the one before.

    @property
    def workers(self) -> int:
        """Integer: 1. The datasets that are paired may have their own."""
        return 1

    @workers.setter
    def workers(self, value: Any) -> None:
        if check_integer("workers", value, minimum=0) > 1:
            raise ValueError(_parallel("workers", "1", value))

    @property
    def use_multiprocessing(self) -> bool:
        """Boolean: False."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: Any) -> None:
        if value:
            raise ValueError(_parallel("use_multiprocessing", "False", value))

    def with_steps(self, steps_per_epoch: int) -> "PairedDataset":
        """The same streams, with epochs of `steps_per_epoch` batches.

        Args:
            steps_per_epoch: Integer. All streams continue from one epoch to
                the next, and start again where they end.

        Returns:
            A `PairedDataset`.

        Example:

        >>> x, y = np.zeros((64, 2)), np.zeros(64)
        >>> dataset = keras_grl.pair((x, y), x)
        >>> len(dataset), len(dataset.with_steps(50))
        (1, 50)
        """
        dataset = copy.copy(self)
        dataset._num_batches = check_integer("steps_per_epoch", steps_per_epoch)
        dataset._reference = None
        dataset._epoch = -1
        return dataset

    def check_labels(self, check: Callable[[str, Any], None]) -> None:
        """Checks all labels, those that are there now and those that come.

        Args:
            check: Function of the name of a stream and its labels (an array,
                or a structure of arrays), which raises an error where they are
                wrong. It is called at once with the labels of arrays, and with
                those of every batch of a dataset (or of arrays too large to be
                read beforehand) when it comes. It replaces that of an earlier
                call.

        Example:

        >>> def check(name, labels):
        ...     if labels.max() > 9:
        ...         raise ValueError(f"{name}: {labels.max()}")
        >>> data = (np.zeros((64, 2)), np.arange(64))
        >>> keras_grl.pair(data, data[0]).check_labels(check)
        Traceback (most recent call last):
            ...
        ValueError: source: 63
        """
        self._check_labels = check
        for stream in self._streams.values():
            stream.check_labels(check)

    def check_inputs(self, check: Callable[[dict[str, Any]], None]) -> None:
        """Checks whether the inputs of the streams fit to one another.

        By default samples must be of one shape and kind of dtype. A model that
        can take others brings a check of its own.

        Args:
            check: Function of a dict, name of a stream to its inputs, which
                raises an error where they are wrong. It is called at once if
                all streams are arrays, and with every batch. It replaces that
                of an earlier call.

        Example:

        >>> data = (np.zeros((64, 2)), np.zeros(64))
        >>> dataset = keras_grl.pair(data, np.zeros((64, 3)))
        >>> dataset.check_inputs(lambda x: None)
        >>> dataset[0][0]["target"].shape
        (64, 3)
        """
        self._check_inputs = check
        streams = self._streams.items()
        if all(isinstance(stream, ArrayStream) for _, stream in streams):
            check({name: stream.data[0] for name, stream in streams})

    def check_divisible(self, devices: int) -> None:
        """Refuses batches that cannot be shared out equally.

        Args:
            devices: Integer, the number of devices that share a batch. The
                batches of arrays are checked at once, those of datasets when
                they come.

        Example:

        >>> data = (np.zeros((64, 2)), np.zeros(64))
        >>> dataset = keras_grl.pair(data, data[0], batch_size=(32, 16))
        >>> dataset.check_divisible(devices=2)
        """
        self._devices = devices
        for name, stream in self._streams.items():
            if isinstance(stream, ArrayStream):
                last = name == self._reference
                for size in stream.batch_sizes(last):
                    _check_divisible(name, size, devices)

    @property
    def seed(self) -> int | None:
        """Integer: of the order of the arrays; None if there are none."""
        seeds = (getattr(s, "seed", None) for s in self._streams.values())
        return next((seed for seed in seeds if seed is not None), None)

    @property
    def next_epoch(self) -> int:
        """Integer: the epoch after the last one that `set_epoch` was given."""
        return self._trained.epochs

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch that begins next, so that a run can be resumed."""
        if self._trained.epochs == 0:
            # Before the first one Keras has looked at a batch or two.
            for stream in self._streams.values():
                stream.restart()
        self._trained.epochs = epoch + 1
        self._epoch = epoch - 1

    def on_epoch_begin(self) -> None:
        self._epoch += 1
        if self._reference is not None:
            self._streams[self._reference].restart()

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        epoch = max(self._epoch, 0)
        # Where the streams that continue from epoch to epoch are by now. An
        # endless dataset has no epochs: its index grows for ever.
        walked = epoch * (self._num_batches or 0) + index
        parts = {
            name: stream.batch_of_pass(epoch, index)
            if name == self._reference and self._num_batches
            else stream.batch_of_walk(walked)
            for name, stream in self._streams.items()
        }
        x = {name: part[0] for name, part in parts.items()}
        self._check_inputs(x)
        if self._devices > 1:
            for name, inputs in x.items():
                size = tree.flatten(inputs)[0].shape[0]
                _check_divisible(name, size, self._devices)
        labeled = {n: part for n, part in parts.items() if n != TARGET}
        y = {name: part[1] for name, part in labeled.items()}
        if self._check_labels is not None:
            for name, labels in y.items():
                if self._streams[name].checked_by_batch:
                    self._check_labels(name, labels)
        weights = {
            name: part[2] for name, part in labeled.items() if len(part) == 3
        }
        if LABELED_TARGET not in parts:
            y = y[SOURCE]
            return (x, y, weights[SOURCE]) if weights else (x, y)
        if not weights:
            return x, y
        for name in labeled:
            if name not in weights:
                size = tree.flatten(x[name])[0].shape[0]
                weights[name] = np.ones(size, dtype="float32")
        return x, y, weights


class _Trained:
    """How many epochs began, of all datasets of the same streams.

    `fit` makes a dataset with `with_steps` in every call: the next continues
    after it. An epoch of `evaluate` is none.
    """

    epochs = 0


def _reference(streams: dict[str, Any], length: str) -> str:
    """The name of the stream that makes an epoch."""
    if length in streams:
        return length
    lengths = {
        name: float("inf") if number is None else number
        for name in (SOURCE, TARGET)
        for number in [streams[name].num_batches]
    }
    choose = max if length == "longest" else min
    return choose(lengths, key=lambda name: lengths[name])


def _check_divisible(name: str, size: int, devices: int) -> None:
    if size % devices:
        raise ValueError(
            f"The {name} stream has a batch that the devices cannot share "
            f"equally. Expected: sizes that are multiples of {devices}. "
            f"Received: batch_size={size} on {devices} devices\n"
            'Pass such a size for each stream: `pair(…, batch_size={"source": '
            f'{32 * devices}, "target": {32 * devices}}})`, and drop a smaller '
            "last batch: `drop_remainder=True`."
        )


def _parallel(argument: str, expected: str, received: Any) -> str:
    """The message for workers of Keras."""
    return invalid(
        argument,
        f"{expected}: a paired dataset is read in order, without the `workers` "
        "of Keras, which would mix the batches of two epochs",
        received,
        "Give workers to the datasets that you pair: "
        "`torch.utils.data.DataLoader(…, num_workers=3)`, or for tf.data "
        "`dataset.map(…, num_parallel_calls=3).prefetch(3)`.",
    )
