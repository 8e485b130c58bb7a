"""A prepared set in a second file format, next to the first."""

import copy
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import tensorflow_datasets as tfds
from tensorflow_datasets.core import dataset_info
from tensorflow_datasets.core import file_adapters

from keras_grl.datasets.tfds import tfrecords
from keras_grl.types import PathLike

_UNFINISHED = "array_record.unfinished"  # a folder, in that of the set
ARRAY_RECORD = tfds.core.FileFormat.ARRAY_RECORD


def find_array_record(builder: tfds.core.DatasetBuilder) -> None:
    """Adds the format to a builder whose set has it.

    TFDS writes that a set has both formats, but its builders do not read it.
    """
    info = builder.info
    if (
        ARRAY_RECORD.value in info.as_proto.alternative_file_formats
        and ARRAY_RECORD not in info.alternative_file_formats
    ):
        info.add_alternative_file_format(ARRAY_RECORD)


def check_counts(builder: tfds.core.DatasetBuilder, split: str) -> None:
    """Raises an error if an ArrayRecord file has more than its shard should.

    It would go unnoticed: TFDS reads as many as it expects.

    Args:
        builder: A prepared set.
        split: As TFDS knows it.
    """
    if builder.info.file_format != ARRAY_RECORD:
        return
    adapter = file_adapters.ADAPTER_FOR_FORMAT[ARRAY_RECORD]
    for part in builder.info.splits[split].file_instructions:
        count = adapter.num_examples(part.filename)
        if count != part.examples_in_shard:
            raise ValueError(
                f"{count} in {Path(part.filename).name}, which should have "
                f"{part.examples_in_shard}"
            )


def was_interrupted(folder: PathLike) -> bool:
    """Whether the process that added the other format was killed."""
    return (Path(folder) / _UNFINISHED).exists()


def add_array_record(builder: tfds.core.DatasetBuilder) -> None:
    """Adds the other format to a set that was prepared as TFRecord.

    All files are written into a folder first. If that fails, the folder is
    deleted and the set is unchanged. A process that is killed leaves it, and
    `was_interrupted` is true.

    Args:
        builder: A prepared set of ours. One in another format than TFRecord is
            left as it is.

    Raises:
        ValueError: If the set is damaged.
    """
    info, folder = builder.info, Path(builder.data_dir)
    if info.file_format != tfds.core.FileFormat.TFRECORD:
        return
    unfinished = folder / _UNFINISHED
    try:
        unfinished.mkdir(exist_ok=True)
        _write(info, unfinished)
        # Renaming needs no space. The list of formats comes last.
        for path in sorted(unfinished.iterdir(), key=_is_info):
            os.replace(path, folder / path.name)
    except Exception as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not isinstance(error, (OSError, RuntimeError)):  # of either writer
            raise
        warnings.warn(
            f"{builder.name} was prepared for `load` and `tfds.load`, but not "
            f"for `tfds.data_source`: {error}\nTo fix it, free some space, "
            f"delete {folder} and load the set again.",
            stacklevel=2,
        )
    else:
        unfinished.rmdir()
        if ARRAY_RECORD not in info.alternative_file_formats:
            info.add_alternative_file_format(ARRAY_RECORD)


def _write(info: tfds.core.DatasetInfo, folder: Path) -> None:
    """All files of a set in its other format, and what says that it has it."""
    adapter = file_adapters.ADAPTER_FOR_FORMAT[ARRAY_RECORD]
    for split in info.splits.values():
        template = split.filename_template.replace(
            data_dir=folder, filetype_suffix=adapter.FILE_SUFFIX
        )
        paths = template.sharded_filepaths(split.num_shards)
        for source, path in zip(split.filepaths, paths, strict=True):
            adapter.write_examples(path, _keyed(source))
    proto = copy.deepcopy(info.as_proto)
    if ARRAY_RECORD.value not in proto.alternative_file_formats:
        proto.alternative_file_formats.append(ARRAY_RECORD.value)
    dataset_info.write_dataset_info_proto(proto, folder)


def _is_info(path: Path) -> bool:
    return path == dataset_info.dataset_info_path(path.parent)


def _keyed(path: PathLike) -> Iterator[tuple[int, bytes]]:
    yield from enumerate(tfrecords.records(path))
