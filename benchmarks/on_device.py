"""Batches gathered on the device against batches of the host.

    KERAS_BACKEND=jax python -m benchmarks.on_device
    KERAS_BACKEND=torch python -m benchmarks.on_device --chunks 9

`DANNModel.fit` on `pair(…)` and on `pair(…, on_device=True)`: the paper's LeNet
on 64 source and 64 target images of type uint8, and three layers on as many
vectors of 16 features, whose step takes hardly longer than the work around it.

The two take turns, a chunk of steps each. A ratio is the median over these
rounds, host over device: above 1 the device's are faster. On a machine that
does other work too, the ratio of processor time is the better one.
"""

from collections.abc import Sequence
from statistics import median

import keras
import numpy as np

import keras_grl
from benchmarks import command
from benchmarks.contestants import HALF
from benchmarks.contestants import Data
from benchmarks.contestants import Fit
from benchmarks.contestants import compiled
from benchmarks.contestants import dann
from benchmarks.contestants import images
from benchmarks.load import ratio

FEATURES = 16
# Steps of a chunk.
NETWORKS = {"LeNet": 20, "dense": 500}


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("on_device", __doc__)
    parser.add_argument("--network", choices=[*NETWORKS, "all"], default="all")
    parser.add_argument("--chunks", type=int, default=7, help="of each")
    parser.add_argument("--steps", type=int, help="in a chunk")
    options = parser.parse_args(arguments)
    print(f"{command.machine()}, {options.chunks} chunks of each")
    print(f"{'':20}{'ms a step':>10}{'CPU ms':>9}{'ratio':>8}{'of CPU':>8}")
    for name, steps in NETWORKS.items():
        if options.network in (name, "all"):
            compare(name, options.steps or steps, options.chunks)


def compare(name: str, steps: int, chunks: int) -> None:
    """The lines of the table for one network.

    Args:
        name: Of the network.
        steps: Of a chunk.
        chunks: Of each contestant.
    """
    contestants = {
        label: contestant(name, steps, label == "device")
        for label in ("host", "device")
    }
    for each in contestants.values():
        each.start()
        each.chunk(steps)  # Compiles what only an epoch needs.
    rounds = [
        {label: each.chunk(steps) for label, each in contestants.items()}
        for _ in range(chunks)
    ]
    print(name)
    for label in contestants:
        took = [each[label] for each in rounds]
        print(
            f"  {label:18}"
            f"{1000 * median(t.wall / steps for t in took):10.2f}"
            f"{1000 * median(t.processor / steps for t in took):9.2f}"
            f"{ratio(rounds, label, 'host', 'wall'):8.2f}"
            f"{ratio(rounds, label, 'host', 'processor'):8.2f}"
        )


def contestant(name: str, steps: int, on_device: bool) -> Fit:
    """A model and its data, the same each time."""
    source, labels, target = images(28) if name == "LeNet" else vectors()
    paired = keras_grl.pair(
        (source, labels),
        target,
        batch_size=2 * HALF,
        seed=0,
        on_device=on_device,
    )
    make = dense if name == "dense" else lambda: dann(name)
    return Fit(make, {"x": paired, "steps_per_epoch": steps})


def vectors() -> Data:
    """Source samples, their labels, target samples."""
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2, 3200, FEATURES)).astype("float32")
    return source, rng.integers(0, 10, len(source), dtype="int64"), target


def dense() -> keras_grl.DANNModel:
    """A hidden layer, a label predictor and a domain classifier."""
    keras.utils.set_random_seed(0)
    model = keras_grl.DANNModel(
        keras.Sequential(
            [keras.Input((FEATURES,)), keras.layers.Dense(16, "relu")]
        ),
        keras.layers.Dense(10),
        keras.layers.Dense(1),
        total_steps=10_000,
    )
    return compiled(model)


if __name__ == "__main__":
    main()
