"""What trains the networks in `benchmarks.training`, and with which data."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

import keras_grl
from benchmarks import by_hand
from benchmarks.load import Took
from benchmarks.load import measured

HALF = 64  # images of each domain in a step
IMAGES = 3200  # of each domain
LEARNING_RATE = 0.01
TOTAL_STEPS = 10_000
OURS = "DANNModel.fit"
COMPARED = 5  # steps whose losses must be equal

# Pixels of the images.
SIZES = {name: each.size for name, each in by_hand.NETWORKS.items()}
SIZES["MobileNetV2"] = 64
NETWORKS = tuple(SIZES)

Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def contestants(name: str, data: Data, steps: int) -> dict[str, "Fit | Hand"]:
    """What trains the network here, by its name in the table.

    Args:
        name: Of the network.
        data: Images and labels.
        steps: Of a chunk.
    """
    paired = pairs(data, steps)
    found: dict[str, Fit | Hand] = {
        OURS: Fit(lambda: dann(name), paired),
        "no monitor": Fit(lambda: dann(name), {**paired, "monitor": False}),
    }
    if name in by_hand.NETWORKS:
        found["by hand"] = Hand(name, data)
    found["keras.Model.fit"] = Fit(lambda: plain(name), pool(data, steps))
    return found


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
    if name == "MobileNetV2":
        return compiled(backbone())
    options = {"dropout": False, "max_norm": None} if name == "SVHN" else {}
    model = getattr(keras_grl.architectures, name)(
        total_steps=TOTAL_STEPS, classifier_activation=None, **options
    )
    return compiled(model)


def backbone() -> keras_grl.DANNModel:
    """A network of Keras with batch normalization, and heads of its own."""
    size = SIZES["MobileNetV2"]
    return keras_grl.DANNModel(
        keras.applications.MobileNetV2(
            (size, size, 3), include_top=False, weights=None, pooling="avg"
        ),
        keras.Sequential([keras.layers.Dense(10)]),
        total_steps=TOTAL_STEPS,
    )


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
