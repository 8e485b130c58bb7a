"""One process at a time in a folder."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # there is none on Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Locks a folder; the value is whether no other process holds the lock.

    If so, it is held until the end of the block, or of the process, however it
    ends. Nothing is written: the lock is on the folder itself. On systems
    without such locks the answer is always yes.

    Args:
        folder: An existing folder.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with locked(Path(folder)) as one, locked(Path(folder)) as other:
    ...         one, other
    (True, False)
    """
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        alone = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            alone = False
        except OSError:
            pass  # Some network file systems lock no folders.
        yield alone
    finally:
        os.close(descriptor)
