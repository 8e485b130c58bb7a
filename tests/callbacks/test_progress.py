"""One notion of progress p: for λ, the learning rate and the weights."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import schedules
from keras_grl.callbacks import AdaptationFactorScheduler
from keras_grl.callbacks import LearningRateAnnealing
from keras_grl.schedules.horizon import horizon_of
from keras_grl.schedules.horizon import step_counter
from tests.callbacks.test_horizon import decay
from tests.callbacks.test_horizon import fit
from tests.callbacks.test_horizon import functional_model
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import not_on_torch
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy
from tests.versions import at_least

# Of Keras on torch; `pytest.warns` gives it out again.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)
CROSSENTROPY = "sparse_categorical_crossentropy"


def paired_data():
    """Three steps an epoch."""
    x_source, y_source, x_target = small_data()
    return keras_grl.pair((x_source, y_source), x_target, batch_size=8, seed=0)


def paired_model(optimizer=None, extractor=None, **kwargs):
    model = keras_grl.DANNModel(
        extractor or small_extractor(),
        small_classifier(),
        keras.layers.Dense(1),
        **{"adaptation_factor": schedules.LinearRamp(), **kwargs},
    )
    if optimizer is None:
        optimizer = keras.optimizers.SGD(schedules.InverseDecay(0.1))
    model.compile(optimizer, CROSSENTROPY)
    return model


def p_of_rate(rates, initial=0.1):
    """The inverse of `decay`."""
    return ((initial / np.array(rates)) ** (1 / 0.75) - 1) / 10


# Steps that float16 skips.


@pytest.mark.parametrize("halvings", [2, 7])
def test_skipped_steps_do_not_count(halvings):
    """Until the loss scale has been halved often enough."""
    keras.config.set_dtype_policy("mixed_float16")
    x_source, y_source, x_target = small_data()
    extractor = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, use_bias=False)]
    )
    model = keras_grl.DANNModel(
        extractor,
        keras.layers.Dense(3, "softmax", dtype="float32"),
        keras.layers.Dense(1),
        adaptation_factor=schedules.LinearRamp(),
    )
    optimizer = keras.optimizers.SGD(schedules.InverseDecay(1e-6))
    model.compile(
        keras.optimizers.LossScaleOptimizer(
            optimizer, initial_scale=2.0 ** (30 + halvings)
        ),
        lambda y, y_pred: y_pred[:, 0] * 2.0**-15,
    )
    data = keras_grl.pair((x_source, y_source), x_target, batch_size=8, seed=0)
    logs = model.fit(data, epochs=10, verbose=0).history
    applied = int(optimizer.iterations)
    assert 0 < applied < 30
    assert int(model.gradient_reversal.step.value) == applied
    p = np.array(logs["adaptation_factor"])
    np.testing.assert_allclose(
        p_of_rate(logs["learning_rate"], 1e-6), p, atol=1e-3
    )
    assert p[-1] == pytest.approx((applied - 1) / 30)


def test_no_step_applied():
    keras.config.set_dtype_policy("mixed_float16")
    optimizer = keras.optimizers.SGD(schedules.InverseDecay(0.1))
    scaled = keras.optimizers.LossScaleOptimizer(
        optimizer, initial_scale=2.0**60
    )
    model = paired_model(scaled)
    with pytest.warns(UserWarning, match="None of 6 training steps"):
        logs = model.fit(paired_data(), epochs=2, verbose=0).history
    assert logs["adaptation_factor"] == [0.0, 0.0]
    assert logs["learning_rate"] == pytest.approx([0.1, 0.1])


def test_in_a_plain_model_the_layer_counts_calls():
    keras.config.set_dtype_policy("mixed_float16")
    model = functional_model(schedules.LinearRamp())
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=2.0**60
    )
    model.compile(optimizer, "mse")
    with pytest.warns(UserWarning, match="None of 4"):
        logs = fit(model, AdaptationFactorScheduler())
    assert logs["adaptation_factor"] == pytest.approx([3 / 4])


# Nothing is compiled again.


@not_on_torch
@pytest.mark.parametrize("by_callback", [False, True])
def test_further_fits_trace_nothing(by_callback):
    traces = []

    class Traced(keras.layers.Dense):
        def call(self, inputs, training=False):
            traces.append(training)
            return super().call(inputs)

    model = paired_model(
        None,
        keras.Sequential([keras.Input((3,)), Traced(4)]),
    )

    def run(epochs):
        given = [
            AdaptationFactorScheduler(schedules.LinearRamp(end=0.5)),
            LearningRateAnnealing(schedules.InverseDecay(0.2)),
        ]
        return model.fit(
            paired_data(),
            epochs=epochs,
            verbose=0,
            callbacks=given if by_callback else None,
        ).history

    run(1)
    traces.clear()
    first_rate = 0.2 if by_callback else 0.1
    for epochs in (2, 3):
        logs = run(epochs)
        p = (3 * np.arange(1, epochs + 1) - 1) / (3 * epochs)
        assert logs["learning_rate"] == pytest.approx(decay(p, first_rate))
    assert not traces


@not_on_torch
def test_further_fits_of_a_plain_model_trace_nothing():
    traces = []

    class Traced(keras.layers.Dense):
        def call(self, inputs, training=False):
            traces.append(training)
            return super().call(inputs)

    model = keras.Sequential([keras.Input((2,)), Traced(1)])
    model.compile(keras.optimizers.SGD(schedules.InverseDecay(0.1)), "mse")
    fit(model, LearningRateAnnealing())
    traces.clear()
    logs = fit(model, LearningRateAnnealing(), epochs=3)
    assert logs["learning_rate"] == pytest.approx(
        decay(np.array([3, 7, 11]) / 12)
    )
    assert not traces


# The horizon belongs to the optimizer.


def horizon_model(optimizer, loss=None):
    """Of one weight, which a step moves by the learning rate."""
    model = keras_grl.DANNModel(
        keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)]
        ),
        keras.layers.Identity(),
        keras.layers.Dense(1),
        adaptation_factor=0.0,
    )
    model.compile(optimizer, lambda y, y_pred: y_pred[:, 0] + 0.0 * y)
    kernel = model.feature_extractor.layers[0].kernel
    kernel.assign(np.zeros((1, 1)))
    return model, kernel


def ones(steps):
    x = np.ones((steps, 1), "float32")
    return keras_grl.pair((x, np.ones(steps, "float32")), x, batch_size=2)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda schedule: keras.optimizers.SGD(schedule),
        lambda schedule: keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(schedule)
        ),
        pytest.param(
            lambda schedule: keras.optimizers.MultiOptimizer(
                keras.optimizers.OptimizerMap(keras.optimizers.SGD(schedule))
            ),
            marks=pytest.mark.skipif(
                not at_least("keras", 3, 15), reason="new in Keras 3.15"
            ),
        ),
    ],
    ids=["plain", "loss scale", "several"],
)
def test_applied_learning_rates(wrap):
    model, kernel = horizon_model(wrap(schedules.InverseDecay(0.1)))
    for steps in (4, 6):
        kernel.assign(np.zeros((1, 1)))
        model.fit(ones(steps), verbose=0)
        want = -decay(np.arange(steps) / steps).sum()
        moved = float(to_numpy(kernel.value)[0, 0])
        assert moved == pytest.approx(want, rel=1e-4)


def test_the_rates_used_with_gradient_accumulation():
    """An update of two batches takes the rate of the second."""
    optimizer = keras.optimizers.SGD(
        schedules.InverseDecay(0.1), gradient_accumulation_steps=2
    )
    model, kernel = horizon_model(optimizer)
    for steps in (4, 6):
        kernel.assign(np.zeros((1, 1)))
        model.fit(ones(steps), verbose=0)
        want = -decay(np.arange(1, steps, 2) / steps).sum()
        moved = float(to_numpy(kernel.value)[0, 0])
        assert moved == pytest.approx(want, rel=1e-4)
    assert int(model.gradient_reversal.step.value) == 4 + 6


def test_two_optimizers_share_a_schedule():
    schedule = schedules.InverseDecay(0.1)
    short = paired_model(keras.optimizers.SGD(schedule))
    long = paired_model(keras.optimizers.SGD(schedule))
    short.fit(paired_data(), epochs=1, verbose=0)
    long.fit(paired_data(), epochs=1, steps_per_epoch=6, verbose=0)
    for model, steps in ((short, 3), (long, 6)):
        # p = 1 is the end of each of the two.
        assert int(model.optimizer.iterations) == steps
        assert float(model.optimizer.learning_rate) == pytest.approx(decay(1.0))
    assert schedule.total_steps is None
    with pytest.raises(ValueError, match="horizon"):
        schedule(3)


def others(model):
    """The variables of the optimizer, without its horizon."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return [
        to_numpy(variable.value)
        for variable in optimizer.variables
        if variable.name not in ("total_steps", "first_step")
    ]


@pytest.mark.parametrize("built_before", [False, True])
@pytest.mark.parametrize("loss_scale", [False, True])
def test_checkpoints_hold_the_horizon(tmp_path, built_before, loss_scale):
    def make(built):
        optimizer = keras.optimizers.SGD(
            schedules.InverseDecay(0.1), momentum=0.9
        )
        if loss_scale:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        model = paired_model("sgd")
        if built:
            optimizer.build(model.trainable_variables)
        model.compile(optimizer, CROSSENTROPY, **EAGERLY_ON_TENSORFLOW)
        return model

    model = make(built_before)
    model.fit(
        paired_data(), epochs=4, initial_epoch=3, verbose=0
    )  # three steps, of twelve
    loaded = make(False)
    loaded.optimizer.build(loaded.trainable_variables)
    model.save_weights(tmp_path / "checkpoint.weights.h5")
    model.save(tmp_path / "model.keras")
    loaded.load_weights(tmp_path / "checkpoint.weights.h5")
    for each in (loaded, keras.models.load_model(tmp_path / "model.keras")):
        assert float(each.optimizer.learning_rate) == pytest.approx(decay(1.0))
        # Where p is at 3/4, nine steps before the optimizer's first.
        inner = getattr(each.optimizer, "inner_optimizer", each.optimizer)
        horizon = horizon_of(step_counter(inner))
        assert horizon.values() == (12, -9)
        for got, want in zip(others(each), others(model), strict=True):
            np.testing.assert_array_equal(got, want)


def momentum_model(**kwargs):
    schedule = schedules.InverseDecay(0.1, **kwargs)
    return paired_model(keras.optimizers.SGD(schedule, momentum=0.9))


def test_files_with_a_horizon_set_by_a_callback(tmp_path):
    model = momentum_model()
    annealing = LearningRateAnnealing(total_steps=12)
    model.fit(paired_data(), callbacks=annealing, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(decay(3 / 12))
    for got, want in zip(others(loaded), others(model), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("given", [(None, 12), (12, None)])
def test_checkpoints_with_and_without_a_given_horizon(tmp_path, given):
    first, second = (momentum_model(total_steps=steps) for steps in given)
    first.fit(paired_data(), verbose=0)
    first.save_weights(tmp_path / "checkpoint.weights.h5")
    second.optimizer.build(second.trainable_variables)
    second.load_weights(tmp_path / "checkpoint.weights.h5")
    for got, want in zip(others(second), others(first), strict=True):
        np.testing.assert_array_equal(got, want)


def test_learning_rate_set_after_a_schedule(tmp_path):
    model = momentum_model()
    model.fit(paired_data(), verbose=0)
    cosine = keras.optimizers.schedules.CosineDecay(0.1, 12)
    model.optimizer.learning_rate = cosine
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for got, want in zip(others(loaded), others(model), strict=True):
        np.testing.assert_array_equal(got, want)


@not_on_torch
def test_schedule_of_a_fit_that_failed_before_the_first_step():
    """The next one, with the same schedule, compiles the step again."""
    model = paired_model(adaptation_factor=0.0)
    model.fit(paired_data(), verbose=0)

    class Fail(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            raise RuntimeError

    def given():
        return AdaptationFactorScheduler(1e6)

    before = to_numpy(model.feature_extractor.layers[0].kernel.value)
    with pytest.raises(RuntimeError):
        model.fit(paired_data(), callbacks=[given(), Fail()], verbose=0)
    model.fit(paired_data(), callbacks=[given()], verbose=0)
    after = to_numpy(model.feature_extractor.layers[0].kernel.value)
    assert np.abs(after - before).max() > 10.0


def test_a_plain_model_keeps_horizon_and_momentum_in_its_file(tmp_path):
    model = functional_model(1.0)
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1), momentum=0.9), "mse"
    )
    fit(model, LearningRateAnnealing(), epochs=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(decay(1.0))
    momenta = [
        [
            to_numpy(v.value)
            for v in each.optimizer.variables
            if "momentum" in v.name
        ]
        for each in (model, loaded)
    ]
    for mine, theirs in zip(*momenta, strict=True):
        assert np.abs(mine).max() > 0
        np.testing.assert_array_equal(theirs, mine)
    # It trains on where it was, and again over a fit of its own.
    fit(loaded)
    assert float(loaded.optimizer.learning_rate) == pytest.approx(decay(1.0))
    logs = fit(loaded, LearningRateAnnealing(), epochs=3)
    assert logs["learning_rate"] == pytest.approx(
        decay(np.array([3, 7, 11]) / 12)
    )


# The `total_steps` of a model hold for all of its schedules.


def test_a_new_optimizer_continues_at_the_models_step():
    model = paired_model(total_steps=12)
    model.fit(paired_data(), verbose=0)
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1)), CROSSENTROPY
    )
    assert float(model.optimizer.learning_rate) == pytest.approx(decay(3 / 12))
    logs = model.fit(paired_data(), verbose=0).history
    assert logs["adaptation_factor"] == pytest.approx([5 / 12])
    assert logs["learning_rate"] == pytest.approx(decay([5 / 12]))


def test_train_on_batch_with_the_total_steps_of_the_model():
    model = paired_model(total_steps=4)
    x_source, y_source, x_target = small_data()
    for _ in range(3):
        model.train_on_batch({"source": x_source, "target": x_target}, y_source)
    assert model.adaptation_factor == pytest.approx(3 / 4)
    assert float(model.optimizer.learning_rate) == pytest.approx(decay(3 / 4))


def test_train_on_batch_without_a_horizon():
    model = paired_model("sgd")
    x_source, y_source, x_target = small_data()
    with pytest.raises(Exception, match=r"DANNModel\(\.\.\., total_steps=epo"):
        model.train_on_batch({"source": x_source, "target": x_target}, y_source)


def test_the_horizon_of_a_callback_is_shared():
    model = paired_model()
    scheduler = AdaptationFactorScheduler(total_steps=12)
    given = [LearningRateAnnealing(), scheduler]
    logs = model.fit(paired_data(), callbacks=given, verbose=0).history
    assert logs["adaptation_factor"] == pytest.approx([2 / 12])
    assert logs["learning_rate"] == pytest.approx(decay([2 / 12]))


@pytest.mark.parametrize(
    ("optimizer", "callback"),
    [
        (None, lambda: AdaptationFactorScheduler(total_steps=8)),
        (None, lambda: LearningRateAnnealing(total_steps=8)),
        (
            None,
            lambda: LearningRateAnnealing(
                schedules.InverseDecay(total_steps=8)
            ),
        ),
        (schedules.InverseDecay(total_steps=8), lambda: None),
    ],
    ids=["λ", "learning rate", "schedule", "optimizer"],
)
def test_two_horizons_are_refused(optimizer, callback):
    if optimizer is not None:
        optimizer = keras.optimizers.SGD(optimizer)
    model = paired_model(optimizer, total_steps=6)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"Expected: 6.*total_steps=8"):
        model.fit(paired_data(), callbacks=callback(), verbose=0)
    for got, want in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, want)


def test_equal_horizons_are_accepted():
    optimizer = keras.optimizers.SGD(schedules.InverseDecay(0.1, total_steps=6))
    model = paired_model(optimizer, total_steps=6)
    callback = AdaptationFactorScheduler(total_steps=6)
    logs = model.fit(paired_data(), callbacks=callback, verbose=0).history
    assert logs["learning_rate"] == pytest.approx(decay([2 / 6]))


# Invalid learning rates raise before training.


@pytest.mark.parametrize(
    ("optimizer", "callback"),
    [
        (-1.0, None),
        (float("nan"), None),
        (0.1, lambda: LearningRateAnnealing(lambda p: -1.0)),
        (0.1, lambda: LearningRateAnnealing(lambda p: 0.1 - p)),
    ],
)
def test_bad_learning_rates(optimizer, callback):
    model = functional_model(1.0, learning_rate=optimizer)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"learning_rate|schedule"):
        fit(model, callback() if callback else LearningRateAnnealing())
    for got, want in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, want)


def test_a_ramp_as_learning_rate():
    ramp = schedules.LinearRamp(end=0.2)
    logs = fit(functional_model(1.0), LearningRateAnnealing(ramp), epochs=2)
    assert logs["learning_rate"] == pytest.approx([0.2 * 3 / 8, 0.2 * 7 / 8])


def test_a_horizon_that_is_too_long():
    model = functional_model(schedules.SigmoidRamp())
    with pytest.raises(ValueError, match=r"epochs=1000000000.*\n.*total_steps"):
        fit(model, AdaptationFactorScheduler(), epochs=10**9)
