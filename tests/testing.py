"""Helpers shared by the tests."""

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_grl.types import Array
from keras_grl.types import Tensor
from tests import other_backends

BACKEND = keras.backend.backend()
ROOT = Path(__file__).resolve().parent.parent

# For tests that need only one other backend: each backend is used once.
ANOTHER_BACKEND = {
    "tensorflow": "jax",
    "jax": "torch",
    "torch": "tensorflow",
}[BACKEND]

not_on_torch = pytest.mark.skipif(
    BACKEND == "torch", reason="torch refuses steps_per_execution > 1"
)


def grad(fn: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of the scalar function `fn` at `x`, on any backend.

    It can be differentiated again: pass a function that calls `grad`.
    """
    if BACKEND == "tensorflow":
        import tensorflow as tf

        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = fn(x)
        return tape.gradient(y, x)
    if BACKEND == "jax":
        import jax

        return jax.grad(fn)(jax.numpy.asarray(x))
    import torch

    if not torch.is_tensor(x):
        x = torch.as_tensor(x)
    if not x.requires_grad:
        x.requires_grad_(True)
    return torch.autograd.grad(fn(x), x, create_graph=True)[0]


def to_numpy(tensor: Tensor) -> Array:
    if hasattr(tensor, "detach"):
        tensor = tensor.detach()
    return keras.ops.convert_to_numpy(tensor)


def weights_of_parts(model: keras.Model) -> list[Array]:
    """The weights of a `DANNModel`: those of G_f, G_y and G_d."""
    parts = (
        model.feature_extractor,
        model.label_predictor,
        model.domain_classifier,
    )
    return [to_numpy(v) for part in parts for v in part.weights]


def small_extractor(units: int = 4, inputs: int = 3) -> keras.Model:
    return keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(units, activation="tanh")],
        name="feature_extractor",
    )


def small_classifier(units: int = 3) -> keras.Model:
    return keras.Sequential(
        [keras.layers.Dense(units, activation="softmax")],
        name="label_predictor",
    )


def small_domain_classifier() -> keras.Model:
    return keras.Sequential(
        [keras.layers.Dense(5, activation="relu"), keras.layers.Dense(1)],
        name="domain_classifier",
    )


def small_data(
    source: int = 12, target: int = 8, features: int = 3, classes: int = 3
) -> tuple[Array, Array, Array]:
    """x_source, y_source, x_target."""
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(source, features)).astype("float32"),
        rng.integers(0, classes, size=source),
        rng.normal(loc=0.5, size=(target, features)).astype("float32"),
    )


# For `compile`, in tests about the values of few steps: on TensorFlow these
# take less time than the trace of one. Others test that both do the same.
EAGERLY_ON_TENSORFLOW = {"run_eagerly": BACKEND == "tensorflow"}


class _Made:
    """A model that `make` has made, and its values for each random state."""

    def __init__(self, model: keras.Model):
        self.model = model
        self.begins: dict[object, tuple[list[Array], tuple]] = {}


_made: dict[object, _Made] = {}


def fresh(
    make: Callable[..., keras.Model], *args: object, **kwargs: object
) -> keras.Model:
    """What `make(…)` returns, without another compilation of its steps.

    At first it is that, and later the same model with the values of a new one.
    Most of the time of a small `fit` goes into tracing and compiling.

    Args:
        make: Function that returns a compiled model, built but not trained.
            Its only source of random numbers is Keras.
        *args: Its arguments, hashable.
        **kwargs: Further ones.
    """
    if BACKEND == "torch":
        return make(*args, **kwargs)  # It compiles nothing.
    key = (make, args, *sorted(kwargs.items()))
    made = _made.get(key := (key, keras.config.dtype_policy().name))
    # Keras draws the seeds of initializers and layers from this.
    begin = random.getstate()
    if made is None or begin not in made.begins:
        new = make(*args, **kwargs)
        if not new.optimizer.built:
            new.optimizer.build(new.trainable_variables)
        made = _made.setdefault(key, _Made(new))
        values = [to_numpy(value) for value in _values(new)]
        made.begins[begin] = (values, _random_state())
        if made.model is new:
            return new
    values, (of_python, of_numpy) = made.begins[begin]
    for variable, value in zip(_values(made.model), values, strict=True):
        variable.assign(value)
    random.setstate(of_python)  # Later random numbers continue alike.
    np.random.set_state(of_numpy)
    made.model.stop_training = False
    # Keras keeps there where `BackupAndRestore` has resumed it.
    made.model._initial_epoch = None
    return made.model


def _random_state() -> tuple:
    """Of what Keras seeds and draws from, besides its own seeds."""
    return random.getstate(), np.random.get_state()


def _values(model: keras.Model) -> list[keras.Variable]:
    """In the same order for equal models: that of an optimizer's may differ."""
    return [
        *model.variables,
        *sorted(
            model.optimizer.variables,
            key=lambda value: re.sub(r"_\d+", "", value.path.split("/")[-1]),
        ),
    ]


def run_python(
    code: str, backend: str = BACKEND, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Runs a program on any backend.

    On the backend of the tests it has its own process; on another one all such
    programs share a process.
    """
    if backend != BACKEND:
        return other_backends.run(code, backend, timeout)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
