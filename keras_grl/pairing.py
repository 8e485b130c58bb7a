"""pair(): one dataset from a source stream and a target stream."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_grl.backend import process
from keras_grl.paired_dataset import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import ArrayStream
from keras_grl.streams import Columns
from keras_grl.streams import DatasetStream
from keras_grl.streams import Stream
from keras_grl.streams import domains_in
from keras_grl.streams import is_dataset
from keras_grl.streams import named_sources
from keras_grl.streams import quoted
from keras_grl.streams import sources_in
from keras_grl.streams.device_stream import DeviceStream
from keras_grl.streams.device_stream import check_on_device
from keras_grl.streams.shard import WHOLE
from keras_grl.streams.shard import Shard
from keras_grl.streams.shard import as_shard
from keras_grl.streams.unpacking import is_column
from keras_grl.types import Data
from keras_grl.validation import check_boolean
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

__all__ = ["PairedDataset", "pair"]


def pair(
    source: Data,
    target: Data,
    labeled_target: Data = None,
    *,
    batch_size: int | Sequence[int] | Mapping[str, int] | None = None,
    length: str = "longest",
    shuffle: bool = True,
    seed: int | None = None,
    drop_remainder: bool = True,
    shard: tuple[int, int] | None = None,
    on_device: bool = False,
) -> PairedDataset:
    """Pairs labeled source data with unlabeled target data for `fit`.

    The streams may have different lengths: `length` chooses which of them
    defines an epoch. A stream that ends earlier starts again, reshuffled.

    Args:
        source: Labeled source data: a tuple `(x, y)` or `(x, y,
            sample_weight)` of arrays (NumPy, JAX, torch or TensorFlow, data
            frames, or dicts of them) or a dataset of batches
            (`tf.data.Dataset`, torch `DataLoader`, `keras.utils.PyDataset`,
            Grain, or any object that can be iterated more than once) that
            yields such tuples. A Python generator must be endless. Columns of
            data frames are matched by name. Pass several inputs of a network as
            a dict, not as a list. Several sources: a list of such tuples or
            datasets, `[(x1, y1), (x2, y2)]`, with the same classes.
        target: Unlabeled target data: an array (or dict of arrays), or
            a dataset that yields batches `x`. Labels in arrays raise an error;
            labels that a dataset yields are dropped with a warning.
        labeled_target: Labeled target samples for semi-supervised training,
            in the same form as `source`. The domain classifier sees them as
            target samples.
        batch_size: Samples per batch of the streams that are arrays: an
            integer for the whole batch, which the streams share equally, or a
            tuple or dict (keys "source", "target", "labeled_target") with the
            size of each. With several sources the keys are "source_0",
            "source_1", …, "target", a tuple has that order, and a number that
            the streams do not divide gives sizes that differ by at most one.
            Defaults to 128, so 64 source and 64 target samples as in the
            paper, and to 64 for each of more streams. Datasets have their own
            batch size.
        length: The length of an epoch: "longest" and "shortest" (of sources
            and target), "source" or "target"; with several sources "source_0",
            "source_1", … in place of "source".
        shuffle: Boolean, whether to shuffle the streams that are arrays,
            again in every epoch and cycle. Datasets shuffle themselves.
        seed: Integer, makes the order of the arrays reproducible. With None
            the seed comes from NumPy's global generator, which
            `keras.utils.set_random_seed` seeds.
        drop_remainder: Boolean, whether to drop the last samples of an epoch
            that do not fill a batch. With False the last batch is smaller, and
            a compiled training step is compiled twice.
        shard: Tuple of two integers, `(index, count)`: each batch has `count`
            equal parts, and this process reads part `index` of every stream.
            The other arguments, the seed too, are equal in all processes, and
            `batch_size` is that of all together. Defaults to the processes
            that share a batch, if they are set up before: those of
            `keras.distribution.DataParallel` on JAX, of `torch.distributed` on
            torch. `(0, 1)` reads whole batches in any case.
        on_device: Boolean, whether to copy all arrays to the device now and to
            gather the batches there. They are the same, and none of them is
            copied to the device. For small data on JAX and torch. Later changes
            of the arrays have no effect.

    Returns:
        A `PairedDataset`, which is a `keras.utils.PyDataset`. A batch is
        `(x, y)` or `(x, y, sample_weight)`, with `x = {"source": x_source,
        "target": x_target}` and `y` the source labels. With `labeled_target`,
        `x` has a third entry for it, and `y` and `sample_weight` are dicts of
        "source" and "labeled_target". With several sources `x = {"source_0":
        …, "source_1": …, "target": …}`, and `y` and `sample_weight` are dicts
        of the labeled streams.

    Raises:
        ValueError: If a stream is empty, without labels (source) or with
            labels (target); if arrays have different lengths or do not hold
            numbers, or sample weights are not finite; if data frames have
            different columns; if the labels of several streams have different
            shapes; if the batch size does not fit. The model, or
            the first batch, checks that shapes and kinds of dtype of the
            domains match. If several processes share batches that they do not
            divide, or shuffle without a common seed. If data cannot stay on the
            device: on TensorFlow, with datasets, with a `keras.distribution`,
            or for lack of memory.

    Warns:
        UserWarning: If inputs are NaN or infinite. Arrays in memory are read
            once for this check; datasets and large memory-mapped arrays are
            checked batch by batch.

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
    shuffle = check_boolean("shuffle", shuffle)
    drop_remainder = check_boolean("drop_remainder", drop_remainder)
    given = _given(source, target, labeled_target)
    check_choice("length", length, ("longest", "shortest", *domains_in(given)))
    part = _shard(shard)
    seed_is_given = seed is not None
    if seed is None:
        _check_common_order(part, shuffle)
        seed = int(np.random.randint(2**31))
    seed = check_integer("seed", seed, minimum=0)
    sizes = _batch_sizes(batch_size, given)
    if check_boolean("on_device", on_device):
        check_on_device(name for name in given if name not in sizes)
    of_arrays = DeviceStream if on_device else ArrayStream
    columns = Columns()
    streams: dict[str, Stream] = {}
    for name, data in given.items():
        if name in sizes:
            streams[name] = of_arrays(
                name,
                data,
                sizes[name],
                shuffle,
                seed,
                drop_remainder,
                columns,
                part or WHOLE,
            )
        else:
            streams[name] = DatasetStream(name, data, columns, part or WHOLE)
    for stream in streams.values():
        stream.check_values(stacklevel=2)
    return PairedDataset(streams, length, columns, part, seed_is_given)


def _shard(shard: tuple[int, int] | None) -> Shard | None:
    """What this process reads of each batch; None without other processes."""
    if shard is not None:
        return as_shard(shard)
    index, count = process()
    return Shard(index, count) if count > 1 else None


def _check_common_order(shard: Shard | None, shuffle: bool) -> None:
    """Refuses an order that differs between processes."""
    if shard is not None and shard.count > 1 and shuffle:
        raise ValueError(
            invalid(
                "seed",
                f"an integer, the same in all {shard.count} processes: they "
                "share batches, so they need one order",
                None,
                "Pass it to `pair`: `seed=0`.",
            )
        )


def _given(source: Data, target: Data, labeled_target: Data) -> dict[str, Data]:
    """The data that were passed, by the names of their streams."""
    for name, data in {SOURCE: source, TARGET: target}.items():
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
    given = named_sources(source)
    first = next(iter(given.values()))
    if isinstance(first, tuple) and first and is_column(target, first[0]):
        target = (target,)
    given[TARGET] = target
    if labeled_target is not None:
        given[LABELED_TARGET] = labeled_target
    return given


def _batch_sizes(
    batch_size: int | Sequence[int] | Mapping[str, int] | None,
    given: dict[str, Data],
) -> dict[str, int]:
    """The batch size of each stream that is made of arrays."""
    arrays = [
        name for name, data in given.items() if not is_dataset(data, name)
    ]
    if not arrays:
        if batch_size is not None:
            raise ValueError(
                "Argument `batch_size` is for streams that are arrays. "
                f"Received: batch_size={batch_size!r} with datasets, which "
                "yield batches already. Leave it out."
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
                    "one size for each of " + quoted(arrays),
                    batch_size,
                )
            )
        sizes = {name: batch_size[name] for name in arrays}
    else:
        shares = _shares(check_integer("batch_size", batch_size), list(given))
        sizes = {name: shares[name] for name in arrays}
    return {
        name: check_integer(f'batch_size["{name}"]', size)
        for name, size in sizes.items()
    }


def _shares(total: int, names: list[str]) -> dict[str, int]:
    """The sizes of the streams that share a batch equally."""
    size, rest = divmod(total, len(names))
    several = len(sources_in(names)) > 1
    if rest and not several:
        raise ValueError(
            invalid(
                "batch_size",
                f"a multiple of {len(names)}, the number of streams that "
                "share a batch",
                total,
                "Pass a size for each: `batch_size="
                + str(dict.fromkeys(names, size or 1))
                + "`.",
            )
        )
    if size == 0:
        raise ValueError(
            invalid(
                "batch_size",
                f"at least {len(names)}, one sample of each stream",
                total,
            )
        )
    return {name: size + (number < rest) for number, name in enumerate(names)}
