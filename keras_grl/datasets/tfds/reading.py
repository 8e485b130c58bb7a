"""Prepared sets as arrays, read without TensorFlow."""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets.tfds import formats
from keras_grl.datasets.tfds import images
from keras_grl.datasets.tfds import tfrecords
from keras_grl.types import Array
from keras_grl.validation import invalid


def parts(
    split: str, counts: dict[str, int]
) -> list[tuple[str, int | None, int | None]]:
    """What a split consists of, as TFDS understands its name.

    Args:
        split: "train", "test[:1000]", "train[50%:]+test".
        counts: Number of examples of each split.

    Returns:
        Split, start and stop of each part; None for its beginning or end.

    Raises:
        ValueError: If there is no such split.

    Example:

    >>> parts("train[:10]+test[50%:]", {"train": 800, "test": 60})
    [('train', None, 10), ('test', 30, None)]
    """
    splits = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=[count], num_bytes=0)
        for name, count in counts.items()
    }
    try:
        found = tfds.core.ReadInstruction.from_spec(split).to_absolute(splits)
    except ValueError as error:
        raise ValueError(_no_split(split, counts, error)) from error
    return [(each.splitname, each.from_, each.to) for each in found]


def number_of_examples(split: str, counts: dict[str, int]) -> int:
    """How many examples a split has.

    Args:
        split: "train", "test[:1000]".
        counts: Number of examples of each split.

    Returns:
        Integer; 0 of an empty part.

    Raises:
        ValueError: If there is no such split.

    Example:

    >>> number_of_examples("train[:10]+test[50%:]", {"train": 800, "test": 60})
    40
    """
    return sum(
        max(
            (counts[name] if stop is None else stop)
            - (0 if start is None else start),
            0,
        )
        for name, start, stop in parts(split, counts)
    )


def _no_split(split: str, names: Iterable[str], error: ValueError) -> str:
    known = ", ".join(f'"{name}"' for name in names)
    expected = f"one of {known}, or a part of one in TFDS notation"
    return invalid("split", expected, split, str(error).splitlines()[-1])


def read(builder: tfds.core.DatasetBuilder, split: str) -> dict[str, Array]:
    """A split as arrays.

    Args:
        builder: A prepared set.
        split: As TFDS knows it: "train", "test[:1000]".

    Returns:
        `{feature: array}`, the examples first. Images of many sizes are an
        array of objects.

    Raises:
        ValueError: If there is no such split, or a file is damaged.
    """
    counts = {n: s.num_examples for n, s in builder.info.splits.items()}
    count = number_of_examples(split, counts)
    arrays = {
        name: _empty(count, feature)
        for name, feature in builder.info.features.items()
    }
    if not count:
        return arrays
    number = -1
    again = "Delete that folder and prepare the set again."
    try:
        for number, example in enumerate(_examples(builder, split)):
            if number == count:
                raise ValueError("one more")
            for name, value in example.items():
                arrays[name][number] = value
    except Exception as error:  # each decoder and reader has its own
        raise ValueError(
            f"The files in {builder.data_dir} are damaged. Expected: {count} "
            f"examples of {split!r}. Received, after {number + 1} of them: "
            f"{error}\n{again}"
        ) from error
    if number + 1 != count:
        raise ValueError(
            f"The files in {builder.data_dir} are incomplete. Expected: "
            f"{count} examples of {split!r}. Received: {number + 1}\n{again}"
        )
    return arrays


def _empty(count: int, feature: tfds.features.FeatureConnector) -> Array:
    shape = feature.shape
    if None in shape:
        return np.empty(count, object)
    dtype = feature.np_dtype
    return np.empty((count, *shape), object if dtype == np.str_ else dtype)


def _examples(
    builder: tfds.core.DatasetBuilder, split: str
) -> Iterator[dict[str, Any]]:
    """The examples of a split, images among them only as TFDS writes them."""
    features = {
        name: feature
        for name, feature in builder.info.features.items()
        if isinstance(feature, tfds.features.Image)
    }
    decoders = dict.fromkeys(features, tfds.decode.SkipDecoding())
    for example in _encoded_examples(builder, split, decoders):
        for name, feature in features.items():
            images.check(example[name])
            example[name] = feature.decode_example_np(example[name])
        yield example


def _encoded_examples(
    builder: tfds.core.DatasetBuilder, split: str, decoders: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The examples of a split, checked for what their files were damaged by."""
    if builder.info.file_format != tfds.core.FileFormat.TFRECORD:
        # ArrayRecord's own reader compares checksums.
        formats.check_counts(builder, split)
        yield from builder.as_data_source(split, decoders=decoders)
        return
    # TFDS itself reads these with TensorFlow only.
    features = builder.info.features
    for part in builder.info.splits[split].file_instructions:
        to_end = part.take in (-1, part.examples_in_shard - part.skip)
        # To the file's end: it may have more than the shard should have.
        take = None if to_end else part.take
        for data in tfrecords.records(part.filename, part.skip, take):
            yield features.deserialize_example_np(data, decoders=decoders)
