"""Facts about Keras that the design rests on.

How the adaptation factor is updated decides whether domain-adversarial
training works at all. Five training steps are meant to see the values 1, 2, 3,
4 and 5, so that a layer that adds them up ends at 15. If one of these tests
fails after an upgrade of Keras, the design can be made simpler.
"""

import keras
import numpy as np
import pytest
from keras import ops

from keras_grl.layers import GradientReversal
from tests.testing import BACKEND
from tests.testing import not_on_torch
from tests.testing import to_numpy


class Adder(keras.layers.Layer):
    """Adds up the values that the training steps see."""

    def __init__(self):
        super().__init__()
        self.python_value = 1.0
        self.value = self.add_weight(
            shape=(), initializer="ones", trainable=False, name="value"
        )
        self.total = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="total"
        )

    def seen(self):
        return self.value.value

    def call(self, inputs, training=False):
        if training:
            self.total.assign_add(self.seen())
        return inputs


class PythonValueAdder(Adder):
    def seen(self):
        return ops.convert_to_tensor(self.python_value)


class CountingAdder(Adder):
    def call(self, inputs, training=False):
        outputs = super().call(inputs, training=training)
        if training:
            self.value.assign_add(1.0)
        return outputs


class SetPythonValue(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self._model.get_layer("adder").python_value = batch + 1.0


class SetThroughHeldLayer(keras.callbacks.Callback):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def on_train_batch_begin(self, batch, logs=None):
        self.layer.value.assign(batch + 1.0)


class SetThroughModel(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.model.get_layer("adder").value.assign(batch + 1.0)


def total(adder, callbacks, steps_per_execution=1):
    adder.name = "adder"
    dense = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((1,)), adder, dense])
    model.compile("sgd", "mse", steps_per_execution=steps_per_execution)
    x = np.ones((5, 1))
    model.fit(x, x, batch_size=1, verbose=0, callbacks=callbacks)
    return float(adder.total.value)


def test_python_number_set_by_a_callback():
    expected = 15.0 if BACKEND == "torch" else 5.0
    assert total(PythonValueAdder(), [SetPythonValue()]) == expected


def test_variable_set_through_a_held_layer():
    adder = Adder()
    expected = 5.0 if BACKEND == "jax" else 15.0
    assert total(adder, [SetThroughHeldLayer(adder)]) == expected


def test_variable_set_through_the_model():
    assert total(Adder(), [SetThroughModel()]) == 15.0


@not_on_torch
def test_variable_set_through_the_model_with_steps_per_execution():
    assert total(Adder(), [SetThroughModel()], steps_per_execution=5) == 5.0


@pytest.mark.parametrize(
    "steps_per_execution", [1, pytest.param(5, marks=not_on_torch)]
)
def test_counter_advanced_in_call(steps_per_execution):
    assert total(CountingAdder(), [], steps_per_execution) == 15.0


@pytest.mark.parametrize(
    "steps_per_execution", [1, pytest.param(5, marks=not_on_torch)]
)
def test_gradient_reversal_is_right_in_every_step(steps_per_execution):
    """The same five values through the layer's own schedule and gradient.

    With the loss sum(R(w)) and a learning rate of 1, w grows by λ in a step.
    """

    class Reversed(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight(shape=(), initializer="zeros")
            self.reversal = GradientReversal(
                lambda p: 1.0 + 5.0 * p, total_steps=5
            )

        def call(self, inputs, training=False):
            w = self.reversal(self.w.value, training=training)
            return inputs * 0.0 + w

    layer = Reversed()
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(
        keras.optimizers.SGD(1.0),
        loss=lambda y, y_pred: ops.mean(y_pred, axis=-1),
        steps_per_execution=steps_per_execution,
    )
    x = np.ones((5, 1))
    model.fit(x, x, batch_size=1, verbose=0)
    assert to_numpy(layer.w.value) == pytest.approx(15.0)
