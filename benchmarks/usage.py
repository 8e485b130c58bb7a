"""What this process holds."""

import gc
import os
import resource
from pathlib import Path
from typing import NamedTuple

_SELF = Path("/proc/self")


class Usage(NamedTuple):
    """What a process holds. NaN where the system does not tell.

    Args:
        memory: MB of its own, without files that are mapped into memory.
        threads: Number of threads, those of compiled code too.
        files: Number of open files.
    """

    memory: float
    threads: float
    files: float


def usage(collect: bool = True) -> Usage:
    """What this process holds now.

    Args:
        collect: Whether to free first what nothing refers to.
    """
    if collect:
        gc.collect()
    if not _SELF.exists():
        return Usage(*[float("nan")] * 3)
    _, resident, shared, *_ = map(int, (_SELF / "statm").read_text().split())
    return Usage(
        (resident - shared) * resource.getpagesize() / 2**20,
        len(os.listdir(_SELF / "task")),
        # One of them is what lists the others.
        len(os.listdir(_SELF / "fd")) - 1,
    )


def peak() -> float:
    """The most memory this process has held, in MB, mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def header() -> str:
    """The names of the columns of `row`."""
    return f"{'MB':>9}{'threads':>9}{'files':>7}"


def row(held: Usage) -> str:
    """What is held, in columns."""
    return f"{held.memory:9.1f}{held.threads:9}{held.files:7}"
