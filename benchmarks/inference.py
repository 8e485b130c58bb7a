"""`evaluate` and `predict` of a `DANNModel`, as ratios in one run.

    KERAS_BACKEND=jax python -m benchmarks.inference
    KERAS_BACKEND=torch python -m benchmarks.inference --network SVHN

Images in a second, 128 in a batch, against a plain `keras.Model` of the same
feature extractor and label predictor. The four take turns, a chunk each. A
ratio is the median over these rounds, with the `keras.Model` at 1: above 1 the
`DANNModel` is faster.
"""

import functools
from collections.abc import Callable
from collections.abc import Sequence
from statistics import median

from benchmarks import by_hand
from benchmarks import command
from benchmarks.contestants import HALF
from benchmarks.contestants import dann
from benchmarks.contestants import images
from benchmarks.contestants import plain
from benchmarks.load import Took
from benchmarks.load import measured
from benchmarks.load import ratio
from benchmarks.load import undisturbed

OURS, KERAS = "DANNModel", "keras.Model"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("inference", __doc__)
    parser.add_argument(
        "--network", choices=[*by_hand.NETWORKS, "all"], default="all"
    )
    parser.add_argument("--batches", type=int, default=20, help="in a chunk")
    parser.add_argument("--chunks", type=int, default=7, help="of each")
    options = parser.parse_args(arguments)
    print(
        f"{command.machine()}, {options.chunks} chunks of "
        f"{options.batches} batches of {2 * HALF} images"
    )
    print(f"{'':20}{OURS:>12}{KERAS:>14}{'ratio':>8}{'CPU':>8}")
    for name in by_hand.NETWORKS:
        if options.network in (name, "all"):
            compare(name, options.batches, options.chunks)


def compare(name: str, batches: int, chunks: int) -> None:
    """The lines of the table for one network.

    Args:
        name: Of the network.
        batches: Of a chunk.
        chunks: Of each contestant.
    """
    count = 2 * HALF * batches
    source, labels, _ = images(by_hand.NETWORKS[name].size)
    x, y = source[:count], labels[:count]
    works: dict[str, dict[str, Callable[[], object]]] = {
        "evaluate": {},
        "predict": {},
    }
    for label, model in ((OURS, dann(name)), (KERAS, plain(name))):
        works["evaluate"][label] = functools.partial(
            model.evaluate, x, y, batch_size=2 * HALF, verbose=0
        )
        works["predict"][label] = functools.partial(
            model.predict, x, batch_size=2 * HALF, verbose=0
        )
    print(name)
    for what, contestants in works.items():
        for work in contestants.values():
            work()  # compiles
        rounds = [
            {label: timed(work) for label, work in contestants.items()}
            for _ in range(chunks)
        ]
        kept = undisturbed(rounds)
        ours, theirs = (
            median(len(x) / each[label].wall for each in kept)
            for label in (OURS, KERAS)
        )
        print(
            f"  {what:18}{ours:12,.0f}{theirs:14,.0f}"
            f"{ratio(kept, OURS, KERAS, 'wall'):8.2f}"
            f"{ratio(kept, OURS, KERAS, 'processor'):8.2f}"
        )


def timed(work: Callable[[], object]) -> Took:
    with measured() as took:
        work()
    return took


if __name__ == "__main__":
    main()
