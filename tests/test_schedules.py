import functools

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import schedules
from keras_grl.schedules.fitted import WithHorizon
from tests.testing import BACKEND
from tests.testing import to_numpy

P = np.linspace(0, 1, 11)


def values(schedule, points=P):
    return np.array([float(to_numpy(schedule(p))) for p in points])


def test_sigmoid_ramp_is_equation_14():
    for gamma in (1.0, 10.0, 25.0):
        expected = 2 / (1 + np.exp(-gamma * P)) - 1
        ramp = schedules.SigmoidRamp(gamma)
        np.testing.assert_allclose(values(ramp), expected, atol=1e-6)
    assert values(schedules.SigmoidRamp())[0] == 0.0


def test_sigmoid_ramp_scales():
    ramp = schedules.SigmoidRamp(scale=0.3)
    expected = 0.3 * values(schedules.SigmoidRamp())
    np.testing.assert_allclose(values(ramp), expected, rtol=1e-6)


def test_inverse_decay_is_appendix_c():
    schedule = schedules.InverseDecay(0.02, alpha=10, beta=0.75)
    expected = 0.02 / (1 + 10 * P) ** 0.75
    np.testing.assert_allclose(values(schedule.at), expected, rtol=1e-5)
    over_steps = schedules.InverseDecay(0.02, total_steps=100)
    got = values(over_steps, range(0, 101, 10))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_linear_ramp_waits_then_climbs():
    ramp = schedules.LinearRamp(start=0.1, end=0.9, warmup=0.5)
    expected = 0.1 + 0.8 * np.maximum(P - 0.5, 0) / 0.5
    np.testing.assert_allclose(values(ramp), expected, atol=1e-6)


def test_the_defaults_are_the_papers():
    """Gamma 10 (section 4); alpha 10 and beta 0.75 (Appendix C)."""
    ramp = schedules.SigmoidRamp()
    assert ramp.get_config() == {"gamma": 10.0, "scale": 1.0}
    decay = schedules.InverseDecay()
    assert decay.get_config() == {
        "initial_learning_rate": 0.01,
        "alpha": 10.0,
        "beta": 0.75,
        "total_steps": None,
    }


@pytest.mark.parametrize("first_step", [-2, 0, 30])
def test_the_schedule_of_one_fit_counts_from_its_first_step(first_step):
    decay = schedules.InverseDecay(0.1)
    schedule = WithHorizon(decay, 8, first_step)
    got = values(schedule, range(first_step, first_step + 9))
    expected = 0.1 / (1 + 10 * np.arange(9) / 8) ** 0.75
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_constant():
    assert values(schedules.Constant(0.3)).tolist() == [0.3] * len(P)


def test_progress_is_clamped():
    got = [
        float(to_numpy(schedules.progress(step, 8))) for step in (0, 2, 8, 99)
    ]
    assert got == [0.0, 0.25, 1.0, 1.0]
    assert float(to_numpy(schedules.progress(-3, 8))) == 0.0


@keras.saving.register_keras_serializable(package="keras_grl_tests")
def squared(p):
    return 0.5 * ops.square(p)


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Constant(0.2),
        schedules.SigmoidRamp(gamma=5, scale=0.5),
        schedules.LinearRamp(0.1, 0.7, 0.2),
        squared,
    ],
    ids=lambda schedule: getattr(schedule, "__name__", type(schedule).__name__),
)
def test_schedules_of_p_survive_serialization(schedule):
    again = schedules.get(schedules.serialize(schedule))
    np.testing.assert_array_equal(values(again), values(schedule))


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.InverseDecay(0.02, 5, 0.5, total_steps=7),
        schedules.FunctionSchedule(squared, total_steps=7),
        WithHorizon(schedules.InverseDecay(0.1), 7, first_step=-2),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_learning_rates_survive_the_optimizer(schedule):
    optimizer = keras.optimizers.SGD(schedule)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert float(again.learning_rate) == float(optimizer.learning_rate)
    restored = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    steps = range(8)
    np.testing.assert_array_equal(
        values(restored, steps), values(schedule, steps)
    )


def test_learning_rate_in_an_optimizer_follows_the_step():
    optimizer = keras.optimizers.SGD(schedules.InverseDecay(0.1, total_steps=4))
    variable = keras.Variable([0.0])
    optimizer.build([variable])
    moved = []
    for _ in range(4):
        before = to_numpy(variable).copy()
        optimizer.apply([ops.ones((1,))], [variable])
        moved.append((before - to_numpy(variable)).item())
    expected = 0.1 / (1 + 10 * np.arange(4) / 4) ** 0.75
    np.testing.assert_allclose(moved, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: schedules.SigmoidRamp(gamma=0), "gamma"),
        (lambda: schedules.SigmoidRamp(gamma=float("nan")), "gamma"),
        (lambda: schedules.SigmoidRamp(scale=-1), "scale"),
        (lambda: schedules.LinearRamp(warmup=1.0), "warmup"),
        (lambda: schedules.LinearRamp(end=float("inf")), "end"),
        (lambda: schedules.Constant("0.3"), "value"),
        (lambda: schedules.Constant(True), "value"),
        (lambda: schedules.InverseDecay(0.0), "initial_learning_rate"),
        (lambda: schedules.InverseDecay(0.1, total_steps=0), "total_steps"),
        (lambda: schedules.InverseDecay(0.1, total_steps=2.5), "total_steps"),
        (lambda: schedules.FunctionSchedule(0.1), "function"),
    ],
)
def test_bad_arguments_are_named(make, argument):
    with pytest.raises(ValueError, match=f"argument `{argument}`.*Received"):
        make()


def test_unknown_horizon_has_a_hint():
    with pytest.raises(ValueError, match="total_steps=epochs"):
        schedules.InverseDecay(0.01)(0)


@pytest.mark.parametrize("bad", ["ramp", None, object(), [1.0]])
def test_get_refuses_other_values(bad):
    with pytest.raises(ValueError, match="adaptation_factor"):
        schedules.get(bad)


BAD_FUNCTIONS = {
    "negative": lambda p: p - 5.0,
    "negative at the end": lambda p: 0.5 - p,
    "negative half-way": lambda p: (p - 0.5) ** 2 - 0.1,
    "NaN": lambda p: p * float("nan"),
    "infinite at the start": lambda p: 1.0 / p,
    "more than float32": lambda p: 1e39,
    "vector": lambda p: ops.ones((2,)) * p,
    "one in a vector": lambda p: ops.reshape(p, (1,)),
    "boolean": lambda p: p > 0.5,
    "nothing": lambda p: None,
    "text": lambda p: "0.1",
    "of two arguments": lambda p, q: p,
}


@pytest.mark.parametrize("function", BAD_FUNCTIONS.values(), ids=BAD_FUNCTIONS)
@pytest.mark.parametrize(
    ("install", "argument"),
    [
        (schedules.get, "adaptation_factor"),
        (schedules.FunctionSchedule, "function"),
    ],
)
def test_values_are_checked_when_installed(install, argument, function):
    with pytest.raises(ValueError, match=f"argument `{argument}`.*Received"):
        install(function)


@pytest.mark.parametrize(
    "function",
    [lambda p: 0, lambda p: np.float32(0.1), lambda p: np.array(0.1), ops.abs],
    ids=["integer", "NumPy", "array", "keras.ops"],
)
def test_all_kinds_of_numbers_are_accepted(function):
    assert schedules.get(function) is function


def test_variables_are_refused():
    variable = keras.Variable(0.5, trainable=False)
    for given in (variable, lambda p: variable * p, lambda p: variable.value):
        with pytest.raises(ValueError, match="reads no variable"):
            schedules.get(given)
        with pytest.raises(ValueError, match="function"):
            schedules.FunctionSchedule(given)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's variable")
def test_tensorflow_variables_are_refused():
    import tensorflow as tf

    with pytest.raises(ValueError, match="reads no variable"):
        schedules.get(tf.Variable(0.5))


class OldStyle(schedules.Schedule):
    def __call__(self, p):
        return 2.0 * p


class NewStyle(schedules.Schedule):
    def at(self, p):
        return 2.0 * p


class NoStyle(schedules.Schedule):
    pass


@pytest.mark.parametrize("kind", [OldStyle, NewStyle])
def test_own_schedules_by_at_or_by_call(kind):
    assert kind()(0.25) == kind().at(0.25) == 0.5


def test_a_schedule_without_values():
    for call in (NoStyle(), NoStyle().at):
        with pytest.raises(NotImplementedError, match="NoStyle"):
            call(0.5)


def test_every_schedule_has_at():
    for schedule in (
        schedules.Constant(0.1),
        schedules.SigmoidRamp(),
        schedules.LinearRamp(),
        schedules.InverseDecay(total_steps=4),
        schedules.FunctionSchedule(schedules.LinearRamp(end=0.1), 4),
    ):
        assert 0.0 <= float(to_numpy(schedule.at(0.5))) < 1.0


def test_horizons_up_to_int32():
    longest = 2**31 - 1
    schedule = schedules.InverseDecay(0.1, total_steps=longest)
    assert float(to_numpy(schedule(3))) == pytest.approx(0.1)
    with pytest.raises(ValueError, match=f"`total_steps`.*{longest}"):
        schedules.InverseDecay(0.1, total_steps=longest + 1)
    assert float(to_numpy(schedules.progress(2**39, 2**40))) == 0.5


def test_dir_shows_the_public_api():
    assert dir(schedules) == sorted(schedules.__all__)
    assert dir(keras_grl.callbacks) == sorted(keras_grl.callbacks.__all__)
    assert dir(keras_grl.layers) == sorted(keras_grl.layers.__all__)
    assert "InverseDecay" in dir(schedules)


def test_get_refuses_functions_of_the_step():
    with pytest.raises(ValueError, match="function of the step"):
        schedules.get(keras.optimizers.schedules.CosineDecay(1.0, 10))


class Unregistered(schedules.Schedule):
    def __call__(self, p):
        return p

    def get_config(self):
        return {}


@pytest.mark.parametrize(
    "schedule",
    [lambda p: p, functools.partial(squared), Unregistered(), values],
    ids=["lambda", "partial", "class", "function"],
)
def test_unregistered_schedules_are_not_saved(schedule):
    with pytest.raises(ValueError, match="register_keras_serializable"):
        schedules.serialize(schedule)
