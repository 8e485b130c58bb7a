"""The layer in JAX's own training loops: docs/layer.md."""

import numpy as np
import pytest

from tests.layers import by_hand
from tests.testing import BACKEND

if BACKEND != "jax":
    pytest.skip("of JAX", allow_module_level=True)

import jax
from jax import numpy as jnp


def values(variables):
    return [variable.value for variable in variables]


def step_of(model):
    """One step of gradient descent, of states to states."""

    def loss(trainable, state):
        outputs, state = model.stateless_call(
            trainable, state, by_hand.X, training=True
        )
        return jnp.mean((outputs - by_hand.D) ** 2), state

    def step(trainable, state):
        of, state = jax.grad(loss, has_aux=True)(trainable, state)
        moved = [
            w - by_hand.RATE * g for w, g in zip(trainable, of, strict=True)
        ]
        return moved, state

    return step


@pytest.mark.parametrize("transform", [lambda step: step, jax.jit])
def test_a_plain_loop(transform):
    layer = by_hand.reversal()
    model = by_hand.network(layer)
    trainable = values(model.trainable_variables)
    state = values(model.non_trainable_variables)
    step = transform(step_of(model))
    for _ in range(6):
        trainable, state = step(trainable, state)
    by_hand.assert_trained(*trainable, 6)
    # The layer is not updated until the state is assigned.
    assert int(state[0]) == 6 and layer.steps_counted == 0
    variables = model.non_trainable_variables
    for variable, value in zip(variables, state, strict=True):
        variable.assign(value)
    assert layer.steps_counted == 6 and layer.adaptation_factor == 1.0


def test_a_loop_on_the_device():
    model = by_hand.network(by_hand.reversal())
    step = step_of(model)
    states = (
        values(model.trainable_variables),
        values(model.non_trainable_variables),
    )
    (trainable, _), _ = jax.lax.scan(
        lambda states, _: (step(*states), None), states, length=6
    )
    by_hand.assert_trained(*trainable, 6)


def at_step(step):
    layer = by_hand.reversal()
    layer.set_horizon(4, step)
    layer(jnp.ones(3))
    return layer


def test_gradients_per_sample():
    layer = at_step(3)
    each = jax.vmap(jax.grad(lambda row: (layer(row) ** 2).sum()))
    np.testing.assert_allclose(
        each(by_hand.X), -0.75 * 2 * by_hand.X, rtol=1e-6
    )


def test_a_recomputed_forward_pass_counts_once():
    layer = at_step(1)

    @jax.checkpoint
    def loss(x, state):
        outputs, state = layer.stateless_call(
            [], state, jnp.exp(x), training=True
        )
        return (outputs**2).sum(), state

    state = values(layer.non_trainable_variables)
    got, state = jax.grad(loss, has_aux=True)(jnp.ones(3), state)
    np.testing.assert_allclose(got, -0.25 * 2 * np.exp(2), rtol=1e-5)
    assert int(state[0]) == 2


def test_without_the_state_what_is_compiled_is_stale():
    layer = at_step(1)
    compiled = jax.jit(jax.grad(lambda x: layer(x).sum()))
    assert compiled(jnp.ones(3)).tolist() == [-0.25] * 3
    layer.set_horizon(4, step=3)
    assert compiled(jnp.ones(3)).tolist() == [-0.25] * 3
    # What is traced again reads it again.
    assert jax.grad(lambda x: layer(x).sum())(jnp.ones(3))[0] == -0.75


def test_without_the_state_the_counter_leaks():
    layer = at_step(1)
    jax.jit(lambda x: layer(x, training=True))(jnp.ones(3))
    with pytest.raises(jax.errors.UnexpectedTracerError):
        _ = layer.steps_counted
