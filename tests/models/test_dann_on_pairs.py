import functools

import keras
import numpy as np
import pytest

from keras_grl import DANNModel
from keras_grl import pair
from tests.paired_data import ENDLESS
from tests.paired_data import FINITE
from tests.paired_data import UNKNOWN
from tests.paired_data import Batches
from tests.paired_data import generator
from tests.paired_data import jax_array
from tests.paired_data import name_of
from tests.paired_data import source
from tests.paired_data import split
from tests.paired_data import target
from tests.paired_data import tensorflow_array
from tests.paired_data import tf_data_of_unknown_length
from tests.paired_data import torch_array
from tests.paired_data import walk
from tests.testing import fresh
from tests.testing import small_classifier
from tests.testing import small_domain_classifier
from tests.testing import to_numpy

# fit.


def small_model():
    keras.utils.set_random_seed(0)
    extractor = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Rescaling(0.01),
            keras.layers.Dense(4, activation="tanh"),
        ]
    )
    model = DANNModel(
        extractor,
        small_classifier(units=16),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def trained(dataset, **kwargs):
    """The weights after two epochs."""
    model = fresh(small_model)
    model.fit(dataset, epochs=2, verbose=0, **kwargs)
    return [to_numpy(weight) for weight in model.trainable_weights]


@functools.cache
def trained_on_arrays(source_count, target_count, steps):
    dataset = pair(
        source(source_count), target(target_count), batch_size=8, shuffle=False
    )
    return trained(dataset.with_steps(steps))


def assert_equal_weights(got, expected):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("kind", FINITE, ids=name_of)
def test_fit_on_datasets_equals_fit_on_arrays(kind):
    dataset = pair(kind(*source(16)), kind(target(8)))
    assert_equal_weights(trained(dataset), trained_on_arrays(16, 8, steps=4))


@pytest.mark.parametrize("kind", [*UNKNOWN, *ENDLESS], ids=name_of)
def test_fit_with_steps_per_epoch(kind):
    """With one repeated batch, since Keras may read some for itself."""
    dataset = pair(kind(*source(4)), kind(target(4)))
    got = trained(dataset, steps_per_epoch=3)
    assert_equal_weights(got, trained_on_arrays(4, 4, steps=3))


@pytest.mark.parametrize(
    "kind", [tf_data_of_unknown_length, generator], ids=name_of
)
def test_fit_without_steps_per_epoch(kind):
    dataset = pair(kind(*source(8)), target(8), batch_size=8)
    model = fresh(small_model)
    with pytest.raises(ValueError, match=r"Expected: `steps_per_epoch`"):
        model.fit(dataset, verbose=0)
    assert int(model.optimizer.iterations.value) == 0


@pytest.mark.parametrize(
    "library", [jax_array, torch_array, tensorflow_array], ids=name_of
)
def test_fit_on_arrays_and_batches_of_every_library(library):
    x, y, x_target = (library(array) for array in (*source(16), target(8)))
    dataset = pair((x, y), Batches(x_target), batch_size=8, shuffle=False)
    assert_equal_weights(trained(dataset), trained_on_arrays(16, 8, steps=4))


def test_fit_on_three_weighted_streams():
    dataset = pair(
        (*source(8), np.linspace(0, 2, 8)),
        target(12),
        Batches(*source(4)),
        batch_size=12,
        shuffle=False,
    )
    model = fresh(small_model)
    for _ in range(2):
        for x, y, sample_weight in walk(dataset):
            model.train_on_batch(x, y, sample_weight)
    expected = [to_numpy(weight) for weight in model.trainable_weights]
    assert_equal_weights(trained(dataset), expected)


def test_fit_on_a_generator_that_ends():
    """The backends give errors of their own, with this message in them."""
    dataset = pair(iter(split(*source(12), 4)), target(), batch_size=8)
    with pytest.raises(Exception, match="source stream has ended"):
        fresh(small_model).fit(dataset, steps_per_epoch=20, verbose=0)


def test_fit_with_a_last_smaller_batch():
    model = small_model()
    dataset = pair(source(10), target(7), batch_size=8, drop_remainder=False)
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert int(model.optimizer.iterations.value) == 6
    assert np.isfinite(history["loss"]).all()


def test_a_second_fit_sees_other_orders(monkeypatch):
    dataset = pair(source(16), target(16), batch_size=8, seed=1)
    seen = []
    begin = dataset.on_epoch_begin
    monkeypatch.setattr(
        dataset,
        "on_epoch_begin",
        lambda: [begin(), seen.append(dataset._epoch)],
    )
    model = fresh(small_model)
    model.fit(dataset, epochs=2, verbose=0)
    model.fit(dataset, epochs=1, verbose=0)
    model.fit(dataset, epochs=4, initial_epoch=2, verbose=0)
    # Keras may read a batch before the first epoch.
    assert seen[-5:] == [0, 1, 2, 2, 3]


def test_batches_that_are_only_read_do_not_change_a_fit():
    def made():
        return pair(source(16), target(8), batch_size=8, seed=1)

    dataset, model = made(), fresh(small_model)
    for _ in range(2):
        for each in (dataset, dataset.with_steps(3)):
            walk(each)
            walk(each)
        model.fit(dataset, epochs=1, verbose=0)
    got = [to_numpy(weight) for weight in model.trainable_weights]
    assert_equal_weights(got, trained(made()))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda model, data: model.evaluate(data, verbose=0), "steps"),
        (
            lambda model, data: model.fit(
                data, steps_per_epoch=1, validation_data=data, verbose=0
            ),
            "validation_steps",
        ),
    ],
)
def test_endless_pairs_must_be_limited(call, argument):
    dataset = pair(generator(*source(8)), target(8), batch_size=8)
    model = fresh(small_model)
    with pytest.raises(ValueError, match=f"Expected: `{argument}`"):
        call(model, dataset)
    assert int(model.optimizer.iterations.value) == 0
    model.evaluate(dataset, steps=2, verbose=0)


def test_a_resumed_fit_has_the_order_of_an_uninterrupted_one():
    def made():
        return pair(source(16), target(8), batch_size=8, seed=1)

    model = fresh(small_model)
    model.fit(made(), epochs=1, verbose=0)
    model.fit(made(), initial_epoch=1, epochs=2, verbose=0)
    got = [to_numpy(weight) for weight in model.trainable_weights]
    assert_equal_weights(got, trained(made()))


def test_a_plain_model_of_two_inputs():
    """The difference of the domains, which is -100 when in order."""
    inputs = {
        name: keras.Input((2,), name=name) for name in ("source", "target")
    }
    difference = keras.layers.Subtract()([inputs["source"], inputs["target"]])
    outputs = keras.layers.Dense(
        1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.5)
    )(keras.layers.Rescaling([1.0, -3.0])(difference))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(1e-5), "mse")
    dataset = pair(source(), target(), batch_size=8, shuffle=False)
    # 0.5 · (-100 - 3 · 100) = -200, and the labels are 0 to 11.
    expected = np.mean((np.arange(12) + 200.0) ** 2)
    loss = model.evaluate(dataset, verbose=0)
    assert loss == pytest.approx(expected, rel=1e-5)
    model.fit(dataset, verbose=0)
    assert model.evaluate(dataset, verbose=0) < loss
    assert int(model.optimizer.iterations.value) == 3
