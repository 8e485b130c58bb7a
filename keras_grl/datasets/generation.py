"""Many images by their index, on several processes."""

import collections
import functools
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


def examples(
    draw: Callable[..., Any], config: Any, count: int, seed: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The examples of a drawn set, as a TFDS builder yields them.

    Args:
        draw: From a range of indices, `config` and `seed` to images and
            labels.
        config: The builder's: has `drawing` and `processes`.
        count: Integer, how many.
        seed: Integer.
    """
    make = functools.partial(draw, config=config.drawing, seed=seed)
    index = 0
    for images, labels in generate(make, count, config.processes):
        for image, label in zip(images, labels, strict=True):
            yield index, {"image": image, "label": label}
            index += 1
