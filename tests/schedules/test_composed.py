"""Schedules made of schedules: values by hand, in `fit`, saved and loaded."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl import schedules
from keras_grl.schedules import Join
from keras_grl.schedules import Scaled
from keras_grl.schedules import WarmUp
from keras_grl.schedules.resolving import same
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

P = np.linspace(0, 1, 21)


def values(schedule):
    return np.array([float(to_numpy(schedule.at(p))) for p in P])


@keras.saving.register_keras_serializable("tests")
def square(p):
    return ops.square(p)


def test_scaled():
    want = 0.3 * np.tanh(5 * P)
    got = values(Scaled(schedules.SigmoidRamp(), 0.3))
    np.testing.assert_allclose(got, want, atol=1e-6)
    np.testing.assert_allclose(values(Scaled(square, 2)), 2 * P**2, atol=1e-6)
    assert values(Scaled(0.5, 0.5)).tolist() == [0.25] * 21


@pytest.mark.parametrize("until", [0.05, 0.3, 1.0])
def test_warm_up(until):
    want = np.minimum(P / until, 1) * 0.02 / (1 + 10 * P) ** 0.75
    got = values(WarmUp(schedules.InverseDecay(0.02), until))
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-8)


def test_join_gives_each_its_own_part():
    joined = Join([0.2, schedules.LinearRamp(), square], [0.25, 0.5])
    want = np.where(
        P < 0.25, 0.2, np.where(P < 0.5, (P - 0.25) / 0.25, (2 * P - 1) ** 2)
    )
    np.testing.assert_allclose(values(joined), want, atol=1e-6)
    # At a boundary the next one has begun.
    assert float(to_numpy(joined.at(0.25))) == 0.0


def test_they_nest():
    nested = Scaled(Join([WarmUp(1.0, 0.5), schedules.Constant(3)], [0.5]), 2)
    want = np.where(P < 0.5, 2 * np.minimum(4 * P, 1), 6)
    np.testing.assert_allclose(values(nested), want, atol=1e-6)


def model_with(factor):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=factor,
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def test_in_fit_and_after_loading(tmp_path):
    x_source, y_source, x_target = small_data()  # three steps an epoch
    data = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    factor = Join([0.0, Scaled(square, 0.5)], [0.5])
    model = model_with(factor)
    annealing = keras_grl.callbacks.LearningRateAnnealing(
        WarmUp(schedules.InverseDecay(0.1), 0.5)
    )
    logs = model.fit(data, epochs=4, callbacks=[annealing], verbose=0).history
    # Of the last step of each epoch: p = 2/12, 5/12, 8/12, 11/12.
    p = np.array([2, 5, 8, 11]) / 12
    np.testing.assert_allclose(
        logs["adaptation_factor"],
        np.where(p < 0.5, 0, 0.5 * (2 * p - 1) ** 2),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        logs["learning_rate"],
        0.1 * np.minimum(2 * p, 1) / (1 + 10 * p) ** 0.75,
        rtol=1e-5,
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    again = loaded.gradient_reversal.schedule
    assert again.get_config() == factor.get_config()
    assert same(again, factor)
    again = loaded.fit(data, epochs=4, verbose=0).history
    assert again["adaptation_factor"] == logs["adaptation_factor"]
    np.testing.assert_allclose(again["learning_rate"], logs["learning_rate"])


def test_another_part_is_another_schedule():
    """A step that is compiled for one must not be kept for the other."""
    one = Join([0.0, Scaled(square, 0.5)], [0.5])
    for other in (
        Join([0.0, Scaled(square, 0.6)], [0.5]),
        Join([0.1, Scaled(square, 0.5)], [0.5]),
        Join([0.0, Scaled(square, 0.5)], [0.4]),
        Join([0.0, Scaled(square, 0.5), 1.0], [0.5, 0.6]),
    ):
        assert not same(one, other)
    assert same(one, Join([0.0, Scaled(square, 0.5)], [0.5]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scaled(square, -1.0), "`factor`.*at least 0"),
        (lambda: Scaled("cosine", 1.0), "`schedule`.*cosine"),
        (lambda: WarmUp(square, 0.0), "`until`.*greater than 0"),
        (lambda: WarmUp(square, 1.5), r"`until`.*\(0, 1\].*1\.5"),
        (lambda: Join([square], []), "`schedules`.*two or more"),
        (lambda: Join([1.0, -1.0], [0.5]), r"`schedules\[1\]`.*-1"),
        (lambda: Join([1.0, 0.0], [1.0]), r"`boundaries\[0\]`.*less than 1"),
        (lambda: Join([1.0, 0.0], [0.2, 0.4]), "`boundaries`.*1 ascending"),
        (lambda: Join([1, 0, 1], [0.4, 0.2]), "`boundaries`.*2 ascending"),
        (
            lambda: WarmUp(schedules.InverseDecay(total_steps=9)),
            "`schedule`.*without a horizon.*total_steps=9",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make()


@pytest.mark.parametrize(
    "schedule", [WarmUp(0.1), Scaled(0.1, 2), schedules.SigmoidRamp()]
)
def test_in_an_optimizer_it_names_the_callback(schedule):
    optimizer = keras.optimizers.SGD(schedule)
    with pytest.raises(ValueError, match=r"(?s)progress p.*LearningRate"):
        optimizer.build([keras.Variable(1.0)])
        optimizer.apply([ops.convert_to_tensor(1.0)])


@pytest.mark.parametrize(
    "oscillating",
    [
        lambda p: ops.sin(4 * np.pi * p),
        lambda p: 0.5 - ops.exp(-((p - 0.2) ** 2) * 1000),
        lambda p: ops.where(p > 0.9, -1.0, 1.0),
    ],
)
def test_negative_between_the_ends_and_the_middle(oscillating):
    with pytest.raises(ValueError, match="at least 0"):
        keras_grl.layers.GradientReversal(oscillating)
