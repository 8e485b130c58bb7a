"""Schedules written with NumPy or Python are refused when they are installed.

JAX and TensorFlow cannot compile them. The errors are the same on PyTorch.
"""

import math

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl import schedules
from keras_grl.callbacks import AdaptationFactorScheduler
from keras_grl.callbacks import LearningRateAnnealing
from keras_grl.layers import GradientReversal
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor

# Of NumPy, about tensors of PyTorch.
pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__")

WRONG = {
    "np.exp": lambda p: 1 - np.exp(-10 * p),
    "np.where": lambda p: np.where(p < 0.5, 0.0, 1.0),
    "np.minimum": lambda p: np.minimum(p, 0.5),
    "np.interp": lambda p: np.interp(p, [0, 1], [0, 1]),
    "math.exp": lambda p: 1 - math.exp(-p),
    "if": lambda p: 0.0 if p < 0.5 else 1.0,
    "not": lambda p: 1.0 if not p else 0.5,
    "and": lambda p: ops.where(p > 0.2 and p < 0.5, 0.0, 1.0),
    "min": lambda p: min(p, 0.5),
    "float": lambda p: float(p) ** 2,
    "int": lambda p: [0.0, 0.5, 1.0][int(p * 2)],
    "of ops": lambda p: 1 - np.exp(-ops.abs(p)),
    "convert_to_numpy": lambda p: ops.convert_to_numpy(p),
}
RIGHT = {
    "np.float64": lambda p: 1 - ops.exp(-np.log(10.0) * p),
    "np.float32": lambda p: np.float32(2.0) * p,
    "np.pi": lambda p: p * np.pi,
    "power": lambda p: 2**p - p**2 + abs(p - 0.5),
    "steps": lambda p: p // 0.25 * 0.25,
    "where": lambda p: ops.where(p < 0.5, 0.0, 1.0),
    "cond": lambda p: ops.cond(p < 0.5, lambda: 0.0 * p, lambda: p),
    "table": lambda p: ops.take(
        ops.convert_to_tensor([0.0, 0.5, 1.0]), ops.cast(p * 2, "int32")
    ),
    "constant": lambda p: np.float32(0.3),
    "if of a constant": lambda p: p if math.pi > 3 else None,
    "shape": lambda p: p if p.shape == () else None,
}
INSTALLED = {
    "layer": GradientReversal,
    "set_schedule": lambda f: GradientReversal().set_schedule(f),
    "model": lambda f: DANNModel(
        small_extractor(), small_classifier(), adaptation_factor=f
    ),
    "callback": AdaptationFactorScheduler,
    "FunctionSchedule": schedules.FunctionSchedule,
    "LearningRateAnnealing": LearningRateAnnealing,
    "WarmUp": schedules.WarmUp,
    "Join": lambda f: schedules.Join([0.0, f], [0.5]),
}
WORDS = r"(?s)written with `keras\.ops`.*ops\.exp.*ops\.where\(p < 0\.5"


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_functions_of_numpy_and_python(function):
    with pytest.raises(ValueError, match=WORDS):
        schedules.get(function)


@pytest.mark.parametrize("install", INSTALLED.values(), ids=INSTALLED)
def test_wherever_a_schedule_is_installed(install):
    for name in ("np.exp", "if"):
        with pytest.raises(ValueError, match=WORDS):
            install(WRONG[name])
    install(RIGHT["where"])


@pytest.mark.parametrize("function", RIGHT.values(), ids=RIGHT)
def test_functions_of_keras(function):
    schedules.get(function)


def test_a_function_of_the_backend():
    if keras.backend.backend() == "torch":
        import torch

        numbers = torch.tensor([0.0, 1.0])

        def function(p):
            table = torch.where(p < 0.5, torch.tensor(0.0), torch.tensor(1.0))
            return (table * numbers).max()

        def wrong(p):
            return torch.tensor(0.0) if p < 0.5 else p

    elif keras.backend.backend() == "jax":
        import jax

        def function(p):
            return jax.numpy.where(p < 0.5, 0.0, 1.0)

        def wrong(p):
            return jax.numpy.zeros(()) if p < 0.5 else p

    else:
        import tensorflow as tf

        def function(p):
            return tf.where(p < 0.5, 0.0, 1.0)

        def wrong(p):
            return tf.zeros(()) if p < 0.5 else p

    schedules.get(function)
    with pytest.raises(ValueError, match=WORDS):
        schedules.get(wrong)


class Own(schedules.ProgressSchedule):
    """The optimizer takes it as it is."""

    def at(self, p):
        return 0.1 * np.exp(-p)


class OwnWithOps(schedules.ProgressSchedule):
    def at(self, p):
        return 0.1 * ops.exp(-p)


@pytest.mark.parametrize("total_steps", [None, 8])
def test_a_schedule_of_the_optimizer(total_steps):
    x, y, x_target = small_data()
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    data = keras_grl.pair((x, y), x_target, batch_size=8)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(Own(total_steps)), loss)
    with pytest.raises(ValueError, match=WORDS):
        model.fit(data, verbose=0)
    model.compile(keras.optimizers.SGD(OwnWithOps(total_steps)), loss)
    model.fit(data, verbose=0)
