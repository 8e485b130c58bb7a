"""Many images by their index, on several processes."""

import collections
import multiprocessing
import os
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from keras_grl.validation import check_integer

CHUNK = 500  # images that are in memory at once, for each process


def generate(
    make: Callable[[range], Any], count: int, processes: int | None = None
) -> Iterator[Any]:
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
        processes = len(os.sched_getaffinity(0))
    processes = check_integer("processes", processes)
    ranges = [
        range(first, min(first + CHUNK, count))
        for first in range(0, count, CHUNK)
    ]
    if processes == 1 or len(ranges) == 1:
        yield from map(make, ranges)
        return
    # "spawn": a fork of a process with TensorFlow's or JAX's threads may hang.
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(processes, len(ranges))) as pool:
        # Not `imap`, which goes on however slow the taker is: all images
        # would be in memory in the end.
        waiting: collections.deque[Any] = collections.deque()
        for each in ranges:
            waiting.append(pool.apply_async(make, (each,)))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()
