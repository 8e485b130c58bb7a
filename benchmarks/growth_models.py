"""Models that are made, fitted for one step and dropped, and what they leave.

Shared by the parts of `benchmarks.growth`: the tiny networks and their images.
"""

import gc
import weakref
from collections.abc import Callable

import keras
import numpy as np

import keras_grl
from benchmarks.usage import Usage
from benchmarks.usage import header
from benchmarks.usage import row
from benchmarks.usage import usage
from keras_grl.types import Batch
from keras_grl.types import Tensor

SHAPE = (16, 16, 1)


def networks() -> tuple[keras.Model, keras.layers.Layer, keras.Model]:
    """A tiny feature extractor, label predictor, domain classifier."""
    layers = keras.layers
    extractor = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
        ]
    )
    domain_classifier = keras.Sequential(
        [layers.Dense(16, activation="relu"), layers.Dense(1)]
    )
    return extractor, layers.Dense(10, "softmax"), domain_classifier


def tiny() -> keras_grl.DANNModel:
    """A compiled `DANNModel`."""
    model = keras_grl.DANNModel(*networks())
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def images(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images, and labels that depend on them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    noise = rng.integers(0, 156, (count, *SHAPE))
    return (noise + 10 * labels.reshape(-1, 1, 1, 1)).astype("uint8"), labels


def models(count: int) -> None:
    """Prints what dropped models leave.

    Args:
        count: How many are dropped.
    """
    _drop(_fitted_dann, count)


def keras_models(count: int) -> None:
    """Prints what dropped models of Keras leave.

    Args:
        count: How many are dropped.
    """
    _drop(_fitted_keras, count)


def _drop(fitted: Callable[[], keras.Model], count: int) -> None:
    shown = max(count // 5, 1)
    references = []
    held: list[tuple[Usage, int]] = []
    print(f"{'models':>8}{header()}{'objects':>9}{'alive':>7}")
    for number in range(1, count + 1):
        references.append(weakref.ref(fitted()))
        if number % shown == 0:
            now = usage()
            held.append((now, len(gc.get_objects())))
            alive = sum(each() is not None for each in references)
            print(
                f"{number:8}{row(now)}{held[-1][1]:9}{alive:7}",
                flush=True,
            )
    (middle, before), (end, after) = held[len(held) // 2 - 1], held[-1]
    models = shown * (len(held) - len(held) // 2)
    print(
        f"of each of the last {models}: "
        f"{1024 * (end.memory - middle.memory) / models:.0f} KB, "
        f"{(after - before) / models:.0f} objects of Python"
    )


def _fitted_dann() -> keras.Model:
    model = tiny()
    x, y = images(64)
    model.fit(keras_grl.pair((x, y), x, batch_size=64), epochs=1, verbose=0)
    return model


def _fitted_keras() -> keras.Model:
    model = Plain()
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        {
            "label": "sparse_categorical_crossentropy",
            "domain": keras.losses.BinaryCrossentropy(from_logits=True),
        },
        metrics={"label": ["accuracy"]},
    )
    model.fit(PlainData(), verbose=0)
    return model


class Plain(keras.Model):
    """The three networks without keras-grl."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = networks()

    def call(self, inputs: Tensor) -> dict[str, Tensor]:
        extractor, label_predictor, domain_classifier = self.parts
        features = extractor(inputs)
        return {
            "label": label_predictor(features),
            "domain": domain_classifier(features),
        }


class PlainData(keras.utils.PyDataset):
    """As many images as `pair` has in a batch, with labels of both kinds."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Batch:
        x, y = images(64)
        return x, {"label": y, "domain": (y % 2)[:, None]}
