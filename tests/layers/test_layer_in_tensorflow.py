"""The layer in TensorFlow's own training loops: docs/layer.md."""

import numpy as np
import pytest

from tests.layers import by_hand
from tests.testing import BACKEND

if BACKEND != "tensorflow":
    pytest.skip("of TensorFlow", allow_module_level=True)

import tensorflow as tf

WRAPPED = {
    "eager": lambda step: step,
    "function": tf.function,
    "xla": tf.function(jit_compile=True),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_plain_loop(name):
    layer = by_hand.reversal()
    model = by_hand.network(layer)
    variables = [v.value for v in model.trainable_variables]

    def step(x, d):
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = tf.reduce_mean((outputs - d) ** 2)
        for variable, of in zip(
            variables, tape.gradient(loss, variables), strict=True
        ):
            variable.assign_sub(by_hand.RATE * of)

    step = WRAPPED[name](step)
    for _ in range(6):
        step(tf.constant(by_hand.X), tf.constant(by_hand.D))
    by_hand.assert_trained(*(v.numpy() for v in variables), 6)
    assert layer.steps_counted == 6


def gradient(layer, x, training=False):
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = tf.reduce_sum(layer(x, training=training) ** 2)
    return tape.gradient(outputs, x)


def at_step(step):
    layer = by_hand.reversal()
    layer.set_horizon(4, step)
    return layer


def test_a_compiled_function_sees_another_horizon_but_no_other_schedule():
    layer, x = at_step(2), tf.ones(3)
    compiled = tf.function(lambda x: gradient(layer, x))
    np.testing.assert_allclose(compiled(x), -0.5 * 2 * x)
    layer.set_horizon(8, step=2)
    np.testing.assert_allclose(compiled(x), -0.25 * 2 * x)
    layer.set_schedule(0.7)
    np.testing.assert_allclose(compiled(x), -0.25 * 2 * x)
    np.testing.assert_allclose(gradient(layer, x), -0.7 * 2 * x)


def test_gradients_per_sample():
    layer = at_step(3)
    each = tf.function(
        lambda rows: tf.vectorized_map(lambda row: gradient(layer, row), rows)
    )
    got = each(tf.constant(by_hand.X))
    np.testing.assert_allclose(got, -0.75 * 2 * by_hand.X, rtol=1e-6)


def test_a_recomputed_forward_pass_counts_again():
    layer, x = at_step(1), tf.ones(3)
    block = tf.recompute_grad(lambda x: layer(tf.exp(x), training=True))
    got = gradient(lambda x, training: block(x), x)
    np.testing.assert_allclose(got, -0.5 * 2 * np.exp(2), rtol=1e-5)
    assert layer.steps_counted == 3


def test_forward_mode_does_not_reverse():
    x = tf.ones(3)
    with tf.autodiff.ForwardAccumulator(x, x) as accumulator:
        outputs = at_step(3)(x)
    np.testing.assert_array_equal(accumulator.jvp(outputs), x)
