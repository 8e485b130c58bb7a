"""Sets that TensorFlow Datasets prepares, and reads without TensorFlow."""

import errno
import os
import warnings
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import requests
import tensorflow_datasets as tfds
from google.protobuf import json_format

from keras_grl.datasets import builders
from keras_grl.datasets import checksums
from keras_grl.datasets import formats
from keras_grl.datasets import tfrecords
from keras_grl.validation import invalid

# By its text: TensorFlow raises errors without a number.
_FULL = [
    os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
]
_UNREACHABLE = (
    requests.RequestException,
    tfds.download.DownloadError,
)


def ready(name: str, data_dir: Any = None, manual_dir: Any = None) -> Any:
    """The builder of a set, prepared unless it was before.

    What is prepared here can be read by `tfds.load` and by `tfds.data_source`.

    Args:
        name: As TFDS knows it: "mnist", "office31/amazon".
        data_dir: Folder of prepared sets. Defaults to that of TFDS:
            `TFDS_DATA_DIR`, or `~/tensorflow_datasets`.
        manual_dir: Folder of archives that have been downloaded by hand.
            Defaults to `downloads/manual` in `data_dir`.

    Returns:
        A `tfds.core.DatasetBuilder`.

    Raises:
        OSError: If something must be downloaded and cannot be, or the disk is
            full.
        ValueError: If a folder is none, or an archive is damaged or of another
            layout.
    """
    data_dir = _folder("data_dir", data_dir)
    manual_dir = _folder("manual_dir", manual_dir, must_exist=True)
    builder = _builder(name, data_dir)
    if _is_ready(builder):
        return builder
    folder = Path(builder.data_dir)
    try:
        # Another process that prepares the set is waited for.
        with filelock.FileLock(_lock(builder)):
            builders.delete_abandoned(folder)
            builder = _builder(name, data_dir)
            is_new = not builder.is_prepared()
            if is_new:
                builder.download_and_prepare(
                    download_config=tfds.download.DownloadConfig(
                        manual_dir=manual_dir
                    )
                )
            if isinstance(builder, builders.Builder) and (
                is_new or formats.was_interrupted(folder)
            ):
                formats.add_array_record(builder)
            return builder
    except Exception as error:
        reason = next((text for text in _FULL if text in str(error)), None)
        if reason is None and isinstance(error, _UNREACHABLE):
            raise OSError(
                f"{name} cannot be downloaded: {error}\n"
                "If it is prepared in some folder, or on another computer, "
                f"name that: `keras_grl.datasets.load({name!r}, "
                "data_dir='path/to/folder')`."
            ) from error
        if reason is None:
            raise
        raise OSError(
            f"{name} cannot be written to {root_of(builder)}: {reason}. "
            "No half-written set is left.\nMake room there, or name a folder "
            f"on another disk: `keras_grl.datasets.load({name!r}, "
            "data_dir='path/to/folder')`."
        ) from error


def _folder(name: str, value: Any, must_exist: bool = False) -> str | None:
    """The path of a folder, "~" resolved."""
    if value is None:
        return None
    expected = "the path of a folder"
    try:
        path = Path(value).expanduser()
    except (TypeError, RuntimeError):  # no path; nobody's home
        raise ValueError(invalid(name, expected, value)) from None
    if must_exist and not path.exists():
        raise ValueError(invalid(name, f"{expected} that exists", value))
    if path.exists() and not path.is_dir():
        raise ValueError(
            invalid(name, expected, value, "It is the path of a file.")
        )
    return str(path)


def _builder(name: str, data_dir: Any) -> Any:
    """The builder of a set, which TFDS finds prepared, or not."""
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except json_format.ParseError as error:
        where = data_dir or "the folder of TFDS"
        raise ValueError(_damaged(f"{name} in {where}", error)) from error
    folder = Path(builder.data_dir)
    # TFDS would neither read that nor prepare it.
    if folder.exists() and not builder.info.splits:
        reason = "no dataset_info.json"
        raise ValueError(_damaged(f"The folder {folder}", reason))
    return builder


def _damaged(what: str, reason: Any) -> str:
    return (
        f"{what} is damaged. Expected: a prepared set. Received: {reason}\n"
        "Delete it and prepare the set again."
    )


def _is_ready(builder: Any) -> bool:
    """Whether nothing is to be prepared, or can be."""
    return builder.is_prepared() and not (
        formats.was_interrupted(builder.data_dir)
        and os.access(builder.data_dir, os.W_OK)
    )


def _lock(builder: Any) -> Path:
    """The file by which processes that prepare one set know of each other."""
    root = root_of(builder)
    root.mkdir(parents=True, exist_ok=True)
    # Not beside the set: TFDS warns of folders without one.
    return root / f".{builder.info.full_name.replace('/', '-')}.lock"


def root_of(builder: Any) -> Path:
    """The folder of prepared sets that the builder writes into."""
    levels = len(Path(builder.info.full_name).parts)
    return Path(builder.data_dir).parents[levels - 1]


def file_or_download(dl_manager: Any, name: str, url: str) -> Path:
    """A file of the folder for manual downloads, else downloaded.

    A download must be the official archive, where its checksum is known. A
    file that was put there by hand may be another, such as a part of it.

    Args:
        dl_manager: A `tfds.download.DownloadManager`.
        name: Of the file.
        url: Where it is published.

    Returns:
        Its path.

    Raises:
        OSError: If it cannot be downloaded.
        ValueError: If something else was downloaded.
    """
    try:
        by_hand = Path(dl_manager.manual_dir) / name
    except AssertionError:  # There is no such folder, or nothing in it.
        by_hand = None
    if by_hand is not None and by_hand.is_file():
        if wrong := checksums.mismatch(by_hand, name):
            warnings.warn(
                f"{wrong}\nIt is used all the same, as it was put there by "
                "hand. Should it be the official one, delete it and download "
                f"it again: {url}",
                stacklevel=2,
            )
        return by_hand
    try:
        downloaded = Path(dl_manager.download(url))
    except Exception as error:
        raise OSError(
            f"{name} cannot be downloaded from {url}: {error}\n"
            "Download it by hand, put it into a folder and name that: "
            "`keras_grl.datasets.load(..., manual_dir='path/to/folder')`."
        ) from error
    if wrong := checksums.mismatch(downloaded, name):
        # With TFDS's note of it, or TFDS would take it the next time.
        for path in downloaded.parent.glob(f"{downloaded.name}*"):
            path.unlink()
        raise ValueError(
            f"{wrong}\nIt came from {url} and has been deleted. Try again; or "
            "download it by hand, put it into a folder and name that: "
            "`keras_grl.datasets.load(..., manual_dir='path/to/folder')`."
        )
    return downloaded


def parts(split: str, counts: dict[str, int]) -> list[tuple[str, Any, Any]]:
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
    expected = f"one of {known}, or a part as TFDS names it"
    return invalid("split", expected, split, str(error).splitlines()[-1])


def read(builder: Any, split: str) -> dict[str, Any]:
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


def _empty(count: int, feature: Any) -> Any:
    shape = feature.shape
    if None in shape:
        return np.empty(count, object)
    dtype = feature.np_dtype
    return np.empty((count, *shape), object if dtype == np.str_ else dtype)


def _examples(builder: Any, split: str) -> Iterator[dict[str, Any]]:
    if builder.info.file_format != tfds.core.FileFormat.TFRECORD:
        yield from builder.as_data_source(split)
        return
    # TFDS itself reads these with TensorFlow only.
    features = builder.info.features
    for part in builder.info.splits[split].file_instructions:
        take = part.examples_in_shard if part.take == -1 else part.take
        for data in tfrecords.records(part.filename, part.skip, take):
            yield features.deserialize_example_np(data)
