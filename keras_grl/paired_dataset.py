"""PairedDataset: batches of two domains, as `fit` takes them."""

import copy
from collections.abc import Callable

from keras import tree

from keras_grl.streams import ArrayStream
from keras_grl.streams import Stream
from keras_grl.streams import check_alike
from keras_grl.streams import check_labels_alike
from keras_grl.streams import is_labeled
from keras_grl.streams.columns import Columns
from keras_grl.streams.device_stream import DeviceStream
from keras_grl.streams.epochs import Trained
from keras_grl.streams.epochs import reference
from keras_grl.streams.errors import ReadErrors
from keras_grl.streams.in_order import ReadInOrder
from keras_grl.streams.paired_batch import paired_batch
from keras_grl.streams.shard import Shard
from keras_grl.streams.shard import check_divisible
from keras_grl.types import Batch
from keras_grl.types import LabelCheck
from keras_grl.types import PairedInputs
from keras_grl.validation import check_integer


class PairedDataset(ReadInOrder):
    """A dataset of paired batches, as `pair` returns it.

    `fit` and `evaluate` take it. The batches of arrays depend only on the
    seed, the epoch and the index of the batch.

    The stream that defines an epoch begins a new pass in every epoch; the
    others continue where they stopped, so that no sample is left out.
    """

    def __init__(
        self,
        streams: dict[str, Stream],
        length: str,
        columns: Columns,
        shard: Shard | None = None,
        seed_is_given: bool = False,
    ):
        super().__init__()
        self._streams = streams
        # Those of its data frames.
        self.columns = columns
        self._shard = shard
        # A seed that was not passed to `pair` differs in every program.
        self.seed_is_given = seed_is_given
        # Batches do not leave the device: all checks are made beforehand.
        self.on_device = all(
            isinstance(stream, DeviceStream) for stream in streams.values()
        )
        # The stream that ends an epoch. None after `with_steps`.
        self._reference: str | None = reference(streams, length)
        self._num_batches = streams[self._reference].num_batches
        # The epoch of the batches; -1, read as 0, before the first begins.
        self._epoch = -1
        self._trained = Trained()
        self.errors = ReadErrors()
        self._check_inputs: Callable[[PairedInputs], None] = check_alike
        self._arrays_checked = False
        self._check_labels: LabelCheck | None = None
        self._devices = 1
        self._evaluates = False
        check_labels_alike(
            {
                name: stream.data
                for name, stream in streams.items()
                if is_labeled(name) and isinstance(stream, ArrayStream)
            }
        )
        ends_epoch = streams[self._reference]
        if isinstance(ends_epoch, ArrayStream):
            ends_epoch.check_full_batch()
        if shard is not None:
            self._check_divisible(shard.count, "processes")

    @property
    def shard(self) -> tuple[int, int] | None:
        """`(index, count)`: which part of every batch this process reads.

        None if `pair` got none and found no processes that share batches.
        """
        shard = self._shard
        return None if shard is None else (shard.index, shard.count)

    @property
    def stream_names(self) -> tuple[str, ...]:
        """The names of the streams: keys of the inputs of a batch."""
        return tuple(self._streams)

    @property
    def num_batches(self) -> int | None:
        """Batches per epoch; None if endless or not known beforehand."""
        return self._num_batches

    @property
    def samples_per_batch(self) -> int | None:
        """Samples of all streams in a batch; None if a dataset sets it."""
        sizes = [getattr(s, "batch_size", None) for s in self._streams.values()]
        return None if None in sizes else sum(filter(None, sizes))

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
            steps_per_epoch: Integer. All streams continue from one epoch to
                the next, and start again after their last batch.

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

    def for_evaluation(self) -> "PairedDataset":
        """The same streams, read from their start in every epoch.

        So that two evaluations see the same batches, and leave those of
        training as they are. A generator continues: it cannot start again.

        Returns:
            A `PairedDataset`.

        Example:

        >>> x, y = np.arange(9.0), np.zeros(9)
        >>> data = keras_grl.pair((x, y), x[:4], batch_size=6, shuffle=False)
        >>> data = data.for_evaluation()
        >>> for _ in range(2):
        ...     data.on_epoch_begin()
        ...     print(*(data[index][0]["target"] for index in range(3)))
        [0. 1. 2.] [3. 0. 1.] [2. 3. 0.]
        [0. 1. 2.] [3. 0. 1.] [2. 3. 0.]
        """
        dataset = copy.copy(self)
        dataset._streams = {
            name: stream.copied() for name, stream in self._streams.items()
        }
        dataset._evaluates = True
        return dataset

    def check_labels(self, check: LabelCheck) -> None:
        """Checks all labels, at once or as batches are read.

        Args:
            check: Function of the name of a stream and its labels (an array,
                or a structure of arrays), which raises an error if they are
                wrong. It is called at once with the labels of arrays. The
                labels of a dataset, and of arrays too large to be read
                beforehand, are checked in every batch. It replaces the check of
                an earlier call.

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

    def check_inputs(self, check: Callable[[PairedInputs], None]) -> None:
        """Checks whether the inputs of the streams match.

        By default all samples must have the same shape and kind of dtype. A
        model that takes other inputs passes its own check.

        Args:
            check: Function of a dict, name of a stream to its inputs, which
                raises an error if they do not match. It is called at once if
                all streams are arrays, and with every batch that is not on the
                device. It replaces the check of an earlier call.

        Example:

        >>> data = (np.zeros((64, 2)), np.zeros(64))
        >>> dataset = keras_grl.pair(data, np.zeros((64, 3)))
        >>> dataset.check_inputs(lambda x: None)
        >>> dataset[0][0]["target"].shape
        (64, 3)
        """
        self._check_inputs = check
        inputs = {
            name: stream.data[0]
            for name, stream in self._streams.items()
            if isinstance(stream, ArrayStream)
        }
        if len(inputs) == len(self._streams):
            check(inputs)
            self._arrays_checked = True

    def check_divisible(self, devices: int) -> None:
        """Refuses batches that the devices cannot share equally.

        Args:
            devices: Integer, the number of devices that share a batch. The
                batches of arrays are checked at once, those of datasets when
                they are read.

        Example:

        >>> data = (np.zeros((64, 2)), np.zeros(64))
        >>> dataset = keras_grl.pair(data, data[0], batch_size=(32, 16))
        >>> dataset.check_divisible(devices=2)
        """
        self._devices = devices
        self._check_divisible(devices, "devices")

    def _check_divisible(self, parts: int, whose: str) -> None:
        """Checks the batches of arrays, whose sizes are known."""
        for name, stream in self._streams.items():
            if isinstance(stream, ArrayStream):
                last = name == self._reference
                for size in stream.batch_sizes(last):
                    check_divisible(name, size, parts, whose)

    @property
    def seed(self) -> int | None:
        """Integer: seed of the order of the arrays; None without arrays."""
        seeds = (getattr(s, "seed", None) for s in self._streams.values())
        return next((seed for seed in seeds if seed is not None), None)

    @property
    def shuffle(self) -> bool | None:
        """Boolean: whether the arrays are shuffled; None without arrays."""
        shuffled = (getattr(s, "shuffle", None) for s in self._streams.values())
        return next((each for each in shuffled if each is not None), None)

    @property
    def next_epoch(self) -> int:
        """Integer: the epoch after the one last passed to `set_epoch`."""
        return self._trained.epochs

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch that begins next, so that a run can be resumed."""
        if self._trained.epochs == 0:
            # Keras has read a batch or two before the first epoch.
            for stream in self._streams.values():
                stream.restart()
        self._trained.epochs = epoch + 1
        self._epoch = epoch - 1

    def on_epoch_begin(self) -> None:
        if self._evaluates:
            # Keras has read a batch or two before.
            self._epoch = 0
            for stream in self._streams.values():
                stream.restart()
            return
        self._epoch += 1
        if self._reference is not None:
            self._streams[self._reference].restart()

    def __getitem__(self, index: int) -> Batch:
        with self.errors.kept():
            return self._batch(index)

    def _batch(self, index: int) -> Batch:
        epoch = max(self._epoch, 0)
        # The position of the streams that continue from epoch to epoch. An
        # endless dataset has no epochs: its index never starts again.
        walked = epoch * (self._num_batches or 0) + index
        parts = {
            name: stream.batch_of_pass(epoch, index)
            if name == self._reference and self._num_batches
            else stream.batch_of_walk(walked)
            for name, stream in self._streams.items()
        }
        x = {name: part[0] for name, part in parts.items()}
        labeled = {n: part for n, part in parts.items() if is_labeled(n)}
        if not self.on_device:
            self._check_batch(x, labeled)
        elif not self._arrays_checked:
            self.check_inputs(self._check_inputs)
        y = {name: part[1] for name, part in labeled.items()}
        weights = {
            name: part[2] for name, part in labeled.items() if len(part) == 3
        }
        return paired_batch(x, y, weights)

    def _check_batch(self, x: PairedInputs, labeled: dict[str, Batch]) -> None:
        self._check_inputs(x)
        if self._devices > 1:
            for name, inputs in x.items():
                size = len(tree.flatten(inputs)[0])
                if self._shard is not None:
                    size *= self._shard.count
                check_divisible(name, size, self._devices, "devices")
        check_labels_alike(labeled)
        if self._check_labels is not None:
            for name, (_, labels, *_) in labeled.items():
                if self._streams[name].checked_by_batch:
                    self._check_labels(name, labels)
