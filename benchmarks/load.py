"""What a piece of work took, and what else used the machine meanwhile."""

import contextlib
import dataclasses
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

_STAT = Path("/proc/stat")


@dataclasses.dataclass
class Took:
    """Seconds.

    Args:
        wall: As the clock on the wall tells.
        processor: Of all threads of this process.
        others: Of the processors, by other processes. None where the system
            does not tell.
    """

    wall: float = 0.0
    processor: float = 0.0
    others: float | None = None

    @property
    def disturbed(self) -> bool:
        """Whether others had more than a tenth of the processors."""
        available = self.wall * (os.cpu_count() or 1)
        return self.others is not None and self.others > 0.1 * available


@contextlib.contextmanager
def measured() -> Iterator[Took]:
    """What is done in this context."""
    took = Took()
    wall, processor, busy = time.perf_counter(), time.process_time(), _busy()
    yield took
    took.wall = time.perf_counter() - wall
    took.processor = time.process_time() - processor
    if busy is not None:
        took.others = max((_busy() or busy) - busy - took.processor, 0.0)


def quiet(rounds: list[dict[str, Took]]) -> list[dict[str, Took]]:
    """The rounds that others did not disturb."""
    return [r for r in rounds if not any(t.disturbed for t in r.values())]


def undisturbed(rounds: list[dict[str, Took]]) -> list[dict[str, Took]]:
    """The rounds that others did not disturb, if there are at least three.

    Args:
        rounds: What each contestant took, a dict for each round.

    Returns:
        All rounds if fewer than three were undisturbed.
    """
    found = quiet(rounds)
    return found if len(found) >= 3 else rounds


def ratio(
    rounds: list[dict[str, Took]], label: str, reference: str, kind: str
) -> float:
    """How fast a contestant is, with another one at 1: the median.

    Args:
        rounds: What each contestant took, a dict for each round.
        label: The contestant.
        reference: The other one.
        kind: "wall" or "processor".
    """
    return statistics.median(
        getattr(each[reference], kind) / getattr(each[label], kind)
        for each in rounds
    )


def _busy() -> float | None:
    """Seconds that all processors have worked since the machine started."""
    if not _STAT.exists():
        return None
    _, *ticks = _STAT.read_text().splitlines()[0].split()
    user, nice, system, _, _, irq, soft, *_ = map(int, ticks)
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
