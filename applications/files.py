"""Files that are complete or absent, also with several writers."""

import contextlib
import csv
import json
import math
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # there is none on Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A new path to write to, which replaces `path` at the end.

    Two processes may write the same file at the same time: the later one
    wins. After an error the old file is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # With the same suffix: Keras and Matplotlib choose the format by it.
    unfinished = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes text."""
    with whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_json(path: Path, content: object) -> None:
    """Writes JSON. It has no NaN and no infinity: they become null."""
    text = json.dumps(_finite(content), indent=2, allow_nan=False)
    write_text(path, text + "\n")


def _finite(content: object) -> object:
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """Writes rows, a column for each name that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with whole(path) as unfinished, open(unfinished, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Takes a lock; the value is whether no other process holds it.

    If so, it is held until the end of the block, or of the process, however it
    ends. On systems without such locks the answer is always yes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
