"""Dicts in `compile`, by output, where there is one output or several."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor

SPARSE = "sparse_categorical_crossentropy"
X, Y, T = small_data()


def dann(predictor, built=True):
    extractor = (
        small_extractor() if built else keras.Sequential([layers.Dense(4)])
    )
    return keras_grl.DANNModel(
        extractor, predictor, small_domain_classifier(), adaptation_factor=0.5
    )


def functional():
    features = keras.Input((4,))
    return keras.Model(features, layers.Dense(3, "softmax")(features))


class Custom(layers.Layer):
    """One or two outputs, as seen only when it is called."""

    def __init__(self, names=()):
        super().__init__()
        self.names = names
        self.dense = layers.Dense(3, "softmax")

    def call(self, x, training=False):
        y = self.dense(x)
        return {name: y for name in self.names} if self.names else y


DICTS = [
    {"x": SPARSE},
    {"dense_3": SPARSE},
    {"label": SPARSE, "x": "mse"},
    {"label": SPARSE, "domain": "mse"},
    {"x": None},
]


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize(
    "make", [lambda: layers.Dense(3), small_classifier, functional]
)
@pytest.mark.parametrize("loss", DICTS)
def test_losses_of_one_output(make, built, loss):
    with pytest.raises(ValueError, match=r"(?s)`loss`.*one output.*keys"):
        dann(make(), built).compile("sgd", loss)


@pytest.mark.parametrize("loss", DICTS[:3])
def test_losses_of_a_custom_layer_with_one_output(loss):
    model = dann(Custom(), built=False)
    model.compile("sgd", loss)
    pairs = keras_grl.pair((X, Y), T, batch_size=4)
    with pytest.raises(ValueError, match=r"(?s)`loss`.*one output.*keys"):
        model.fit(pairs, verbose=0)


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("name", ["metrics", "weighted_metrics"])
@pytest.mark.parametrize(
    "metrics",
    [
        {"label": ["accuracy"], "domain": ["accuracy"]},
        {"label": "accuracy"},
        {"x": [keras.metrics.SparseCategoricalAccuracy()]},
    ],
)
def test_metrics_of_one_output(name, built, metrics):
    words = rf"(?s)`{name}`.*one output.*keys.*{name}=\["
    if metrics == {"label": "accuracy"}:
        words = f"{name}='accuracy'"
    with pytest.raises(ValueError, match=words):
        dann(small_classifier(), built).compile(
            "sgd", SPARSE, **{name: metrics}
        )


def test_metrics_by_position():
    with pytest.raises(ValueError, match="`metrics`"):
        dann(small_classifier()).compile(
            "sgd", SPARSE, None, {"x": ["accuracy"]}
        )


@pytest.mark.parametrize("built", [True, False])
def test_several_outputs(built):
    names = ("digit", "color")
    model = dann(Custom(names), built)
    model.compile(
        "sgd",
        dict.fromkeys(names, SPARSE),
        metrics={name: ["accuracy"] for name in names},
        weighted_metrics={"color": ["accuracy"]},
    )
    labels = {"digit": Y, "color": np.zeros_like(Y)}
    logs = model.fit(
        keras_grl.pair((X, labels), T, batch_size=4), verbose=0
    ).history
    assert {"digit_loss", "color_loss", "digit_accuracy"} <= set(logs)
