"""A prepared set in a second file format, beside the first."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters

from keras_grl.datasets import tfrecords

_UNFINISHED = "array_record.unfinished"
ARRAY_RECORD = tfds.core.FileFormat.ARRAY_RECORD


def find_array_record(builder: Any) -> None:
    """Tells a builder that its set has that format, if it has.

    TFDS writes down that a set has both, but its builders do not read that.
    """
    info = builder.info
    if (
        ARRAY_RECORD.value in info.as_proto.alternative_file_formats
        and ARRAY_RECORD not in info.alternative_file_formats
    ):
        info.add_alternative_file_format(ARRAY_RECORD)


def was_interrupted(folder: Any) -> bool:
    """Whether who added the other format to a set was killed."""
    return (Path(folder) / _UNFINISHED).exists()


def add_array_record(builder: Any) -> None:
    """Adds the other format to a set that was prepared as TFRecord.

    What is not finished is deleted: then the set is as it was. Who is killed
    leaves a file that says so.

    Args:
        builder: A prepared set of ours. One in another format than TFRecord is
            left as it is.
    """
    info, folder = builder.info, Path(builder.data_dir)
    if info.file_format != tfds.core.FileFormat.TFRECORD:
        return
    adapter = file_adapters.ADAPTER_FOR_FORMAT[ARRAY_RECORD]
    unfinished = folder / _UNFINISHED
    written = []
    try:
        unfinished.touch()
        for split in info.splits.values():
            template = split.filename_template.replace(
                filetype_suffix=adapter.FILE_SUFFIX
            )
            paths = template.sharded_filepaths(split.num_shards)
            for source, path in zip(split.filepaths, paths, strict=True):
                written.append(path)
                adapter.write_examples(path, _keyed(source))
        info.add_alternative_file_format(ARRAY_RECORD)
        info.write_to_directory(folder)
    except OSError as error:
        for path in written:
            Path(path).unlink(missing_ok=True)
        warnings.warn(
            f"{builder.name} was prepared for `load` and `tfds.load`, but not "
            f"for `tfds.data_source`: {error}\nIf you need that, make room, "
            f"delete {folder} and load the set again.",
            stacklevel=2,
        )
    unfinished.unlink(missing_ok=True)


def _keyed(path: Any) -> Iterator[tuple[int, bytes]]:
    yield from enumerate(tfrecords.records(path))
