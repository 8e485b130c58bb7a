"""How fast the generators draw, on one core.

    python -m benchmarks.generators
    python -m benchmarks.generators --profile

Each number is the median of five runs. The last column is the rate relative to
decoding PNG images of the same size, which is what reading them from a
prepared set would cost: a ratio that does not depend on the machine as much.
With `--profile` it says instead in which functions the time goes.
"""

import cProfile
import io
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from applications import markdown
from keras_grl.datasets import mnist_m
from keras_grl.datasets import syn_numbers
from keras_grl.datasets import syn_signs

RUNS, IMAGES = 5, 1000


def rate(draw: Callable[[], object]) -> float:
    """Images a second."""
    draw()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        draw()
        seconds.append(time.perf_counter() - began)
    return IMAGES / statistics.median(seconds)


def profile(draw: Callable[[], object]) -> None:
    """Prints the functions that take most, and their share of the time."""
    draw()
    profiler = cProfile.Profile()
    profiler.runcall(draw)
    stats: Any = pstats.Stats(profiler)
    own = {key: values[2] for key, values in stats.stats.items()}
    for key in sorted(own, key=own.__getitem__, reverse=True)[:12]:
        file, _, function = key
        place = "" if file == "~" else f"{file.rpartition('/')[2]}: "
        print(f"  {own[key] / stats.total_tt:5.1%} {place}{function}")


def decoding(images: np.ndarray) -> Callable[[], list[np.ndarray]]:
    """What decodes the images from PNG."""
    encoded = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "png")
        encoded.append(file.getvalue())
    return lambda: [
        np.asarray(Image.open(io.BytesIO(each))) for each in encoded
    ]


def main() -> None:
    random = np.random.default_rng(0)
    digits = random.integers(0, 256, size=(IMAGES, 28, 28), dtype="uint8")
    photographs = [
        random.integers(0, 256, size=(321, 481, 3), dtype="uint8")
        for _ in range(200)
    ]
    generators: dict[str, Callable[[], np.ndarray]] = {
        "syn_numbers": lambda: syn_numbers.draw(range(IMAGES))[0],
        "syn_signs": lambda: syn_signs.draw(range(IMAGES))[0],
        "mnist_m": lambda: mnist_m.blend(digits, photographs),
    }
    if sys.argv[1:] == ["--profile"]:
        for name in ("syn_numbers", "syn_signs"):
            print(f"{name}:")
            profile(generators[name])
        return
    rows = [["generator", "images/s", "relative to decoding PNG"]]
    for name, draw in generators.items():
        drawn, decoded = rate(draw), rate(decoding(draw()))
        rows.append([name, f"{drawn:,.0f}", f"{drawn / decoded:.2f}"])
    print(markdown.table(rows))


if __name__ == "__main__":
    main()
