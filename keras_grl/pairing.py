"""pair(): streams of the source and the target domain, made one dataset."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree

from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import ArrayStream
from keras_grl.streams import DatasetStream
from keras_grl.streams import is_dataset
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

LENGTHS = ("longest", "shortest", SOURCE, TARGET)


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
        if is_dataset(data):
            streams[name] = DatasetStream(name, data)
        else:
            streams[name] = ArrayStream(
                name, data, sizes[name], shuffle, seed, drop_remainder
            )
    _check_alike(
        {
            name: stream.data[0]
            for name, stream in streams.items()
            if isinstance(stream, ArrayStream)
        }
    )
    return PairedDataset(streams, length)


class PairedDataset(keras.utils.PyDataset):
    """What `pair` returns: a dataset of paired batches.

    Made by `pair`, consumed by `fit` and `evaluate`. The batches of arrays are
    a pure function of the seed, the epoch and the index of the batch.

    The stream that makes an epoch begins a new pass in every epoch; the others
    go on where they were, so that all their samples are seen in the end.
    """

    def __init__(
        self, streams: dict[str, Any], length: str, steps: int | None = None
    ):
        super().__init__()
        self._streams = streams
        self._length = length
        # `with_steps` makes an epoch that no stream ends.
        self._reference = None if steps else _reference(streams, length)
        self._num_batches = (
            streams[self._reference].num_batches if self._reference else steps
        )
        self._epoch = 0
        self._next_epoch = 0
        self._told = _Told()
        self._start_over = False
        self._checked = False
        if self._reference and self._num_batches == 0:
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

    def with_steps(self, steps_per_epoch: int) -> "PairedDataset":
        """The same streams, with epochs of `steps_per_epoch` batches.

        Args:
            steps_per_epoch: Integer. All streams go on from one epoch to the
                next, and start again where they end.

        Returns:
            A `PairedDataset`.

        Example:

        >>> dataset = pair((np.zeros((64, 2)), np.zeros(64)), np.zeros((64, 2)))
        >>> len(dataset), len(dataset.with_steps(50))
        (1, 50)
        """
        steps = check_integer("steps_per_epoch", steps_per_epoch)
        dataset = PairedDataset(self._streams, self._length, steps)
        # `fit` makes one in every call: the next goes on after this.
        dataset._told = self._told
        return dataset

    @property
    def told_epochs(self) -> int:
        """Integer: the epoch after the last one of which `set_epoch` told."""
        return self._told.epochs

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch that begins, so that a resumed run goes on alike."""
        # Before the first one Keras has looked at a batch or two.
        self._start_over = self._told.epochs == 0
        self._next_epoch = epoch
        self._told.epochs = epoch + 1

    def check_labels(self, check: Callable[[str, Any], None]) -> None:
        """Calls `check(stream, labels)` with the labels of all streams.

        Args:
            check: Called with arrays at once, and with the labels of each
                batch of a dataset when it is taken.
        """
        for name, stream in self._streams.items():
            if name == TARGET:
                continue
            if isinstance(stream, ArrayStream):
                check(name, stream.data[1])
            else:
                stream.check = check

    def on_epoch_begin(self) -> None:
        self._epoch = self._next_epoch
        self._next_epoch += 1
        for name, stream in self._streams.items():
            if name == self._reference or self._start_over:
                stream.restart()
        self._start_over = False

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        # Where the streams that go on from epoch to epoch are by now. An
        # endless dataset has no epochs: its index grows for ever.
        walked = self._epoch * (self._num_batches or 0) + index
        parts = {
            name: stream.batch_of_pass(self._epoch, index)
            if name == self._reference and self._num_batches
            else stream.batch_of_walk(walked)
            for name, stream in self._streams.items()
        }
        x = {name: part[0] for name, part in parts.items()}
        if not self._checked:
            # Datasets do not say beforehand what they yield.
            _check_alike(x)
            self._checked = True
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


class _Told:
    """How far `set_epoch` told, shared by all datasets of the same streams."""

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


def _batch_sizes(batch_size: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The batch size of each stream that is made of arrays."""
    arrays = [name for name, data in given.items() if not is_dataset(data)]
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


def _check_alike(inputs: dict[str, Any]) -> None:
    """Refuse domains that one feature extractor could not take.

    Args:
        inputs: Name of the stream to its x.
    """
    names = list(inputs)
    kinds = [
        tree.map_structure(lambda array: (array.dtype.kind, array.shape[1:]), x)
        for x in inputs.values()
    ]
    for name, kind in zip(names[1:], kinds[1:], strict=True):
        if kind != kinds[0]:
            shown = ", ".join(
                f"{n}: "
                + str(
                    tree.map_structure(
                        lambda array: f"{array.dtype.name} {array.shape[1:]}",
                        inputs[n],
                    )
                )
                for n in (names[0], name)
            )
            raise ValueError(
                "The domains must have samples of the same shape and kind of "
                f"dtype. Received: {shown}\n"
                "Resize or convert one of them; keep raw 0-255 images as "
                "uint8 in both."
            )
