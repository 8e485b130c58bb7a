"""ADAPT: `DANN.fit`, on TensorFlow."""

from importlib.metadata import version

import keras
import numpy as np
from adapt.feature_based import DANN

from benchmarks.peers import protocol


def main() -> None:
    layers = keras.layers
    source, labels, target = protocol.images()
    one_hot = np.eye(10, dtype="float32")[labels]
    model = DANN(
        keras.Sequential(
            [
                keras.Input(source.shape[1:]),
                layers.Conv2D(32, 5),
                layers.MaxPooling2D(2),
                layers.ReLU(),
                layers.Conv2D(48, 5),
                layers.MaxPooling2D(2),
                layers.ReLU(),
                layers.Flatten(),
            ]
        ),
        keras.Sequential(
            [
                layers.Dense(100, "relu"),
                layers.Dense(100, "relu"),
                layers.Dense(10, "softmax"),
            ]
        ),
        keras.Sequential(
            [layers.Dense(100, "relu"), layers.Dense(1, "sigmoid")]
        ),
        lambda_=0.1,
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.SGD(
            protocol.LEARNING_RATE, momentum=protocol.MOMENTUM
        ),
        verbose=0,
    )

    def train(steps: int) -> None:
        rows = np.arange(protocol.HALF * steps) % len(source)
        model.fit(
            source[rows],
            one_hot[rows],
            Xt=target[rows],
            epochs=1,
            batch_size=protocol.HALF,
        )

    protocol.serve(version("adapt"), train)


if __name__ == "__main__":
    main()
