"""Replaces files as a whole: the old file or the new one, never a part."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports Keras
    from keras_grl.types import JSON
    from keras_grl.types import PathLike


@contextlib.contextmanager
def replaced(path: "PathLike") -> Iterator[Path]:
    """Replaces `path` with what is written in this context, or not at all.

    The context gives a path of the same name in a temporary folder next to
    `path`. Write there: a file, several files with the same stem, or a folder.
    At the end of the context they are moved to `path`. After an error nothing
    is moved, and the old files are unchanged. A program that is reading an old
    file can read it to the end.

    Args:
        path: The file or folder to replace. Its parent folder must exist.

    Raises:
        FileNotFoundError: If the parent folder does not exist.

    Example:

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replaced(f"{folder}/notes.txt") as temporary:
    ...         _ = temporary.write_text("all of them")
    ...     os.listdir(folder)
    ['notes.txt']
    """
    # Replace the file that a link points to, not the link.
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of {str(path)!r} does not exist. Create it first: "
            f"`os.makedirs({str(target.parent)!r})`."
        )
    folder = Path(_temporary_folder(target))
    try:
        yield folder / target.name
        _move(folder, target.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_json(path: "PathLike", content: "JSON") -> None:
    """Writes a JSON file, completely or not at all.

    Args:
        path: Path of the file.
        content: What it is to hold, without NaN.
    """
    with replaced(path) as temporary:
        temporary.write_text(
            json.dumps(content, indent=1, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def _temporary_folder(target: Path) -> str:
    prefix = f".{target.name}-unfinished-"
    try:
        return tempfile.mkdtemp(prefix=prefix, dir=target.parent)
    except PermissionError:
        # The file itself may still be writable.
        return tempfile.mkdtemp(prefix=prefix)


def _move(folder: Path, to: Path) -> None:
    """Moves all files of a folder into another folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    # JSON comes last: where a result has several files, it lists the others.
    for path in sorted(files, key=lambda path: (path.suffix == ".json", path)):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.copymode(target, path)
        try:
            os.replace(path, target)
        except OSError:
            # Another disk, or a writable file in a folder that is not. The new
            # file is complete at this point.
            shutil.copyfile(path, target)
