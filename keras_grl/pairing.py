"""pair(): streams of the source and the target domain, made one dataset."""

from typing import Any

import numpy as np

from keras_grl.paired_dataset import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import ArrayStream
from keras_grl.streams import Columns
from keras_grl.streams import DatasetStream
from keras_grl.streams import is_dataset
from keras_grl.streams.unpacking import is_column
from keras_grl.validation import check_boolean
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

__all__ = ["PairedDataset", "pair"]

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
    """Pairs labeled source data with unlabeled target data for `fit`.

    The streams may be of unequal length: `length` says which of them makes an
    epoch. A stream that ends earlier starts again, reshuffled.

    Args:
        source: Labeled source data: a tuple `(x, y)` or `(x, y,
            sample_weight)` of arrays (NumPy, JAX, torch or TensorFlow, data
            frames, or dicts of them) or a dataset of batches
            (`tf.data.Dataset`, torch `DataLoader`, `keras.utils.PyDataset`,
            Grain, or any object that can be iterated again and again) that
            yields such tuples. A Python generator is taken for an endless
            dataset. Columns of data frames are matched by name. Several inputs
            of a network are a dict, never a list.
        target: Unlabeled target data: an array (or dict of arrays), or
            a dataset that yields batches `x`. Labels are refused in arrays;
            those that a dataset yields are dropped with a warning.
        labeled_target: Labeled target samples for semi-supervised training,
            given as `source` is. The domain classifier sees them as target.
        batch_size: Samples per batch of the streams that are arrays: an
            integer for the whole batch, shared in equal parts by the streams,
            or a tuple or dict (keys "source", "target", "labeled_target") with
            the size of each. Defaults to 128, so 64 source and 64 target
            samples, the paper's. Streams that are datasets bring their own.
        length: What an epoch is: "longest" and "shortest" (of source and
            target), "source" or "target".
        shuffle: Boolean, whether to shuffle the streams that are arrays,
            again in every epoch and cycle. Datasets shuffle themselves.
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
            labels (target); if arrays have unequal lengths or hold no numbers,
            or labels NaN; if data frames have different columns; if the batch
            size does not fit. Shapes and kinds of dtype of the domains are
            compared by the model, or with the first batch.

    Warns:
        UserWarning: If inputs are NaN or infinite. Arrays in memory are read
            once for that; datasets and large memory-mapped arrays are checked
            batch by batch.

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
    shuffle = check_boolean("shuffle", shuffle)
    drop_remainder = check_boolean("drop_remainder", drop_remainder)
    given = _given(source, target, labeled_target)
    if seed is None:
        seed = int(np.random.randint(2**31))
    seed = check_integer("seed", seed, minimum=0)
    sizes = _batch_sizes(batch_size, given)
    columns = Columns()
    streams: dict[str, Any] = {}
    for name, data in given.items():
        if name in sizes:
            streams[name] = ArrayStream(
                name, data, sizes[name], shuffle, seed, drop_remainder, columns
            )
        else:
            streams[name] = DatasetStream(name, data, columns)
    for stream in streams.values():
        stream.check_values(stacklevel=2)
    return PairedDataset(streams, length)


def _given(source: Any, target: Any, labeled_target: Any) -> dict[str, Any]:
    """The streams that are given, by their names."""
    given = {SOURCE: source, TARGET: target}
    for name, data in given.items():
        if data is None:
            raise ValueError(
                invalid(
                    name,
                    "arrays or a dataset",
                    None,
                    "Pass both domains: `pair((x_source, y_source), "
                    "x_target)`.",
                )
            )
    if isinstance(source, tuple) and source and is_column(target, source[0]):
        given[TARGET] = (target,)
    if labeled_target is not None:
        given[LABELED_TARGET] = labeled_target
    return given


def _batch_sizes(batch_size: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The batch size of each stream that is made of arrays."""
    arrays = [
        name for name, data in given.items() if not is_dataset(data, name)
    ]
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
