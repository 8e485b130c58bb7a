"""`steps_per_execution`: the same steps, whether it divides an epoch or not."""

import functools

import keras
import numpy as np
import pytest
from keras import tree

import keras_grl
from keras_grl import DANNModel
from keras_grl import losses
from keras_grl import schedules
from tests.paired_data import tf_data
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import fresh
from tests.testing import not_on_torch
from tests.testing import small_data
from tests.testing import to_numpy


def make(steps_per_execution, **kwargs):
    extractor = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "tanh"),
            keras_grl.layers.GradientScaling(0.1),
            keras.layers.Dropout(0.2, seed=0),
        ]
    )
    model = DANNModel(
        extractor,
        keras.layers.Dense(3, "softmax"),
        keras.layers.Dense(3),
        num_sources=2,
    )
    model.build((None, 3))
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.2), momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        target_loss=losses.MinimumClassConfusion(),
        target_loss_weight=schedules.LinearRamp(0.0, 1.0),
        steps_per_execution=steps_per_execution,
        **kwargs,
    )
    return model


def pairs(batches, **kwargs):
    """The first source ends with a smaller batch; the others start again."""
    x, y, t = small_data(source=6 * batches + 15, target=19)
    weights = np.linspace(0, 2, 6 * batches - 2)
    return keras_grl.pair(
        [
            (x[: 6 * batches - 2], y[: 6 * batches - 2], weights),
            (x[-17:], y[-17:]),
        ],
        t,
        (t[:5], np.arange(5) % 3),
        batch_size=(6, 4, 5, 3),
        length="source_0",
        drop_remainder=False,
        **kwargs,
    )


def results(model, batches, **kwargs):
    """All logs of two epochs, and all values after them."""
    validation = pairs(batches, shuffle=False, **kwargs)
    logs = model.fit(
        pairs(batches, seed=1, **kwargs),
        epochs=2,
        verbose=0,
        validation_data=validation,
        # A multiple of neither 3 nor 4.
        validation_steps=5,
    ).history
    logs["evaluated"] = model.evaluate(validation, steps=2, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    return logs, [to_numpy(each) for each in variables]


@functools.cache
def one_by_one(batches):
    keras.utils.set_random_seed(0)
    return results(make(1, **EAGERLY_ON_TENSORFLOW), batches)


@not_on_torch
@pytest.mark.parametrize(
    ("at_once", "batches", "on_device"),
    [
        (3, 7, False),
        (3, 8, False),
        (4, 7, BACKEND == "jax"),
        (4, 8, False),
    ],
)
def test_logs_and_values_are_those_of_single_steps(at_once, batches, on_device):
    logs, values = one_by_one(batches)
    p = (2 * batches - 1) / (2 * batches)
    assert logs["adaptation_factor"][-1] == pytest.approx(np.tanh(5 * p))
    assert logs["target_loss_weight"][-1] == pytest.approx(p)
    keras.utils.set_random_seed(0)
    model = fresh(make, at_once)
    got, got_values = results(model, batches, on_device=on_device)
    assert int(model.optimizer.iterations.value) == 2 * batches
    assert got.keys() == logs.keys()
    for name, want in logs.items():
        np.testing.assert_allclose(got[name], want, rtol=1e-5, err_msg=name)
    for each, want in zip(got_values, values, strict=True):
        np.testing.assert_allclose(each, want, rtol=1e-5, atol=1e-6)


def two_streams():
    x, y, t = small_data(source=12, target=12)
    return {"source": x, "target": t}, y


def arrays(model, **kwargs):
    return model.fit(*two_streams(), batch_size=4, **kwargs)


def a_dataset(model, **kwargs):
    return model.fit(tf_data(*two_streams()), shuffle=False, **kwargs)


def endless(model, **kwargs):
    def batches():
        x, y = two_streams()
        while True:
            yield tree.map_structure(lambda each: each[:4], (x, y))

    return model.fit(batches(), shuffle=False, **kwargs)


def two_at_once():
    model = DANNModel(
        keras.layers.Dense(4),
        keras.layers.Dense(3, "softmax"),
        keras.layers.Dense(1),
    )
    model.build((None, 3))
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        steps_per_execution=2,
        **EAGERLY_ON_TENSORFLOW,
    )
    return model


@pytest.mark.parametrize(
    ("fit", "steps"), [(arrays, 1), (a_dataset, 1), (endless, 3)]
)
def test_more_steps_than_asked_for_are_refused(fit, steps):
    """Keras would train for 2 steps, or 4."""
    model = fresh(two_at_once)
    with pytest.raises(ValueError, match=rf"epoch`.*{steps + 1} steps"):
        fit(model, steps_per_epoch=steps, verbose=0)
    assert int(model.optimizer.iterations.value) == 0


@not_on_torch
@pytest.mark.parametrize("fit", [arrays, a_dataset])
def test_the_data_may_end_within_an_execution(fit):
    model = fresh(two_at_once)
    fit(model, steps_per_epoch=3, epochs=2, verbose=0)
    assert int(model.optimizer.iterations.value) == 6


@not_on_torch
def test_an_endless_generator_in_whole_executions():
    model = fresh(two_at_once)
    endless(model, steps_per_epoch=4, verbose=0)
    assert int(model.optimizer.iterations.value) == 4
