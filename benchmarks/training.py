"""Training steps, as ratios in one run.

    KERAS_BACKEND=jax python -m benchmarks.training
    KERAS_BACKEND=torch python -m benchmarks.training --network SVHN --chunks 9
    KERAS_BACKEND=torch python -m benchmarks.training --network LeNet --peers

`DANNModel.fit` on 64 source and 64 target images a step, against the best
loop by hand that does the same (`benchmarks/by_hand.py`; its losses are
compared first), and against `keras.Model.fit` of the feature extractor and the
label predictor on 128 images a step, where the domain branch is missing. The
line "no monitor" is `DANNModel.fit(…, monitor=False)`. With `--peers` other
libraries that train LeNet on this backend take part, each in an environment
that this command makes in `build/peers`, and in the form that its documents
show.

They take turns, a chunk of steps each, because machines are not equally
fast all the time. A ratio is the median over these rounds. Rounds in which
other processes had more than a tenth of the processors are left out, unless
fewer than three remain. The ratio of processor time suffers less from them.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks import by_hand
from benchmarks import command
from benchmarks.contestants import HALF
from benchmarks.contestants import NETWORKS
from benchmarks.contestants import OURS
from benchmarks.contestants import SIZES
from benchmarks.contestants import Fit
from benchmarks.contestants import Hand
from benchmarks.contestants import check_losses
from benchmarks.contestants import contestants
from benchmarks.contestants import images
from benchmarks.load import Took
from benchmarks.load import quiet
from benchmarks.load import ratio
from benchmarks.load import undisturbed
from benchmarks.peers.contestant import Peer
from benchmarks.peers.contestant import PeerError
from benchmarks.peers.contestant import of_backend


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("training", __doc__)
    parser.add_argument("--network", choices=[*NETWORKS, "all"], default="all")
    parser.add_argument(
        "--memory",
        action="store_true",
        help="measure the peak memory, each contestant in its own process",
    )
    parser.add_argument("--steps", type=int, default=20, help="in a chunk")
    parser.add_argument("--chunks", type=int, default=7, help="of each")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="other libraries too, installed into build/peers",
    )
    options = parser.parse_args(arguments)
    print(
        f"{command.machine()}, {options.chunks} chunks of "
        f"{options.steps} steps of {HALF} + {HALF} images"
    )
    if options.memory:
        print(f"{'':24}{'peak MB':>10}")
    else:
        print(
            f"{'':24}{'ms a step':>10}{'DANNModel':>10}{'CPU ms':>9}"
            f"{'DANNModel':>10}{'1st step':>10}{'2nd fit':>9}"
        )
    for name in NETWORKS:
        if options.network not in (name, "all"):
            continue
        if options.memory:
            weigh(name, options.steps)
        else:
            peers = of_backend() if options.peers and name == "LeNet" else []
            compare(name, options.steps, options.chunks, peers)


def weigh(name: str, steps: int) -> None:
    """The peak memory of each contestant, in a process of its own.

    Args:
        name: Of the network.
        steps: Of an epoch.
    """
    print(f"{name}:")
    for label in contestants(name, images(SIZES[name]), steps):
        print(f"  {label:22}{peak_memory(name, label, steps):10.0f}")


def peak_memory(name: str, label: str, steps: int) -> float:
    """MB that a process holds at most which trains for two epochs."""
    call = f"alone({name!r}, {label!r}, {steps})"
    code = f"from benchmarks import training; training.{call}"
    process = subprocess.Popen([sys.executable, "-c", code])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{label} failed.")
    return used.ru_maxrss / 1024


def alone(name: str, label: str, steps: int) -> None:
    """One contestant starts and trains for an epoch."""
    contestant = contestants(name, images(SIZES[name]), steps)[label]
    contestant.start()
    contestant.chunk(steps)


def compare(
    name: str, steps: int, chunks: int, peers: Sequence[str] = ()
) -> None:
    """The lines of the table for one network.

    Args:
        name: Of the network.
        steps: Of a chunk.
        chunks: Of each contestant.
        peers: Other libraries that take part.
    """
    data = images(SIZES[name])
    if name in by_hand.NETWORKS:
        check_losses(name, data)
    entered: dict[str, Fit | Hand | Peer] = {**contestants(name, data, steps)}
    starts: dict[str, list[Took]] = {}
    for label, contestant in entered.items():
        starts[label] = [contestant.start(), contestant.start()]
    failed: dict[str, PeerError] = {}
    for peer in peers:
        try:
            contestant = Peer(peer, data)
            took = [contestant.start(), contestant.start()]
        except PeerError as error:
            failed[peer] = error
            continue
        label = f"{peer} {contestant.version}"
        entered[label], starts[label] = contestant, took
    rounds = [
        {label: each.chunk(steps) for label, each in entered.items()}
        for _ in range(chunks)
    ]
    kept = undisturbed(rounds)
    print(f"{name}: {len(quiet(rounds))} of {chunks} rounds undisturbed")
    for label in entered:
        first, second = starts[label]
        print(
            f"  {label:22}"
            f"{1000 * median(r[label].wall / steps for r in kept):10.1f}"
            f"{ratio(kept, OURS, label, 'wall'):10.2f}"
            f"{1000 * median(r[label].processor / steps for r in kept):9.1f}"
            f"{ratio(kept, OURS, label, 'processor'):10.2f}"
            f"{first.wall:8.2f} s{second.wall:7.2f} s"
        )
    for peer, reason in failed.items():
        print(f"  {peer} does not run here: {reason}")
    for each in entered.values():
        if isinstance(each, Peer):
            each.close()


if __name__ == "__main__":
    main()
