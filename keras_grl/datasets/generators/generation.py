"""Many images by their index, on several processes."""

import collections
import os
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from concurrent import futures

import loky

from keras_grl.types import T
from keras_grl.validation import check_integer

CHUNK = 500  # images that are in memory at once, for each process


def generate(
    make: Callable[[range], T], count: int, processes: int | None = None
) -> Iterator[T]:
    """Calls `make` on ranges of indices that cover 0 to `count`, in order.

    Args:
        make: A function of a range of indices, which can be pickled. What it
            makes may depend on nothing but the indices.
        count: Integer, how many.
        processes: Integer; by default as many as there are processors.

    Yields:
        What `make` returns, in the order of the indices.
    """
    count = check_integer("count", count)
    if processes is None:
        processes = loky.cpu_count()
    processes = check_integer("processes", processes)
    ranges = ranges_of(count)
    if processes == 1 or len(ranges) == 1:
        yield from map(make, ranges)
        return
    # Not the standard library's pools: a fork of a process with TensorFlow's or
    # JAX's threads may hang, and "spawn" runs the user's program again in every
    # process.
    pool = loky.ProcessPoolExecutor(
        min(processes, len(ranges)),
        initializer=_end_with,
        initargs=(os.getpid(),),
    )
    try:
        # Not `map`, which continues however slow the consumer is: all images
        # would be in memory in the end.
        waiting: collections.deque[futures.Future[T]] = collections.deque()
        for each in ranges:
            waiting.append(pool.submit(make, each))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(kill_workers=True)


def ranges_of(count: int) -> list[range]:
    """Ranges of at most `CHUNK` indices, which cover 0 to `count`."""
    return [
        range(first, min(first + CHUNK, count))
        for first in range(0, count, CHUNK)
    ]


def _end_with(parent: int) -> None:
    """Ends this process when the one that gives it work was killed.

    Nobody would read its images: it would wait forever.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
