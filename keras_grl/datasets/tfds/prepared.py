"""Sets that TensorFlow Datasets prepares."""

import errno
import os
from pathlib import Path

import filelock
import requests
import tensorflow_datasets as tfds
from google.protobuf import json_format

from keras_grl.datasets.tfds import builders
from keras_grl.datasets.tfds import formats
from keras_grl.types import PathLike
from keras_grl.validation import invalid

# By its text: TensorFlow raises errors without a number.
_FULL = [
    os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
]
_UNREACHABLE = (
    requests.RequestException,
    tfds.download.DownloadError,
)


def ready(
    name: str,
    data_dir: PathLike | None = None,
    manual_dir: PathLike | None = None,
) -> tfds.core.DatasetBuilder:
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
                "If it is prepared in another folder or on another computer, "
                f"pass that folder: `keras_grl.datasets.load({name!r}, "
                "data_dir='path/to/folder')`."
            ) from error
        if reason is None:
            raise
        raise OSError(
            f"{name} cannot be written to {root_of(builder)}: {reason}. "
            "No incomplete dataset remains.\nFree some space there, or pass a "
            f"folder on another disk: `keras_grl.datasets.load({name!r}, "
            "data_dir='path/to/folder')`."
        ) from error


def _folder(
    name: str, value: PathLike | None, must_exist: bool = False
) -> str | None:
    """The path of a folder, "~" resolved."""
    if value is None:
        return None
    expected = "the path of a folder"
    try:
        path = Path(value).expanduser()
    except (TypeError, RuntimeError):  # no path; no such home folder
        raise ValueError(invalid(name, expected, value)) from None
    if must_exist and not path.exists():
        raise ValueError(invalid(name, f"{expected} that exists", value))
    if path.exists() and not path.is_dir():
        raise ValueError(
            invalid(name, expected, value, "It is the path of a file.")
        )
    return str(path)


def _builder(name: str, data_dir: PathLike | None) -> tfds.core.DatasetBuilder:
    """The builder of a set, which TFDS finds prepared, or not."""
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except json_format.ParseError as error:
        where = data_dir or "the folder of TFDS"
        raise ValueError(_damaged(f"{name} in {where}", error)) from error
    folder = Path(builder.data_dir)
    # TFDS 4.9.10 neither reads that nor prepares it.
    if folder.exists() and not builder.info.splits:
        reason = "no dataset_info.json"
        raise ValueError(_damaged(f"The folder {folder}", reason))
    return builder


def _damaged(what: str, reason: object) -> str:
    return (
        f"{what} is damaged. Expected: a prepared set. Received: {reason}\n"
        "Delete it and prepare the set again."
    )


def _is_ready(builder: tfds.core.DatasetBuilder) -> bool:
    """Whether nothing is to be prepared, or can be."""
    return builder.is_prepared() and not (
        formats.was_interrupted(builder.data_dir)
        and os.access(builder.data_dir, os.W_OK)
    )


def _lock(builder: tfds.core.DatasetBuilder) -> Path:
    """The file by which processes that prepare one set know of each other."""
    root = root_of(builder)
    root.mkdir(parents=True, exist_ok=True)
    # Not beside the set, where TFDS expects its versions.
    return root / f".{builder.info.full_name.replace('/', '-')}.lock"


def root_of(builder: tfds.core.DatasetBuilder) -> Path:
    """The folder of prepared sets that the builder writes into."""
    levels = len(Path(builder.info.full_name).parts)
    return Path(builder.data_dir).parents[levels - 1]
