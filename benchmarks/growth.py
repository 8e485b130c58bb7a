"""What grows with the work: data, steps, models.

    KERAS_BACKEND=jax python -m benchmarks.growth
    KERAS_BACKEND=torch python -m benchmarks.growth --part models
    KERAS_BACKEND=torch python -m benchmarks.growth --quick

Each part runs in a process of its own, with a tiny network:

* `data`: batches of 32 to 1,024 images, taken from 10,000 to 500,000 images of
  each domain, which are memory-mapped. The data sets of a row take turns; the
  ratios of processor time are medians over the rounds, with the smallest data
  set at 1. The memory is what the process holds more since the row began.
* `steps`: 20,000 steps, a validation and all callbacks after each thousand.
  The first thousand, in which the step is compiled, is printed and left out of
  the ratio: the median of the last three against that of the first three.
* `models`: 200 models (`--models`) are made, fitted for one step and dropped.
* `keras-models`: the same with a `keras.Model` of the same three networks, to
  distinguish what Keras and the backend leave from what keras-grl leaves.

Memory is the process's own, without mapped files (Linux).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_grl
from benchmarks import command
from benchmarks.growth_models import SHAPE
from benchmarks.growth_models import images
from benchmarks.growth_models import keras_models
from benchmarks.growth_models import models
from benchmarks.growth_models import tiny
from benchmarks.load import Took
from benchmarks.load import measured
from benchmarks.load import ratio
from benchmarks.load import undisturbed
from benchmarks.usage import Usage
from benchmarks.usage import header
from benchmarks.usage import row
from benchmarks.usage import usage
from keras_grl.types import Logs

BLOCK = 10_000  # images that are written at once


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("growth", __doc__)
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument(
        "--models", type=int, default=200, help="how many are dropped"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a size for tests: no results"
    )
    options = parser.parse_args(arguments)
    if options.part != "all":
        print(f"{keras.backend.backend()}, {os.cpu_count()} processors")
        PARTS[options.part](options)
        return
    for part in PARTS:
        started = [sys.executable, "-m", "benchmarks.growth", "--part", part]
        started += ["--models", str(options.models)]
        subprocess.run(started + ["--quick"] * options.quick, check=True)


# More data


def data(quick: bool) -> None:
    """Prints how time and memory depend on batch size and number of images."""
    batch_sizes = (32,) if quick else (32, 128, 512, 1024)
    counts = (200, 400) if quick else (10_000, 100_000, 500_000)
    steps, rounds = (2, 1) if quick else (100, 9)
    print(
        f"{'batch':>8}{'images':>9}{'1st step':>10}{'ms a step':>11}"
        f"{'CPU ms':>8}{'ratio':>7}{'MB more':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        files = {
            count: [
                write(Path(folder, f"{count}-{seed}.npy"), count, seed)
                for seed in range(2)
            ]
            for count in counts
        }
        for batch_size in batch_sizes:
            _data_row(batch_size, files, steps, rounds)


def write(path: Path, count: int, seed: int) -> Path:
    """A file of random images, a block at a time."""
    rng = np.random.default_rng(seed)
    images = np.lib.format.open_memmap(path, "w+", "uint8", (count, *SHAPE))
    for first in range(0, count, BLOCK):
        block = images[first : first + BLOCK]
        block[:] = rng.integers(0, 256, block.shape, dtype="uint8")
    images.flush()
    return path


def _data_row(
    batch_size: int, files: dict[int, list[Path]], steps: int, rounds: int
) -> None:
    model = tiny()
    # It compiles the step.
    small = next(iter(files.values()))
    model.fit(mapped(small, batch_size), steps_per_epoch=1, verbose=0)
    start = usage().memory
    pairs, first, memory = {}, {}, {}
    for count, paths in files.items():
        with measured() as took:
            pairs[count] = mapped(paths, batch_size)
            model.fit(pairs[count], steps_per_epoch=1, verbose=0)
        first[count] = took.wall

    def chunk(count: int) -> Took:
        with measured() as took:
            model.fit(pairs[count], steps_per_epoch=steps, verbose=0)
        memory[count] = usage().memory - start
        return took

    kept = undisturbed(
        [{str(count): chunk(count) for count in files} for _ in range(rounds)]
    )
    smallest = str(next(iter(files)))
    for count in files:
        wall, processor = (
            1000
            * statistics.median(
                getattr(each[str(count)], kind) / steps for each in kept
            )
            for kind in ("wall", "processor")
        )
        grown = ratio(kept, smallest, str(count), "processor")
        print(
            f"{batch_size:8}{count:9}{first[count]:8.2f} s"
            f"{wall:11.2f}{processor:8.2f}{grown:7.2f}{memory[count]:9.1f}",
            flush=True,
        )


def mapped(paths: list[Path], batch_size: int) -> keras_grl.PairedDataset:
    """Pairs of images that stay in their files."""
    source, target = (np.load(path, mmap_mode="r") for path in paths)
    labels = np.arange(len(source)) % 10
    return keras_grl.pair((source, labels), target, batch_size=batch_size)


# More steps


def steps(quick: bool) -> None:
    """Prints what each thousand of 20,000 steps takes, and what is held."""
    epochs, length = (3, 2) if quick else (20, 1000)
    model = tiny()
    x, y = images(512)
    validation = images(256, seed=2)
    data = keras_grl.pair((x, y), images(512, seed=1)[0], batch_size=64)
    each = _EachEpoch()
    print(f"{'steps':>8}{'seconds':>9}{'CPU s':>8}{header()}")
    with tempfile.TemporaryDirectory() as folder:
        model.fit(
            data,
            epochs=epochs,
            steps_per_epoch=length,
            validation_data=validation,
            callbacks=[*callbacks(Path(folder), validation), each],
            verbose=0,
        )
    shown = {0, 1, 2, epochs // 2, epochs - 2, epochs - 1}
    for number, (took, held) in enumerate(each.epochs):
        if number in shown:
            print(
                f"{length * (number + 1):8}{took.wall:9.2f}"
                f"{took.processor:8.2f}{row(held)}"
            )
    compiled = each.epochs[1:]
    wall, processor = (
        statistics.median(getattr(took, kind) for took, _ in compiled[-3:])
        / statistics.median(getattr(took, kind) for took, _ in compiled[:3])
        for kind in ("wall", "processor")
    )
    disturbed = sum(took.disturbed for took, _ in compiled)
    print(
        f"last against first: wall {wall:.3f}, processor {processor:.3f}; "
        f"{disturbed} of {len(compiled)} disturbed"
    )


def callbacks(
    folder: Path, validation: tuple[np.ndarray, np.ndarray]
) -> list[keras.callbacks.Callback]:
    """All of keras-grl, and those of Keras that are used most."""
    grl = keras_grl.callbacks
    return [
        grl.AdaptationFactorScheduler(),
        grl.LearningRateAnnealing(),
        grl.AdaptationMonitor(),
        grl.TargetScores(validation[0]),
        grl.TrainingCheckpoint(folder / "training"),
        keras.callbacks.CSVLogger(folder / "logs.csv"),
        keras.callbacks.EarlyStopping(patience=10**6),
        keras.callbacks.ModelCheckpoint(folder / "best.keras"),
        keras.callbacks.TerminateOnNaN(),
    ]


class _EachEpoch(keras.callbacks.Callback):
    """What each epoch took, with all that the other callbacks do."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[tuple[Took, Usage]] = []
        self._context: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._start()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._context.__exit__(None, None, None)
        self.epochs.append((self._took, usage()))
        self._start()

    def _start(self) -> None:
        self._context = measured()
        self._took = self._context.__enter__()


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "data": lambda options: data(options.quick),
    "steps": lambda options: steps(options.quick),
    "models": lambda options: models(_count(options)),
    "keras-models": lambda options: keras_models(_count(options)),
}


def _count(options: argparse.Namespace) -> int:
    return 2 if options.quick else options.models


if __name__ == "__main__":
    main()
