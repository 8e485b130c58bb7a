"""What the programs of the peers have in common.

Each runs in its own environment, as `python -m benchmarks.peers.<name> FILE`,
with images in FILE. It imports neither Keras GRL nor what that needs.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

HALF = 64  # images of each domain in a step
LEARNING_RATE = 0.01
MOMENTUM = 0.9
# What begins a line that is not of a library.
ANSWER = "benchmark: "

Images = tuple[np.ndarray, np.ndarray, np.ndarray]


def images() -> Images:
    """Source images, their labels, target images; the images in -1 … 1."""
    with np.load(sys.argv[1]) as file:
        source, labels, target = (file[f"arr_{i}"] for i in range(3))
    return scaled(source), labels, scaled(target)


def scaled(array: np.ndarray) -> np.ndarray:
    return array.astype("float32") / 127.5 - 1


def serve(version: str, train: Callable[[int], None]) -> None:
    """Trains for as many steps as each line of the input says.

    It prints the version, and for each line the seconds that the training took
    and those of the processors.

    Args:
        version: Of the peer.
        train: Trains for a number of steps.
    """
    print(ANSWER + version, flush=True)
    for line in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        train(int(line))
        wall = time.perf_counter() - wall
        print(f"{ANSWER}{wall} {time.process_time() - processor}", flush=True)
