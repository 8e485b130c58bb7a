"""Writes the files of tests/data/saved: models as a version saved them.

    KERAS_BACKEND=torch python -m tests.models.saved_files

For each model of a backend a `.keras` file of a model trained for two epochs,
and a `.npz` file of what it predicts, and of its weights after two further
epochs. They stay as version 0.1.0 wrote them: do not write them again.
"""

import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

import keras_grl
from keras_grl import DANNModel
from keras_grl.baselines import DiscrepancyModel

FOLDER = Path(__file__).resolve().parent.parent / "data" / "saved"


def inputs():
    """x_source, y_source, x_target."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(12, 3)).astype("float32")
    return x, np.arange(12) % 3, x[:8] + np.float32(0.5)


def train(model, epochs, initial_epoch=0, semi_supervised=False):
    x, y, x_target = inputs()
    third = [(x_target[:4], y[:4])] if semi_supervised else []
    data = keras_grl.pair(
        (x, y), x_target, *third, batch_size=4 * (2 + len(third)), seed=0
    )
    model.fit(data, epochs=epochs, initial_epoch=initial_epoch, verbose=0)


def weights(model):
    return [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]


def extractor(*inner):
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(4), *inner, layers.Activation("tanh")],
        name="feature_extractor",
    )


def parts(*inner):
    return extractor(*inner), layers.Dense(3, "softmax", name="label_predictor")


def dann(optimizer, *inner, **kwargs):
    model = DANNModel(*parts(*inner), layers.Dense(1), **kwargs)
    model.compile(
        optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def discrepancy(optimizer):
    model = DiscrepancyModel(*parts(), "coral")
    model.compile(
        optimizer, "sparse_categorical_crossentropy", domain_loss_weight=2.0
    )
    return model


# Name to (backend, function that makes the model, arguments of `train`).
MODELS = {
    "torch_dann": (
        "torch",
        lambda: dann(keras.optimizers.SGD(0.1, momentum=0.9)),
        {},
    ),
    "torch_discrepancy": (
        "torch",
        lambda: discrepancy(keras.optimizers.Adam(0.05)),
        {},
    ),
    "torch_mixed_precision": (
        "torch",
        lambda: dann(keras.optimizers.RMSprop(0.01), dtype="mixed_float16"),
        {},
    ),
    "jax_semi_supervised": (
        "jax",
        lambda: dann(
            keras.optimizers.AdamW(0.05),
            adaptation_factor=keras_grl.schedules.LinearRamp(0.1, 0.8),
        ),
        {"semi_supervised": True},
    ),
    "tensorflow_domain_specific": (
        "tensorflow",
        lambda: dann(
            keras.optimizers.SGD(0.1, momentum=0.9),
            layers.BatchNormalization(),
            batch_normalization="domain_specific",
        ),
        {},
    ),
}


def compress(path):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (backend, make, kwargs) in MODELS.items():
        if backend != keras.backend.backend():
            continue
        keras.utils.set_random_seed(0)
        model = make()
        train(model, 2, **kwargs)
        predictions = model.predict(inputs()[0], verbose=0)
        model.save(FOLDER / f"{name}.keras")
        compress(FOLDER / f"{name}.keras")
        loaded = keras.saving.load_model(FOLDER / f"{name}.keras")
        train(loaded, 4, 2, **kwargs)
        arrays = {str(i): value for i, value in enumerate(weights(loaded))}
        np.savez_compressed(
            FOLDER / f"{name}.npz", predictions=predictions, **arrays
        )


if __name__ == "__main__":
    main()
