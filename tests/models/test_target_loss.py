"""`compile(…, target_loss=…, target_loss_weight=…)`."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import losses
from keras_grl import schedules
from keras_grl.baselines import DiscrepancyModel
from tests.losses import by_hand
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

STEPS = 4


@keras.saving.register_keras_serializable(package="keras_grl_tests")
def mean_square(predictions):
    return ops.mean(ops.sum(predictions**2, axis=-1))


def batch(labeled_target=False):
    """A batch of 5 + 7 rows, and optionally 2 labeled target rows."""
    x_source, y_source, x_target = small_data(source=5, target=9)
    x = {"source": x_source, "target": x_target[:7]}
    if not labeled_target:
        return x, y_source
    x["labeled_target"] = x_target[7:]
    return x, {"source": y_source, "labeled_target": np.array([0, 2])}


def parts():
    keras.utils.set_random_seed(3)
    return small_extractor(), small_classifier()


def dann(adaptation_factor=0.5, **kwargs):
    return keras_grl.DANNModel(
        *parts(),
        small_domain_classifier(),
        adaptation_factor=adaptation_factor,
        **kwargs,
    )


def alone():
    return keras_grl.AdaptationModel(*parts())


def by_distance():
    return DiscrepancyModel(*parts(), "coral")


MODELS = pytest.mark.parametrize("make", [dann, by_distance, alone])


def compiled(model, loss=mean_square, rate=0.1, **kwargs):
    model.compile(
        keras.optimizers.SGD(rate),
        "sparse_categorical_crossentropy",
        target_loss=loss,
        **{**EAGERLY_ON_TENSORFLOW, **kwargs},
    )
    return model


def step(model, **kwargs):
    x, y = batch(**kwargs)
    return model.train_on_batch(x, y, return_dict=True)


def weights(model):
    return [to_numpy(each) for each in model.trainable_variables]


@MODELS
@pytest.mark.parametrize("labeled_target", [False, True])
def test_the_loss_is_of_the_unlabeled_target_rows_alone(make, labeled_target):
    model = compiled(make(), rate=0.0, target_loss_weight=0.25)
    logs = step(model, labeled_target=labeled_target)
    x, _ = batch()
    predictions = to_numpy(model(x["target"]))
    expected = np.mean(np.sum(predictions**2, axis=-1))
    np.testing.assert_allclose(logs["target_loss"], expected, rtol=1e-5)
    total = logs["label_loss"] + 0.25 * logs["target_loss"]
    np.testing.assert_allclose(
        logs["loss"], total + logs.get("domain_loss", 0.0), rtol=1e-5
    )


def test_gradients_are_those_derived_by_hand():
    # Softmax regression on features that are the inputs: p = softmax(x W + b),
    # L = mean ‖p‖², so dL/dz = 2 p (p − ‖p‖²) / n.
    keras.utils.set_random_seed(0)
    model = keras_grl.AdaptationModel(
        keras.layers.Identity(), keras.layers.Dense(3, activation="softmax")
    )
    x, y = batch()
    model(x)
    w, b = (
        each.astype("float64") for each in model.label_predictor.get_weights()
    )
    compiled(model, rate=1.0, target_loss_weight=0.7)
    model.train_on_batch(x, y)
    target, source = (
        x[name].astype("float64") for name in ("target", "source")
    )
    p = by_hand.softmax(target @ w + b)
    square = np.sum(p**2, axis=-1, keepdims=True)
    of_target = target.T @ (2 * p * (p - square)) / len(p)
    q = by_hand.softmax(source @ w + b)
    of_labels = source.T @ (q - np.eye(3)[y]) / len(q)
    after, _ = model.label_predictor.get_weights()
    np.testing.assert_allclose(
        after, w - of_labels - 0.7 * of_target, rtol=1e-4, atol=1e-6
    )


@MODELS
def test_a_weight_of_zero_changes_nothing(make):
    with_loss, without = compiled(make(), target_loss_weight=0.0), make()
    compiled(without, None)
    for model in (with_loss, without):
        for _ in range(2):
            logs = step(model)
    assert "target_loss" not in logs
    for a, b in zip(weights(with_loss), weights(without), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_without_it_the_label_predictor_sees_labeled_rows_only():
    seen = []

    class Counting(keras.layers.Dense):
        def call(self, inputs, training=False):
            seen.append(inputs.shape[0])
            return super().call(inputs)

    for loss, rows in ((None, 5), (mean_square, 12)):
        extractor, _ = parts()
        model = keras_grl.AdaptationModel(
            extractor, Counting(3, activation="softmax")
        )
        compiled(model, loss)
        x, y = batch()
        model(x)
        seen.clear()
        model.train_on_batch(x, y)
        assert set(seen) == {rows}


class Rows(keras_grl.methods.Method):
    """Records how many rows of predictions it gets."""

    def call(self, features, predictions, training=False):
        self.got = predictions.shape[0]
        return {}

    def loss(self, outputs, rows):
        return ops.mean(outputs["features"])


class AllRows(Rows):
    uses_target_predictions = True


@pytest.mark.parametrize("loss", [None, mean_square])
@pytest.mark.parametrize(("method", "rows"), [(Rows, 5), (AllRows, 12)])
def test_a_method_gets_the_rows_that_it_asked_for(method, rows, loss):
    model = keras_grl.AdaptationModel(*parts(), method())
    compiled(model, loss)
    step(model)
    assert model.method.got == rows


# The weight as a schedule.


@MODELS
def test_a_scheduled_weight_follows_p(make):
    # Weights do not move: each step has the same losses.
    ramp = schedules.LinearRamp(0.0, 2.0)
    model = compiled(make(), rate=0.0, target_loss_weight=ramp)
    seen = []

    class Record(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(dict(logs))

    pairs = all_rows()
    history = model.fit(
        pairs, epochs=STEPS, verbose=0, callbacks=[Record()]
    ).history
    for index, logs in enumerate(seen):
        rest = logs["loss"] - logs["label_loss"] - logs.get("domain_loss", 0.0)
        weight = 2.0 * index / STEPS
        np.testing.assert_allclose(
            rest, weight * logs["target_loss"], rtol=1e-4, atol=1e-5
        )
    np.testing.assert_allclose(
        history["target_loss_weight"],
        [2.0 * index / STEPS for index in range(STEPS)],
        rtol=1e-5,
    )
    assert model.step_counter.steps_counted == STEPS
    # A second `fit` of another length begins at p = 0 again.
    history = model.fit(pairs, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["target_loss_weight"], [0.0, 1.0])


def all_rows():
    """A dataset of one batch of all rows."""
    x, y = batch()
    return keras_grl.pair((x["source"], y), x["target"], batch_size=(5, 7))


def test_an_unknown_length_is_refused():
    model = compiled(dann(), target_loss_weight=schedules.LinearRamp(0.0, 2.0))

    def batches():
        for _ in range(3):
            yield batch()

    with pytest.raises(ValueError, match="horizon of a schedule is unknown"):
        model.fit(batches(), shuffle=False, verbose=0)


def test_a_ramped_adaptation_factor_and_the_weight_have_one_p():
    model = dann(schedules.LinearRamp(0.0, 1.0), total_steps=8)
    compiled(model, target_loss_weight=schedules.LinearRamp(0.0, 3.0))
    history = model.fit(all_rows(), epochs=STEPS, verbose=0).history
    np.testing.assert_allclose(
        history["target_loss_weight"],
        3.0 * np.array(history["adaptation_factor"]),
        rtol=1e-5,
    )
    np.testing.assert_allclose(history["target_loss_weight"][-1], 3 * 3 / 8)


@pytest.mark.parametrize("make", [dann, by_distance])
def test_a_compiled_step_computes_the_weight_on_the_device(make):
    model = compiled(
        make(),
        rate=0.0,
        run_eagerly=False,
        target_loss_weight=schedules.LinearRamp(0.0, 2.0),
    )
    history = model.fit(all_rows(), epochs=2, verbose=0).history
    rest = history["loss"][1] - history["label_loss"][1]
    np.testing.assert_allclose(
        rest - history["domain_loss"][1],
        history["target_loss"][1],
        rtol=1e-4,
    )


# Of Keras on torch; `pytest.warns` gives it out again.
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)
def test_a_run_that_stops_early_warns_of_the_weight():
    model = compiled(dann(), target_loss_weight=schedules.LinearRamp(0.0, 2.0))

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    with pytest.warns(UserWarning, match="weight of the target loss had reach"):
        model.fit(all_rows(), epochs=100, verbose=0, callbacks=[Stop()])


# Outputs of other shapes.


def test_several_outputs_have_losses_by_name():
    features = keras.Input((4,))
    predictor = keras.Model(
        features,
        {
            "digit": keras.layers.Dense(3, activation="softmax")(features),
            "color": keras.layers.Dense(2, activation="softmax")(features),
        },
    )
    model = keras_grl.AdaptationModel(small_extractor(), predictor)
    x, y = batch()
    labels = {"digit": y, "color": y % 2}
    model.compile(
        keras.optimizers.SGD(0.0),
        {name: "sparse_categorical_crossentropy" for name in labels},
        target_loss={
            "color": losses.PredictionEntropy(),
            "digit": losses.InformationMaximization(),
        },
        **EAGERLY_ON_TENSORFLOW,
    )
    logs = model.train_on_batch(x, labels, return_dict=True)
    p = model.predict(x["target"], verbose=0)
    np.testing.assert_allclose(
        logs["target_loss"],
        by_hand.prediction_entropy(p["color"].astype("float64"))
        + by_hand.information_maximization(p["digit"].astype("float64")),
        rtol=1e-5,
    )
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        target_loss={"size": losses.PredictionEntropy()},
        **EAGERLY_ON_TENSORFLOW,
    )
    with pytest.raises(ValueError, match=r"\['color', 'digit'\].*\['size'\]"):
        model.train_on_batch(x, labels)


# Evaluation, files.


@MODELS
def test_pairs_are_evaluated_with_it_and_plain_data_without(make):
    model = compiled(make())
    x, y = batch()
    paired = model.test_on_batch(x, y, return_dict=True)
    assert "target_loss" in paired
    plain = model.test_on_batch(x["source"], y, return_dict=True)
    assert set(plain) == {"loss"}


@MODELS
@pytest.mark.parametrize("weight", [0.5, schedules.LinearRamp(0.0, 2.0)])
def test_a_loaded_model_resumes_with_it(make, weight, tmp_path):
    model = compiled(
        make(), losses.MinimumClassConfusion(3.0), target_loss_weight=weight
    )
    model.fit(all_rows(), epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.step_counter.steps_counted == 2
    for each in (model, loaded):
        logs = step(each)
    for a, b in zip(weights(model), weights(loaded), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert np.isfinite(logs["target_loss"])
    assert loaded.get_compile_config() == model.get_compile_config()


def test_a_function_that_is_not_registered_is_refused_before_saving(tmp_path):
    model = compiled(alone(), lambda predictions: ops.mean(predictions))
    step(model)
    with pytest.raises(ValueError, match="register_keras_serializable"):
        model.save(tmp_path / "model.keras")


# Wrong arguments.


@pytest.mark.parametrize(
    ("loss", "hint"),
    [
        (
            "mse",
            "a class of `keras_grl.losses`|An instance|instance of a class",
        ),
        (keras.losses.CategoricalCrossentropy(), "which target samples do not"),
        (losses.NuclearNorm, "Pass an instance"),
        ({}, "a function of the predictions"),
        ({"label": 3}, "a function of the predictions"),
    ],
)
def test_a_wrong_loss_is_refused(loss, hint):
    with pytest.raises(ValueError, match=f"`target_loss`(.|\n)*({hint})"):
        compiled(alone(), loss)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), "big", lambda p: p - 1])
def test_a_wrong_weight_is_refused(weight):
    with pytest.raises(ValueError, match="`target_loss_weight`"):
        compiled(alone(), target_loss_weight=weight)


@pytest.mark.parametrize(
    ("label_loss", "expected"),
    [
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), "True"),
        ("sparse_categorical_crossentropy", "False"),
        (keras.losses.CategoricalCrossentropy(), "False"),
    ],
)
def test_from_logits_is_that_of_the_label_loss(label_loss, expected):
    wrong = expected == "False"
    with pytest.raises(ValueError, match=f"Expected from_logits={expected}"):
        alone().compile(
            "sgd", label_loss, target_loss=losses.NuclearNorm(from_logits=wrong)
        )
    alone().compile(
        "sgd", label_loss, target_loss=losses.NuclearNorm(from_logits=not wrong)
    )


@pytest.mark.parametrize(
    "label_loss",
    [
        "mse",
        keras.losses.Huber(),
        "mean_absolute_error",
        keras.losses.mean_squared_error,
        "msle",
    ],
)
def test_regression_has_no_classes(label_loss):
    with pytest.raises(ValueError, match="is a regression loss"):
        alone().compile("sgd", label_loss, target_loss=losses.NuclearNorm())


def test_a_loss_of_the_users_own_may_take_anything():
    for from_logits in (False, True):
        alone().compile(
            "sgd",
            lambda y, y_pred: ops.mean(y_pred),
            target_loss=losses.NuclearNorm(from_logits=from_logits),
        )


def test_no_metric_may_have_its_name():
    model = compiled(
        alone(),
        metrics=[keras.metrics.SparseCategoricalAccuracy("target_loss")],
    )
    with pytest.raises(ValueError, match="target_loss"):
        model.fit(all_rows(), verbose=0)
