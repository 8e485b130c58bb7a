"""Which rule for choosing a model without target labels is safe?

    python -m applications.selection_study                 trains
    python -m applications.selection_study --minutes 30    stops after a while
    python -m applications.selection_study --train no --docs docs
    python -m applications.selection_study --seeds 2 --other-order yes
    python -m applications.selection_study --train no --docs docs --part orders

With `--docs` it writes the figure, the tables and the data of
docs/selection.md: those of the study, or those about another order of the
images.

Trains small networks on shifts of digits, 21 candidates with two or three
seeds each, and finds which of them each rule keeps. A run that is done is not
trained again; a program that was killed resumes when it is started again.

Before any result was seen, the shifts were divided:

* To find the rule: digits with clutter, blur and rotation, MNIST → MNIST-M,
  MNIST → SVHN.
* To report it: digits with color, blend and noise, SVHN → MNIST,
  MNIST-M → MNIST, SYN NUMBERS → SVHN.
"""

import dataclasses
import itertools
import time
from pathlib import Path
from typing import Any

from applications import start
from applications.options import count
from applications.options import one_of
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import positive
from applications.options import stop
from applications.options import switch
from applications.options import words
from applications.selection import domains
from applications.selection.candidates import CANDIDATES
from applications.selection.candidates import Kind
from applications.selection.candidates import folder_of

FIND = (
    "digits_clutter",
    "mnist_to_svhn",
    "digits_blur",
    "mnist_to_mnist_m",
    "digits_rotation",
)
REPORT = (
    "digits_color",
    "svhn_to_mnist",
    "digits_blend",
    "syn_numbers_to_svhn",
    "digits_noise",
    "mnist_m_to_mnist",
)
# By turns, so that a study that is cut short has some of both.
SHIFTS = tuple(
    name
    for pair in itertools.zip_longest(FIND, REPORT)
    for name in pair
    if name is not None
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to run, and where to write."""

    shifts: tuple[str, ...] = option(
        (), "Some of the shifts, separated by commas. All by default.", words
    )
    seeds: int = option(3, "How many seeds to run, or to report.", count)
    other_order: bool = option(
        False,
        "Whether to run the initial weights of seed 0 with the order of the "
        "images of seed 1 too.",
        switch,
    )
    reverse: tuple[str, ...] = option(
        (),
        "The shifts with a reverse validation of each candidate's first run.",
        words,
    )
    steps: int = option(700, "Training steps of most candidates.", count)
    train: bool = option(True, "Whether to train what is missing.", switch)
    minutes: float | None = option(
        None, "Start no training after so many minutes.", positive
    )
    output: str = option(
        "results/selection", "Folder that holds the results.", output
    )
    docs: str | None = option(
        None,
        "Folder of the documents, in which to write the page of the study.",
        path,
    )
    part: str = option(
        "study",
        "Which part of the page: study or orders.",
        one_of("study", "orders"),
    )
    data_dir: str | None = option(
        None, "Folder of prepared sets, by default that of TFDS.", path
    )
    manual_dir: str | None = option(
        None, "Folder of archives that were downloaded by hand.", path
    )


def main(arguments: list[str] | None = None) -> None:
    """Trains what is missing, and reports."""
    options = parse(Options, __doc__ or "", arguments)
    for name in ("shifts", "reverse"):
        unknown = [
            each for each in getattr(options, name) if each not in SHIFTS
        ]
        if unknown:
            stop(
                f"--{name}: expected some of {', '.join(SHIFTS)}, received "
                f"{', '.join(unknown)}"
            )
    start.load_keras()
    if options.train:
        train(options)
    # Here and not above, for it imports Keras and Matplotlib.
    from applications.selection import page

    if options.docs is None:
        return
    docs, output = Path(options.docs), Path(options.output)
    if options.part == "study":
        page.write(docs, output, FIND, REPORT, options.seeds)
    else:
        page.write_orders(docs, output, SHIFTS)


def train(options: Options) -> None:
    """Trains what is missing: two seeds of all, then the others."""
    # Here and not above, for they import Keras.
    from applications.selection import reverse
    from applications.selection.running import Trainer
    from applications.selection.running import write

    began = time.monotonic()
    folders = domains.Folders(options.data_dir, options.manual_dir)
    trainer = Trainer()
    for seeds in _kinds(options):
        for name in options.shifts or SHIFTS:
            runs = missing(options, name, seeds)
            if not runs:
                continue
            shift = domains.load(name, folders)
            for candidate, (seed, order), folder in runs:
                minutes = (time.monotonic() - began) / 60
                if options.minutes and minutes > options.minutes:
                    print(f"{minutes:.0f} minutes are over.")
                    return
                figures, arrays = trainer.run(
                    candidate, shift, seed, options.steps, order
                )
                of_run: dict[str, Any] = {
                    "shift": name,
                    "candidate": candidate,
                    "seed": seed,
                    "order": order,
                    "steps": options.steps,
                }
                write(folder, of_run | figures, arrays)
                print(
                    f"{minutes:5.1f} min  {name:20} {folder.name:24} accuracy "
                    f"{figures['accuracy']:.3f}",
                    flush=True,
                )
    for name in options.reverse:
        reverse.add(Path(options.output), name, domains.load(name, folders))


def _kinds(options: Options) -> list[list[Kind]]:
    """Which runs of each candidate are trained, those of a list together."""
    seeds = [(seed, seed) for seed in range(options.seeds)]
    return [seeds[:2], [(0, 1)] if options.other_order else [], seeds[2:]]


def missing(
    options: Options, shift: str, kinds: list[Kind]
) -> list[tuple[str, Kind, Path]]:
    """Candidates and seeds that are not done yet, with their folders."""
    runs = [
        (name, kind, folder_of(Path(options.output), shift, name, *kind))
        for kind in kinds
        for name in CANDIDATES
    ]
    return [run for run in runs if not (run[-1] / "run.json").exists()]


if __name__ == "__main__":
    start.program(main)
