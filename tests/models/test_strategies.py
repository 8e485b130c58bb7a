"""A model made in the scope of a `tf.distribute` strategy, fitted outside."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from tests.models.test_devices import mirrored_strategy
from tests.testing import BACKEND
from tests.testing import small_data

pytestmark = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="`tf.distribute` is TensorFlow's"
)


def unbuilt(optimizer):
    """36 weights, as in the other models: see tests/models/test_devices.py."""
    keras.utils.set_random_seed(0)
    model = keras_grl.DANNModel(
        keras.Sequential([layers.Dense(4, "tanh")]),
        layers.Dense(3, "softmax"),
        layers.Dense(1),
    )
    model.compile(
        optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def pairs():
    x, y, t = small_data(source=32, target=16)
    return keras_grl.pair((x, y), t, batch_size=(8, 4), seed=0)


def by_fit(model):
    model.fit(pairs(), verbose=0, validation_data=pairs())


def after_evaluate(model):
    model.evaluate(pairs(), verbose=0)
    by_fit(model)


@pytest.mark.parametrize(
    ("optimizer", "train"),
    [("adam", by_fit), ("sgd", by_fit), ("sgd", after_evaluate)],
)
def test_equal_to_one_device(optimizer, train):
    one = unbuilt(optimizer)
    train(one)
    with mirrored_strategy().scope():
        two = unbuilt(optimizer)
    train(two)
    for got, want in zip(two.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


def test_a_strategy_of_one_device():
    import tensorflow as tf

    one = unbuilt("sgd")
    by_fit(one)
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        other = unbuilt("sgd")
    by_fit(other)
    for got, want in zip(other.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
