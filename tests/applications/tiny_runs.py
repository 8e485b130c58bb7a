"""Experiments that take seconds, and what they have written."""

import csv
import dataclasses
from pathlib import Path
from typing import Any

import keras

import keras_grl
from applications.runner import networks

TINY = ["--batch-size", "64", "--network", "small"]


@dataclasses.dataclass(frozen=True)
class Finished:
    """An experiment that was run once for all tests of a session."""

    command: list[str]
    output: Path
    path: Path
    metrics: list[dict[str, Any]]
    printed: str


def history(folder):
    with open(folder / "history.csv") as file:
        return list(csv.DictReader(file))


def network(num_classes, input_shape, settings=None, mean=None, **kwargs):
    """In place of every network: few layers, of all kinds that resume."""
    layers = keras.layers
    model = keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.Input(input_shape),
                layers.Rescaling(1 / 127.5, offset=-1, name="rescaling"),
                layers.AveragePooling2D(4, name="pool1"),
                layers.Flatten(name="flatten"),
                layers.Dense(16, name="fc1"),
                layers.BatchNormalization(name="normalization1"),
                layers.ReLU(name="relu1"),
            ],
            name="feature_extractor",
        ),
        keras.Sequential(
            [
                layers.Dropout(0.5, name="drop1"),
                layers.Dense(12, activation="relu", name="fc2"),
                layers.Dense(
                    num_classes, activation="softmax", name="predictions"
                ),
            ],
            name="label_predictor",
        ),
        keras.Sequential(
            [layers.Dense(1, name="domain_logits")], name="domain_classifier"
        ),
        **{"batch_normalization": "domain_specific", **kwargs},
    )
    model.build((None, *input_shape))
    return model


def put_in_place(monkeypatch):
    """The tiny network for all experiments of one test."""
    for name in ("small", "deep"):
        monkeypatch.setattr(networks, name, network)
    for name in ("LeNet", "SVHN", "GTSRB"):
        monkeypatch.setattr(keras_grl.architectures, name, network)
