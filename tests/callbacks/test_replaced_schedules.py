"""A schedule that is replaced in training: the step and the log follow."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from keras_grl.callbacks import AdaptationFactorScheduler
from keras_grl.layers import GradientReversal
from keras_grl.schedules import Constant
from keras_grl.schedules import LinearRamp
from tests.testing import BACKEND
from tests.testing import not_on_torch
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

X, Y, T = small_data(source=8, target=8)
FACTORS = (0.0, 5.0)


def dann(factor=0.0, **kwargs):
    keras.utils.set_random_seed(1)
    model = keras_grl.DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=factor,
    )
    model.compile("sgd", "sparse_categorical_crossentropy", **kwargs)
    return model


def pairs(**kwargs):
    return keras_grl.pair((X, Y), T, batch_size=8, shuffle=False, **kwargs)


def values(model):
    return [to_numpy(each) for each in model.trainable_variables]


def assert_equal(got, want):
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def by_hand(factors, **kwargs):
    """An epoch with each factor, by a model that never had another one."""
    state = None
    for factor in factors:
        model = dann(factor, **kwargs)
        if state is not None:
            model.set_weights(state)
        model.fit(pairs(), verbose=0)
        state = model.get_weights()
    return values(model)


class Replaces(keras.callbacks.Callback):
    """Replaces the schedule of a layer when a hook is called."""

    def __init__(self, layer, hook, factors=FACTORS):
        super().__init__()
        self.layer = layer
        self.factors = list(factors)
        setattr(self, hook, self.replace)

    def replace(self, index, logs=None):
        if index < len(self.factors):
            self.layer.set_schedule(self.factors[index])


@pytest.mark.parametrize(
    "steps_per_execution", [1, pytest.param(2, marks=not_on_torch)]
)
def test_the_step_and_the_log_follow_a_callback(steps_per_execution):
    options = {"steps_per_execution": steps_per_execution}
    model = dann(**options)
    callback = Replaces(model.method.gradient_reversal, "on_epoch_begin")
    logs = model.fit(pairs(), epochs=2, verbose=0, callbacks=[callback]).history
    assert logs["adaptation_factor"] == list(FACTORS)
    assert_equal(values(model), by_hand(FACTORS, **options))


def test_within_an_epoch():
    model = dann()
    callback = Replaces(
        model.method.gradient_reversal, "on_train_batch_begin", (1.0, 5.0)
    )
    logs = model.fit(pairs(), verbose=0, callbacks=[callback]).history
    assert logs["adaptation_factor"] == [5.0]
    other = dann(1.0)
    first, second = pairs()
    other.train_on_batch(*first)
    other.method.gradient_reversal.set_schedule(5.0)
    other.train_on_batch(*second)
    assert_equal(values(model), values(other))
    hand = dann(1.0)
    hand.train_on_batch(*first)
    state = hand.get_weights()
    hand = dann(5.0)
    hand.set_weights(state)
    hand.train_on_batch(*second)
    assert_equal(values(other), values(hand))


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_epoch_end"])
def test_the_log_is_that_of_the_step_and_not_of_the_next(hook):
    model = dann(3.0)
    callback = Replaces(model.method.gradient_reversal, hook, (4.0, 5.0))
    logs = model.fit(pairs(), verbose=0, callbacks=[callback]).history
    last = 4.0 if hook == "on_train_batch_end" else 3.0
    assert logs["adaptation_factor"] == [last]


def mutated(layer):
    layer.schedule.value = 5.0


@pytest.mark.parametrize(
    "replace", [mutated, lambda layer: layer.set_schedule(5.0)]
)
def test_between_two_fits(replace):
    model = dann(Constant(0.0))
    model.fit(pairs(), verbose=0)
    replace(model.method.gradient_reversal)
    logs = model.fit(pairs(), verbose=0).history
    assert logs["adaptation_factor"] == [5.0]
    assert_equal(values(model), by_hand([0.0, 5.0]))


def test_a_plain_model():
    def plain(factor):
        keras.utils.set_random_seed(2)
        model = keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(4),
                GradientReversal(factor, name="reversal"),
                layers.Dense(1),
            ]
        )
        model.compile("sgd", "mse")
        return model

    def fit(model, **kwargs):
        callbacks = [AdaptationFactorScheduler(), *kwargs.pop("callbacks", [])]
        return model.fit(
            X, Y, 4, shuffle=False, verbose=0, callbacks=callbacks, **kwargs
        ).history

    model = plain(0.0)
    callback = Replaces(model.get_layer("reversal"), "on_epoch_begin")
    logs = fit(model, epochs=2, callbacks=[callback])
    assert logs["adaptation_factor"] == list(FACTORS)
    state = plain(0.0).get_weights()
    for factor in FACTORS:
        other = plain(factor)
        other.set_weights(state)
        fit(other)
        state = other.get_weights()
    assert_equal(values(model), values(other))


def test_a_ramp_needs_a_horizon():
    model = dann(0.0)
    reversal = model.method.gradient_reversal

    class Ramp(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                reversal.set_schedule(LinearRamp(), total_steps=4)

    logs = model.fit(pairs(), epochs=2, verbose=0, callbacks=[Ramp()]).history
    assert logs["adaptation_factor"] == [0.0, 0.75]


def test_what_was_not_replaced_is_made_once():
    model = dann()
    callback = Replaces(
        model.method.gradient_reversal, "on_epoch_begin", (0.0, 0.0)
    )
    model.fit(pairs(), verbose=0)
    step = model.train_function
    inner = step._step
    model.fit(pairs(), epochs=2, verbose=0, callbacks=[callback])
    assert model.train_function is step
    assert step._step is inner


@pytest.mark.skipif(BACKEND != "jax", reason="`keras.distribution` is JAX's")
def test_with_keras_distribution_it_is_refused():
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    )
    try:
        model = dann()
        callback = Replaces(model.method.gradient_reversal, "on_epoch_begin")
        with pytest.raises(ValueError, match="set_schedule"):
            model.fit(pairs(), epochs=2, verbose=0, callbacks=[callback])
        assert all(np.isfinite(each).all() for each in values(model))
    finally:
        keras.distribution.set_distribution(None)
