"""Files that are either the old ones or the new ones, never half of one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def replaced(path: Any) -> Iterator[Path]:
    """Where to write what is to become `path`, whole or not at all.

    Within this context a file, several files of one stem or a folder are
    written under the name of `path` in a folder beside it. At its end they
    are moved to where they belong. After an error nothing is moved, and what
    was there is as it was. Who reads the old file meanwhile reads on in it.

    Args:
        path: Where the result belongs. The folder must exist.

    Raises:
        FileNotFoundError: If it does not.

    Example:

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replaced(f"{folder}/notes.txt") as beside:
    ...         _ = beside.write_text("all of them")
    ...     os.listdir(folder)
    ['notes.txt']
    """
    # The file that a link names is replaced, not the link.
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of {str(path)!r} does not exist. Create it first: "
            f"`os.makedirs({str(target.parent)!r})`."
        )
    folder = Path(_folder_beside(target))
    try:
        yield folder / target.name
        _move(folder, target.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder_beside(target: Path) -> str:
    prefix = f".{target.name}-unfinished-"
    try:
        return tempfile.mkdtemp(prefix=prefix, dir=target.parent)
    except PermissionError:
        # The file itself may be writable all the same.
        return tempfile.mkdtemp(prefix=prefix)


def _move(folder: Path, to: Path) -> None:
    """Moves all files of a folder into another one."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    # JSON comes last: it names the other files of what is several files.
    for path in sorted(files, key=lambda path: (path.suffix == ".json", path)):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.copymode(target, path)
        try:
            os.replace(path, target)
        except OSError:
            # From another disk, or over a file in a folder that is not
            # writable. What is to be written is whole by now.
            shutil.copyfile(path, target)
