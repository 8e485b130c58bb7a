"""Both scheduling callbacks: what they install, and the horizon from `fit`."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import schedules
from keras_grl.callbacks import AdaptationFactorScheduler
from keras_grl.callbacks import LearningRateAnnealing
from keras_grl.callbacks.defaults import with_defaults
from keras_grl.layers import GradientReversal
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.schedules.horizon import called_schedule
from keras_grl.schedules.horizon import single_optimizers
from tests.testing import not_on_torch
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy


def functional_model(*factors, learning_rate=0.1, **kwargs):
    """A plain model with a gradient reversal layer."""
    inputs = keras.Input((2,))
    x = keras.layers.Dense(4)(inputs)
    for index, factor in enumerate(factors):
        x = GradientReversal(factor, name=f"reversal_{index}")(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(keras.optimizers.SGD(learning_rate), "mse", **kwargs)
    return model


def fit(model, *callbacks, steps=4, **kwargs):
    x = np.ones((steps, 2), "float32")
    y = np.ones((steps, 1), "float32")
    return model.fit(
        x, y, batch_size=1, callbacks=list(callbacks), verbose=0, **kwargs
    ).history


def ramp(p):
    return np.tanh(5 * np.asarray(p))


def decay(p, initial=0.1):
    return initial / (1 + 10 * np.asarray(p)) ** 0.75


def test_schedule_is_installed_and_logged():
    model = functional_model(1.0)
    history = fit(
        model, AdaptationFactorScheduler(schedules.SigmoidRamp()), epochs=3
    )
    last_steps = np.array([3, 7, 11]) / 12
    assert history["adaptation_factor"] == pytest.approx(ramp(last_steps))
    (layer,) = gradient_reversal_layers(model)
    assert int(layer.step.value) == 12
    assert int(layer.total_steps.value) == 12


def test_horizon_of_the_layers_own_schedule():
    model = functional_model(schedules.SigmoidRamp())
    history = fit(model, AdaptationFactorScheduler(), epochs=2)
    last_steps = np.array([3, 7]) / 8
    assert history["adaptation_factor"] == pytest.approx(ramp(last_steps))


def test_function_of_p_and_number():
    history = fit(
        functional_model(1.0), AdaptationFactorScheduler(lambda p: 2 * p)
    )
    assert history["adaptation_factor"] == pytest.approx([2 * 3 / 4])
    history = fit(functional_model(1.0), AdaptationFactorScheduler(0.25))
    assert history["adaptation_factor"] == [0.25]


def test_several_layers_are_logged_by_name():
    model = functional_model(0.5, schedules.SigmoidRamp())
    history = fit(model, AdaptationFactorScheduler())
    assert history["reversal_0_adaptation_factor"] == [0.5]
    assert history["reversal_1_adaptation_factor"] == pytest.approx(
        [ramp(3 / 4)]
    )


def test_learning_rate_of_any_optimizer_is_annealed_and_logged():
    for optimizer in (keras.optimizers.Adam(0.5), "sgd"):
        model = functional_model(1.0)
        model.compile(optimizer, "mse")
        history = fit(
            model, LearningRateAnnealing(schedules.InverseDecay(0.1)), epochs=2
        )
        assert history["learning_rate"] == pytest.approx(
            decay(np.array([3, 7]) / 8)
        )


def test_horizon_of_the_optimizers_own_schedule():
    model = functional_model(1.0, learning_rate=schedules.InverseDecay(0.1))
    history = fit(model, LearningRateAnnealing(), epochs=2)
    assert history["learning_rate"] == pytest.approx(
        decay(np.array([3, 7]) / 8)
    )


def test_unknown_horizon_of_the_optimizers_own_schedule():
    model = functional_model(1.0, learning_rate=schedules.InverseDecay(0.1))
    with pytest.raises(ValueError, match="LearningRateAnnealing"):
        fit(model)


def test_learning_rate_as_a_function_of_p():
    history = fit(
        functional_model(1.0), LearningRateAnnealing(lambda p: 0.1 - 0.1 * p)
    )
    assert history["learning_rate"] == pytest.approx([0.1 - 0.1 * 3 / 4])


def test_other_learning_rates_are_only_logged():
    assert fit(functional_model(1.0), LearningRateAnnealing())[
        "learning_rate"
    ] == pytest.approx([0.1])
    cosine = keras.optimizers.schedules.CosineDecay(0.1, 8)
    model = functional_model(1.0, learning_rate=cosine)
    assert fit(model, LearningRateAnnealing())[
        "learning_rate"
    ] == pytest.approx([0.05])


def test_the_optimizer_applies_the_annealed_rate():
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)]
    )
    # The gradient of mean(y_pred) at x = 1 is 1: the weight falls by μ.
    model.compile(
        keras.optimizers.SGD(1.0), lambda y, y_pred: y_pred[:, 0] + 0.0 * y
    )
    model.set_weights([np.zeros((1, 1))])
    x = np.ones((4, 1), "float32")
    model.fit(
        x,
        np.ones(4, "float32"),
        batch_size=1,
        epochs=2,
        verbose=0,
        callbacks=[LearningRateAnnealing(schedules.InverseDecay(0.1))],
    )
    expected = -decay(np.arange(8) / 8).sum()
    assert model.get_weights()[0].item() == pytest.approx(expected, rel=1e-5)


@not_on_torch
@pytest.mark.parametrize("jit_compile", [False, True])
def test_steps_per_execution(jit_compile):
    model = functional_model(
        1.0, steps_per_execution=3, jit_compile=jit_compile
    )
    history = fit(
        model,
        AdaptationFactorScheduler(schedules.SigmoidRamp()),
        LearningRateAnnealing(schedules.InverseDecay(0.1)),
        steps=6,
        epochs=2,
    )
    p = np.array([5, 11]) / 12
    assert history["adaptation_factor"] == pytest.approx(ramp(p))
    assert history["learning_rate"] == pytest.approx(decay(p))


# A second fit: `initial_epoch` continues, without it a new run begins.


def callbacks():
    return (
        AdaptationFactorScheduler(schedules.SigmoidRamp()),
        LearningRateAnnealing(schedules.InverseDecay(0.1)),
    )


def assert_progress(history, p):
    assert history["adaptation_factor"] == pytest.approx(ramp(p))
    assert_progress_of_rate(history, p)


def assert_progress_of_rate(history, p):
    assert history["learning_rate"] == pytest.approx(decay(p), rel=1e-5)


def test_second_fit_is_a_separate_run():
    model = functional_model(1.0)
    assert_progress(fit(model, *callbacks(), epochs=2), np.array([3, 7]) / 8)
    assert_progress(
        fit(model, *callbacks(), epochs=4), np.array([3, 7, 11, 15]) / 16
    )
    # And with the callbacks that the model already knows.
    model_callbacks = AdaptationFactorScheduler(), LearningRateAnnealing()
    assert_progress(fit(model, *model_callbacks), np.array([3]) / 4)


def test_initial_epoch_continues():
    model = functional_model(1.0)
    fit(model, *callbacks(), epochs=2)
    history = fit(model, *callbacks(), epochs=4, initial_epoch=2)
    assert_progress(history, np.array([11, 15]) / 16)


def test_initial_epoch_in_a_new_process():
    """A fresh optimizer, whose step counter is at 0."""
    history = fit(
        functional_model(1.0), *callbacks(), epochs=4, initial_epoch=2
    )
    assert_progress(history, np.array([11, 15]) / 16)


def test_total_steps_count_over_all_fits():
    model = functional_model(1.0)
    for p in (np.array([3]) / 6, np.array([1.0]), np.array([1.0])):
        history = fit(
            model,
            AdaptationFactorScheduler(schedules.SigmoidRamp(), total_steps=6),
            LearningRateAnnealing(schedules.InverseDecay(0.1), total_steps=6),
        )
        assert_progress(history, p)


def test_total_steps_of_the_schedules_themselves():
    inputs = keras.Input((2,))
    layer = GradientReversal(schedules.SigmoidRamp(), total_steps=6)
    outputs = layer(keras.layers.Dense(1)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1, total_steps=6)), "mse"
    )
    defaults = AdaptationFactorScheduler(), LearningRateAnnealing()
    assert_progress(fit(model, *defaults), np.array([3]) / 6)
    assert_progress(fit(model, *defaults), np.array([1.0]))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda optimizer: optimizer,
        keras.optimizers.LossScaleOptimizer,
    ],
)
def test_a_plain_model_is_compiled_once_and_saved_with_its_horizon(
    wrap, tmp_path
):
    model = functional_model()
    optimizer = keras.optimizers.SGD(schedules.InverseDecay(0.1), momentum=0.9)
    model.compile(wrap(optimizer), "mse")
    fit(model, LearningRateAnnealing(), epochs=2)
    compiled = model.train_function
    fit(model, LearningRateAnnealing(), epochs=3)
    assert model.train_function is compiled
    # Step 12 of 12, the 20th of the optimizer.
    assert float(optimizer.learning_rate) == pytest.approx(decay(1.0))
    model.save(tmp_path / "plain.keras")
    again = keras.models.load_model(tmp_path / "plain.keras")
    trained = [
        variable
        for variable in model.optimizer.variables
        if not hasattr(variable, "of_horizon")
    ]
    for got, want in zip(again.optimizer.variables, trained, strict=True):
        np.testing.assert_array_equal(to_numpy(got), to_numpy(want))
    (loaded,) = single_optimizers(again.optimizer)
    assert float(loaded.learning_rate) == pytest.approx(decay(1.0))
    schedule = called_schedule(loaded)
    assert (schedule.total_steps, schedule.first_step) == (12, 8)
    history = fit(again, LearningRateAnnealing())
    assert_progress_of_rate(history, np.array([3]) / 4)


def test_an_optimizer_is_configured_as_the_user_wrote_it_until_a_fit():
    """And after a `fit` with a horizon of the schedule's own."""
    model = functional_model(learning_rate=schedules.InverseDecay(0.1))
    fit(model, LearningRateAnnealing())
    config = model.optimizer.get_config()["learning_rate"]
    assert config["class_name"] == "WithHorizon"
    fit(
        model, LearningRateAnnealing(schedules.InverseDecay(0.1, total_steps=8))
    )
    config = model.optimizer.get_config()["learning_rate"]
    assert config["class_name"] == "InverseDecay"
    other = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    model.optimizer.learning_rate = other
    config = model.optimizer.get_config()["learning_rate"]
    assert config["class_name"] == "ExponentialDecay"


def test_steps_per_epoch():
    model = functional_model(1.0)

    def endless():
        while True:
            yield np.ones((1, 2)), np.ones((1, 1))

    history = model.fit(
        endless(),
        steps_per_epoch=5,
        shuffle=False,
        epochs=2,
        verbose=0,
        callbacks=list(callbacks()),
    ).history
    assert_progress(history, np.array([4, 9]) / 10)


def test_gradient_accumulation():
    """Keras's schedules count batches, its `iterations` updates."""
    model = functional_model(1.0)
    model.compile(
        keras.optimizers.SGD(
            schedules.InverseDecay(0.1), gradient_accumulation_steps=2
        ),
        "mse",
    )
    for _ in range(2):
        history = fit(model, LearningRateAnnealing(), steps=8, epochs=2)
        assert history["learning_rate"] == pytest.approx(
            decay(np.array([7, 15]) / 16), rel=1e-5
        )


def test_total_steps_are_remembered():
    """A later fit, with the callbacks that DANNModel adds, continues."""
    model = functional_model(1.0)
    fit(
        model,
        AdaptationFactorScheduler(schedules.SigmoidRamp(), total_steps=8),
        LearningRateAnnealing(schedules.InverseDecay(0.1), total_steps=8),
    )
    history = fit(model, AdaptationFactorScheduler(), LearningRateAnnealing())
    assert_progress(history, np.array([7]) / 8)


def test_total_steps_for_the_optimizers_own_schedule():
    model = functional_model(1.0, learning_rate=schedules.InverseDecay(0.1))
    history = fit(model, LearningRateAnnealing(total_steps=8))
    assert history["learning_rate"] == pytest.approx(decay([3 / 8]))


def paired_model(total_steps):
    model = keras_grl.DANNModel(
        small_extractor(),
        small_classifier(),
        keras.layers.Dense(1),
        total_steps=total_steps,
    )
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.1)),
        "sparse_categorical_crossentropy",
    )
    x_source, y_source, x_target = small_data()
    return model, keras_grl.pair(
        (x_source, y_source), x_target, batch_size=8, seed=0
    )


def test_total_steps_of_a_model_hold_for_the_learning_rate_too():
    model, dataset = paired_model(total_steps=6)
    for p in ([2 / 6], [5 / 6], [1.0]):
        assert_progress(model.fit(dataset, verbose=0).history, p)


def test_a_new_schedule_keeps_the_total_steps_of_the_model():
    model, dataset = paired_model(total_steps=6)
    callback = AdaptationFactorScheduler(schedules.LinearRamp())
    history = model.fit(dataset, callbacks=callback, verbose=0).history
    assert history["adaptation_factor"] == pytest.approx([2 / 6])
    assert model.get_config()["total_steps"] == 6


class OwnScheduler(AdaptationFactorScheduler):
    pass


class OwnAnnealing(LearningRateAnnealing):
    pass


def test_subclasses_of_the_callbacks_take_their_place():
    """With the default ones beside them, λ would be the ramp again."""
    given = [OwnScheduler(0.25), OwnAnnealing(lambda p: 0.1 - 0.05 * p)]
    model, data = paired_model(total_steps=None)
    assert with_defaults(given, model, None, monitor=False) == given
    logs = model.fit(data, epochs=2, callbacks=given, verbose=0).history
    assert logs["adaptation_factor"] == [0.25, 0.25]
    assert logs["learning_rate"][-1] == pytest.approx(0.1 - 0.05 * 5 / 6)


def test_callbacks_in_every_form(tmp_path):
    model, dataset = paired_model(total_steps=None)
    log = tmp_path / "log.csv"
    given = keras.callbacks.CSVLogger(log)
    listed = keras.callbacks.CallbackList([given], model=model)
    for callbacks in (None, given, [given], [[given]], listed, listed):
        history = model.fit(dataset, callbacks=callbacks, verbose=0).history
        assert_progress(history, np.array([2]) / 3)
        if callbacks is not None:
            assert "adaptation_factor" in log.read_text()
    assert len(listed.callbacks) == 1


def test_evaluating_with_the_callbacks_changes_nothing():
    model = functional_model(0.5)
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.evaluate(x, y, callbacks=list(callbacks()), verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    (layer,) = gradient_reversal_layers(model)
    assert layer.adaptation_factor == 0.5


class Forgetful(keras.Model):
    """Does not pass `training` on; only its `call` could."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.reversal = GradientReversal()

    def call(self, inputs):
        return self.reversal(self.dense(inputs), training=False)


def test_a_layer_that_never_gets_training():
    model = Forgetful()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"no training step.*\n.*Pass"):
        fit(model, AdaptationFactorScheduler(schedules.SigmoidRamp()))


def test_a_layer_that_is_called_twice_in_a_step():
    inputs = keras.Input((2,))
    reversal = GradientReversal(schedules.SigmoidRamp())
    outputs = keras.layers.Dense(1)(reversal(inputs) + reversal(2 * inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="8 steps in an epoch of 4"):
        fit(model, AdaptationFactorScheduler())


# Errors.


def test_unknown_horizon_raises_before_training():
    class Unknown(keras.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return np.ones((1, 2)), np.ones((1, 1))

    for callback in callbacks():
        model = functional_model(1.0)
        before = model.get_weights()
        with pytest.raises(ValueError, match=r"steps_per_epoch.*total_steps"):
            model.fit(Unknown(), shuffle=False, callbacks=[callback], verbose=0)
        for got, want in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(got, want)


def test_model_without_the_layer():
    model = functional_model()
    with pytest.raises(ValueError, match=r"keras_grl\.layers\.GradientRev"):
        fit(model, AdaptationFactorScheduler())


@pytest.mark.parametrize(
    "make",
    [
        lambda: AdaptationFactorScheduler("ramp"),
        lambda: AdaptationFactorScheduler(0.5, total_steps=0),
        lambda: LearningRateAnnealing(0.1),
        lambda: LearningRateAnnealing(schedules.SigmoidRamp),
        lambda: LearningRateAnnealing(lambda p: p - 1.0),
        lambda: AdaptationFactorScheduler(lambda p: [p, p]),
        lambda: AdaptationFactorScheduler(total_steps=2**31),
        lambda: LearningRateAnnealing(total_steps=2**31),
        lambda: LearningRateAnnealing(
            keras.optimizers.schedules.CosineDecay(0.1, 8)
        ),
        lambda: LearningRateAnnealing(total_steps=-1),
    ],
)
def test_bad_arguments(make):
    with pytest.raises(ValueError, match="Invalid value received for argument"):
        make()
