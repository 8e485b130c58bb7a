"""Whether training is right on a device: values against NumPy's.

The model has linear parts, so that a step is a few lines by hand. λ and the
learning rate follow their schedules.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

import keras_grl
from benchmarks import by_hand
from keras_grl.types import Batch
from keras_grl.types import Logs

STEPS = 20
RATE = 0.1
SOURCE, TARGET, INPUTS, CLASSES, FEATURES = 16, 12, 6, 3, 4

Weights = list[np.ndarray]


class Check(NamedTuple):
    """One thing to check.

    Args:
        difference: Function that returns the largest difference from what is
            right, or raises an error.
        limit: The largest difference that is right.
    """

    difference: Callable[[], float]
    limit: float


def schedules() -> float:
    """λ and the learning rate of each step, as `fit` logs them."""
    _, logs = fitted()
    return max(
        furthest([np.array(logs["adaptation_factor"])], [factors()]),
        furthest([np.array(logs["learning_rate"])], [rates()]),
    )


def fit() -> float:
    """All weights after a `fit`."""
    model, _ = fitted()
    return furthest(weights_of(model), by_numpy())


def jit_compile() -> float:
    """The same, where the backend is told to compile the step."""
    model, _ = fitted(jit_compile=True)
    return furthest(weights_of(model), by_numpy())


def save_and_load() -> float:
    """Predictions of a saved model, and the weights after one more step."""
    model, _ = fitted()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        loaded = keras.saving.load_model(path)
    x, y = batch()
    predicted = [
        each.predict(x["source"], verbose=0) for each in (model, loaded)
    ]
    for each in (model, loaded):
        each.train_on_batch(x, y)
    return max(
        furthest(predicted[:1], predicted[1:]),
        furthest(weights_of(model), weights_of(loaded)),
    )


def bfloat16() -> float:
    """All weights with the policy `mixed_bfloat16`."""
    return _mixed("mixed_bfloat16", scaled=False)


def float16() -> float:
    """All weights with `mixed_float16`, which scales the loss."""
    return _mixed("mixed_float16", scaled=True)


# A product may take float32 with 10 bits on a GPU.
CHECKS = {
    "schedules": Check(schedules, 1e-6),
    "fit": Check(fit, 3e-3),
    "save_and_load": Check(save_and_load, 1e-6),
    "bfloat16": Check(bfloat16, 5e-2),
    "float16": Check(float16, 1e-2),
    # torch takes a minute or more for it.
    "jit_compile": Check(jit_compile, 3e-3),
}


def _mixed(policy: str, scaled: bool) -> float:
    given = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model, _ = fitted()
    finally:
        keras.config.set_dtype_policy(given)
    optimizer = model.optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) != scaled:
        raise AssertionError(f"{policy}: received {type(optimizer).__name__}")
    # A step that overflows is left out.
    if int(optimizer.iterations) != STEPS:
        raise AssertionError(f"{int(optimizer.iterations)} of {STEPS} steps")
    return furthest(weights_of(model), by_numpy())


# The model and its data


def batch() -> Batch:
    """The batch that is trained on: inputs of both domains, labels."""
    rng = np.random.default_rng(0)
    source, target = (
        rng.normal(size=(count, INPUTS)).astype("float32")
        for count in (SOURCE, TARGET)
    )
    x = {"source": source, "target": target + 1}
    return x, rng.integers(0, CLASSES, SOURCE)


def initial() -> Weights:
    """Kernels of the feature extractor, label predictor, domain classifier."""
    rng = np.random.default_rng(1)
    shapes = (INPUTS, FEATURES), (FEATURES, CLASSES), (FEATURES, 1)
    return [rng.normal(0, 0.5, shape).astype("float32") for shape in shapes]


def fitted(jit_compile: bool | str = "auto") -> tuple[keras.Model, Logs]:
    """A model after `STEPS` steps, and the logs of each."""

    def linear(units: int) -> keras.layers.Layer:
        return keras.layers.Dense(units, use_bias=False)

    model = keras_grl.DANNModel(
        linear(FEATURES), linear(CLASSES), linear(1), total_steps=STEPS
    )
    x, y = batch()
    model.compile(
        keras.optimizers.SGD(keras_grl.schedules.InverseDecay(RATE)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=jit_compile,
    )
    model(x)
    parts = model.feature_extractor, model.label_predictor
    for part, kernel in zip(
        (*parts, model.domain_classifier), initial(), strict=True
    ):
        part.set_weights([kernel])
    pairs = keras_grl.pair(
        (x["source"], y),
        x["target"],
        batch_size=(SOURCE, TARGET),
        shuffle=False,
    )
    history = model.fit(pairs, epochs=STEPS, verbose=0, monitor=False)
    return model, history.history


def weights_of(model: keras.Model) -> Weights:
    """The three kernels of a model."""
    parts = (
        model.feature_extractor,
        model.label_predictor,
        model.domain_classifier,
    )
    return [part.get_weights()[0] for part in parts]


def factors() -> np.ndarray:
    """λ of each step."""
    return np.array([by_hand.factor(step, STEPS) for step in range(STEPS)])


def rates() -> np.ndarray:
    """The learning rate of each step."""
    return RATE / (1 + 10 * np.arange(STEPS) / STEPS) ** 0.75


def by_numpy() -> Weights:
    """The kernels after all steps, in float64."""
    inputs, labels = batch()
    x = np.concatenate([inputs["source"], inputs["target"]]).astype("float64")
    one_hot = np.eye(CLASSES)[labels]
    domain = np.repeat([[0.0], [1.0]], [SOURCE, TARGET], axis=0)
    a, b, d = (kernel.astype("float64") for kernel in initial())
    for factor, rate in zip(factors(), rates(), strict=True):
        f = x @ a
        scores = np.exp(f[:SOURCE] @ b)
        dz = (scores / scores.sum(1, keepdims=True) - one_hot) / SOURCE
        dlogit = (1 / (1 + np.exp(-f @ d)) - domain) / len(x)
        gradient = x[:SOURCE].T @ (dz @ b.T) - factor * x.T @ (dlogit @ d.T)
        b = b - rate * f[:SOURCE].T @ dz
        d = d - rate * f.T @ dlogit
        a = a - rate * gradient
    return [a, b, d]


def furthest(received: Weights, expected: Weights) -> float:
    """The largest difference."""
    return max(
        float(np.abs(one - other).max())
        for one, other in zip(received, expected, strict=True)
    )
