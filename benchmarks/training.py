"""Training steps, as ratios in one run.

    KERAS_BACKEND=jax python -m benchmarks.training
    KERAS_BACKEND=torch python -m benchmarks.training --network SVHN --chunks 9

`DANNModel.fit` on 64 source and 64 target images a step, against the best
loop by hand that does the same (`benchmarks/by_hand.py`; its losses are
compared first), and against `keras.Model.fit` of the feature extractor and the
label predictor on 128 images a step, where the domain branch is missing. The
line "no monitor" is `DANNModel.fit(…, monitor=False)`.

They take turns, a chunk of steps each, because machines are not equally
fast all the time. A ratio is the median over these rounds. Rounds in which
other processes had more than a tenth of the processors are left out, unless
fewer than three remain. The ratio of processor time suffers less from them.
"""

import statistics
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

import keras_grl
from benchmarks import by_hand
from benchmarks import command
from benchmarks.load import Took
from benchmarks.load import measured
from benchmarks.load import quiet
from benchmarks.load import ratio
from benchmarks.load import undisturbed

HALF = 64  # images of each domain in a step
IMAGES = 3200  # of each domain
LEARNING_RATE = 0.01
TOTAL_STEPS = 10_000
OURS = "DANNModel.fit"
COMPARED = 5  # steps whose losses must be equal

Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table.

    Args:
        arguments: Of the command line.
    """
    parser = command.parser("training", __doc__)
    parser.add_argument(
        "--network", choices=[*by_hand.NETWORKS, "all"], default="all"
    )
    parser.add_argument("--steps", type=int, default=20, help="in a chunk")
    parser.add_argument("--chunks", type=int, default=7, help="of each")
    options = parser.parse_args(arguments)
    print(
        f"{command.machine()}, {options.chunks} chunks of "
        f"{options.steps} steps of {HALF} + {HALF} images"
    )
    print(
        f"{'':20}{'ms a step':>10}{'DANNModel':>10}{'CPU ms':>9}"
        f"{'DANNModel':>10}{'1st step':>10}{'2nd fit':>9}"
    )
    for name in by_hand.NETWORKS:
        if options.network in (name, "all"):
            compare(name, options.steps, options.chunks)


def compare(name: str, steps: int, chunks: int) -> None:
    """The lines of the table for one network.

    Args:
        name: Of the network.
        steps: Of a chunk.
        chunks: Of each contestant.
    """
    data = images(by_hand.NETWORKS[name].size)
    check_losses(name, data)
    paired = pairs(data, steps)
    contestants: dict[str, Fit | Hand] = {
        OURS: Fit(lambda: dann(name), paired),
        "no monitor": Fit(lambda: dann(name), {**paired, "monitor": False}),
        "by hand": Hand(name, data),
        "keras.Model.fit": Fit(lambda: plain(name), pool(data, steps)),
    }
    starts: dict[str, list[Took]] = {}
    for label, contestant in contestants.items():
        starts[label] = [contestant.start(), contestant.start()]
    rounds = [
        {label: each.chunk(steps) for label, each in contestants.items()}
        for _ in range(chunks)
    ]
    kept = undisturbed(rounds)
    print(f"{name}: {len(quiet(rounds))} of {chunks} rounds undisturbed")
    for label in contestants:
        first, second = starts[label]
        print(
            f"  {label:18}"
            f"{1000 * middle(r[label].wall / steps for r in kept):10.1f}"
            f"{ratio(kept, OURS, label, 'wall'):10.2f}"
            f"{1000 * middle(r[label].processor / steps for r in kept):9.1f}"
            f"{ratio(kept, OURS, label, 'processor'):10.2f}"
            f"{first.wall:8.2f} s{second.wall:7.2f} s"
        )


def middle(values: Iterable[float]) -> float:
    return statistics.median(values)


def images(size: int) -> Data:
    """Source images, their labels, target images."""
    rng = np.random.default_rng(0)
    source, target = rng.integers(
        0, 256, (2, IMAGES, size, size, 3), dtype="uint8"
    )
    return source, rng.integers(0, 10, IMAGES, dtype="int64"), target


def dann(name: str) -> keras_grl.DANNModel:
    """The network, the same each time, without what is left to chance."""
    keras.utils.set_random_seed(0)
    options = {"dropout": False, "max_norm": None} if name == "SVHN" else {}
    model = getattr(keras_grl.architectures, name)(
        total_steps=TOTAL_STEPS, classifier_activation=None, **options
    )
    return compiled(model)


def plain(name: str) -> keras.Model:
    """The same feature extractor and label predictor alone."""
    model = dann(name)
    return compiled(
        keras.Model(
            model.feature_extractor.inputs,
            model.label_predictor(model.feature_extractor.outputs[0]),
        )
    )


def compiled(model: keras.Model) -> keras.Model:
    model.compile(
        keras.optimizers.SGD(LEARNING_RATE, momentum=by_hand.MOMENTUM),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


def pairs(data: Data, steps: int) -> dict[str, Any]:
    """The arguments of `fit` for epochs of so many steps."""
    source, labels, target = data
    paired = keras_grl.pair((source, labels), target, batch_size=2 * HALF)
    return {"x": paired, "steps_per_epoch": steps}


def pool(data: Data, steps: int) -> dict[str, Any]:
    """As many images, all of them labeled."""
    source, labels, target = data
    count = 2 * HALF * steps // 2
    rows = np.arange(count) % IMAGES
    return {
        "x": np.concatenate([source[rows], target[rows]]),
        "y": np.concatenate([labels[rows], labels[rows]]),
        "batch_size": 2 * HALF,
    }


def check_losses(name: str, data: Data) -> None:
    """That the loop by hand trains the same, or an error."""
    source, labels, target = data
    model = dann(name)
    step = by_hand.loop(name, model, LEARNING_RATE)
    for number in range(COMPARED):
        rows = slice(HALF * number, HALF * (number + 1))
        loss = float(
            step(source[rows], labels[rows], target[rows], factor(number))
        )
        want = model.train_on_batch(
            {"source": source[rows], "target": target[rows]},
            labels[rows],
            return_dict=True,
        )["loss"]
        np.testing.assert_allclose(loss, want, rtol=1e-3)


def factor(step: int) -> float:
    return by_hand.factor(step, TOTAL_STEPS)


class Fit:
    """A Keras model that is fitted, an epoch for each chunk.

    Args:
        make: Makes the model.
        data: Arguments of `fit`.
    """

    def __init__(self, make: Callable[[], keras.Model], data: dict[str, Any]):
        self.make = make
        self.data = data
        self.model: keras.Model | None = None

    def start(self) -> Took:
        """One step, and what comes before the first one."""
        one = {**self.data, "epochs": 1, "steps_per_epoch": 1}
        if "batch_size" in one:
            one |= {key: one[key][: 2 * HALF] for key in ("x", "y")}
        with measured() as took:
            if self.model is None:
                self.model = self.make()
            self.model.fit(**one, verbose=0)
        return took

    def chunk(self, steps: int) -> Took:
        assert self.model is not None
        with measured() as took:
            self.model.fit(**self.data, verbose=0)
        return took


class Hand:
    """The loop by hand, with data that are shuffled.

    Args:
        name: Of the network.
        data: Images and labels.
    """

    def __init__(self, name: str, data: Data):
        self.name = name
        self.data = data
        self.step: Callable[..., Any] | None = None
        self.done = 0
        self.rng = np.random.default_rng(0)

    def start(self) -> Took:
        with measured() as took:
            if self.step is None:
                model = dann(self.name)
                self.step = by_hand.loop(self.name, model, LEARNING_RATE)
            self._train(1)
        return took

    def chunk(self, steps: int) -> Took:
        with measured() as took:
            self._train(steps)
        return took

    def _train(self, steps: int) -> None:
        assert self.step is not None
        source, labels, target = self.data
        orders = self.rng.permutation(IMAGES), self.rng.permutation(IMAGES)
        for number in range(steps):
            first = HALF * number % (IMAGES - HALF)
            ours, theirs = (order[first : first + HALF] for order in orders)
            loss = self.step(
                source[ours], labels[ours], target[theirs], factor(self.done)
            )
            self.done += 1
        float(loss)  # waits until it is computed


if __name__ == "__main__":
    main()
