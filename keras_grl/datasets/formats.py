"""A prepared set in a second file format, beside the first."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import file_adapters

from keras_grl.datasets import tfrecords

ARRAY_RECORD = tfds.core.FileFormat.ARRAY_RECORD


class BothFormats:
    """What of a builder lets `tfds.load` and `tfds.data_source` read one set.

    TFDS reads TFRecord for the one and ArrayRecord for the other. It writes
    down that a set has both, but its builders do not read that again.
    """

    info: Any
    name: str
    data_dir: Any

    def as_data_source(self, *args: Any, **kwargs: Any) -> Any:
        written = self.info.as_proto.alternative_file_formats
        if (
            ARRAY_RECORD.value in written
            and ARRAY_RECORD not in self.info.alternative_file_formats
        ):
            self.info.add_alternative_file_format(ARRAY_RECORD)
        return super().as_data_source(*args, **kwargs)  # type: ignore[misc]


def add_array_record(builder: Any) -> None:
    """Adds the other format to a set of ours that was prepared as TFRecord.

    What is not finished is deleted: then the set is as it was.

    Args:
        builder: A prepared set. One of TFDS's own is left as it is.
    """
    info, folder = builder.info, Path(builder.data_dir)
    if (
        not isinstance(builder, BothFormats)
        or info.file_format != tfds.core.FileFormat.TFRECORD
    ):
        return
    adapter = file_adapters.ADAPTER_FOR_FORMAT[ARRAY_RECORD]
    unfinished = folder / "unfinished"
    written = []
    try:
        for split in info.splits.values():
            template = split.filename_template.replace(
                filetype_suffix=adapter.FILE_SUFFIX
            )
            paths = template.sharded_filepaths(split.num_shards)
            for source, path in zip(split.filepaths, paths, strict=True):
                adapter.write_examples(unfinished, _keyed(source))
                os.replace(unfinished, path)
                written.append(path)
        info.add_alternative_file_format(ARRAY_RECORD)
        info.write_to_directory(folder)
    except OSError as error:
        for path in (unfinished, *written):
            Path(path).unlink(missing_ok=True)
        warnings.warn(
            f"{builder.name} was prepared for `tfds.load`, but not for "
            f"`tfds.data_source`: {error}",
            stacklevel=2,
        )


def _keyed(path: Any) -> Iterator[tuple[int, bytes]]:
    yield from enumerate(tfrecords.records(path))
