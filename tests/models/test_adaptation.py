"""AdaptationModel with custom methods, and subclasses of DANNModel."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl.methods import DANN
from keras_grl.methods import FeatureDiscrepancy
from keras_grl.methods import Method
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy


def pairs(**kwargs):
    x_source, y_source, x_target = small_data(source=12, target=8)
    return keras_grl.pair(
        (x_source, y_source), x_target, batch_size=(6, 4), seed=0, **kwargs
    )


def trained(model, **kwargs):
    model.compile(
        keras.optimizers.SGD(0.1),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    return model.fit(pairs(), epochs=2, verbose=0).history


@keras.saving.register_keras_serializable(package="keras_grl_tests")
class Confidence(Method):
    """Sum of squares of the target's predictions; counts its rows."""

    uses_target_predictions = True

    def __init__(self, weight=2.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight
        self.rows_seen = keras.metrics.Sum(name="rows_seen")

    def loss(self, outputs, rows):
        target = outputs["predictions"][rows.labeled :]
        self.rows_seen.update_state(rows.total - rows.labeled)
        return self.weight * ops.mean(ops.sum(target**2, axis=-1))

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


def parts():
    keras.utils.set_random_seed(1)
    return small_extractor(), small_classifier()


@pytest.mark.parametrize(
    ("method", "model"),
    [
        (
            lambda: DANN(small_domain_classifier(), 0.7),
            lambda: keras_grl.DANNModel(
                *parts(), small_domain_classifier(), adaptation_factor=0.7
            ),
        ),
        (
            lambda: FeatureDiscrepancy("coral"),
            lambda: keras_grl.baselines.DiscrepancyModel(*parts(), "coral"),
        ),
    ],
    ids=["DANN", "discrepancy"],
)
def test_a_model_is_an_adaptation_model_with_its_method(method, model):
    adaptation = keras_grl.AdaptationModel(*parts(), method())
    logs = trained(adaptation, domain_loss_weight=0.5)
    known = model()
    expected = trained(known, domain_loss_weight=0.5, **EAGERLY_ON_TENSORFLOW)
    assert logs.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(logs[name], values, atol=1e-6)
    for got, want in zip(
        adaptation.get_weights(), known.get_weights(), strict=True
    ):
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_a_method_gets_target_predictions_if_it_uses_them():
    model = keras_grl.AdaptationModel(*parts(), Confidence(weight=3.0))
    x_source, y_source, x_target = small_data(source=12, target=8)
    predictions = model.predict(np.concatenate([x_source, x_target]), verbose=0)
    model.compile(
        keras.optimizers.SGD(0.0),
        "sparse_categorical_crossentropy",
        **EAGERLY_ON_TENSORFLOW,
    )
    logs = model.train_on_batch(
        {"source": x_source, "target": x_target}, y_source, return_dict=True
    )
    domain_loss = 3.0 * np.mean(np.sum(predictions[12:] ** 2, axis=-1))
    label_loss = -np.mean(np.log(predictions[np.arange(12), y_source]))
    assert logs["domain_loss"] == pytest.approx(domain_loss, abs=1e-5)
    assert logs["label_loss"] == pytest.approx(label_loss, abs=1e-5)
    assert logs["loss"] == pytest.approx(label_loss + domain_loss, abs=1e-5)
    assert logs["rows_seen"] == 8
    outputs = model({"source": x_source, "target": x_target})
    np.testing.assert_allclose(
        to_numpy(outputs["predictions"]), predictions, atol=1e-6
    )
    np.testing.assert_allclose(
        to_numpy(outputs["label"]), predictions[:12], atol=1e-6
    )


def test_metrics_of_a_method_need_paired_data():
    model = keras_grl.AdaptationModel(*parts(), Confidence())
    assert "rows_seen" in trained(model)
    x_source, y_source, _ = small_data()
    logs = model.evaluate(x_source, y_source, return_dict=True, verbose=0)
    assert sorted(logs) == ["accuracy", "loss"]


def test_an_adaptation_model_is_saved_with_its_method(tmp_path):
    model = keras_grl.AdaptationModel(*parts(), Confidence(weight=0.5))
    trained(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.method.weight == 0.5
    x, _, _ = small_data()
    np.testing.assert_allclose(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6
    )
    loaded.fit(pairs(), verbose=0)


@pytest.mark.parametrize("method", ["dann", DANN, keras.layers.Dense(1)])
def test_other_methods_are_refused(method):
    with pytest.raises(ValueError, match=r"argument `method`.*DANN\(\)"):
        keras_grl.AdaptationModel(*parts(), method)


def test_a_method_without_a_loss_raises():
    model = keras_grl.AdaptationModel(*parts(), Method())
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(NotImplementedError, match=r"loss\(outputs, rows\)"):
        model.fit(pairs(), verbose=0)


# Subclasses.


class WithMetric(keras_grl.DANNModel):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.steps = keras.metrics.Sum(name="steps")

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.steps.update_state(1.0)
        return super().compute_metrics(x, y, y_pred, sample_weight)


class WithLayer(keras_grl.DANNModel):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.temperature = keras.layers.Dense(3, use_bias=False)

    def call(self, inputs, training=False):
        outputs = super().call(inputs, training=training)
        if isinstance(outputs, dict):
            label = self.temperature(outputs["label"])
            return {**outputs, "label": ops.softmax(label)}
        return ops.softmax(self.temperature(outputs))


class WithWeight(keras_grl.DANNModel):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="calls"
        )

    def call(self, inputs, training=False):
        if training:
            self.calls.assign_add(1.0)
        return super().call(inputs, training=training)


@pytest.mark.parametrize("preprocessing", [False, True])
@pytest.mark.parametrize("kind", [WithMetric, WithLayer, WithWeight])
def test_a_subclass_adds_state_after_init(kind, preprocessing):
    layers = {
        name: keras.layers.Rescaling(1.0) for name in ("source", "target")
    }
    model = kind(
        *parts(),
        small_domain_classifier(),
        preprocessing=layers if preprocessing else None,
    )
    # Without preprocessing in compiled steps.
    logs = trained(model, **(EAGERLY_ON_TENSORFLOW if preprocessing else {}))
    if kind is WithMetric:
        # Two batches an epoch; on JAX and torch Keras reads one before.
        assert logs["steps"][-1] == 2
    if kind is WithWeight:
        assert float(to_numpy(model.calls.value)) == 4
    if kind is WithLayer:
        assert any(v is model.temperature.kernel for v in model.weights)


# Names in the logs.


def own_metric(name):
    def metric(y_true, y_pred):
        return 42.0 + 0.0 * ops.sum(y_pred, axis=-1)

    metric.__name__ = name
    return metric


@pytest.mark.parametrize(
    "name",
    [
        "label_loss",
        "domain_loss",
        "domain_accuracy",
        "adaptation_factor",
        "learning_rate",
    ],
)
def test_metric_names_of_the_model_are_refused(name):
    model = keras_grl.DANNModel(*parts(), small_domain_classifier())
    model.compile(
        "sgd", "sparse_categorical_crossentropy", metrics=[own_metric(name)]
    )
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    with pytest.raises(ValueError, match=f"{name!r} twice"):
        model.fit(pairs(), verbose=0)
    for got, want in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(to_numpy(got), want)


def test_output_names_whose_loss_name_is_taken_are_refused():
    features = keras.Input((4,))
    outputs = {
        name: keras.layers.Dense(1, name=name)(features)
        for name in ("label", "age")
    }
    model = keras_grl.DANNModel(
        small_extractor(), keras.Model(features, outputs)
    )
    model.compile("sgd", {"label": "mse", "age": "mse"})
    x, _, x_target = small_data()
    y = {name: np.ones((12, 1)) for name in outputs}
    with pytest.raises(ValueError, match="'label_loss' twice"):
        model.fit(keras_grl.pair((x, y), x_target, batch_size=8), verbose=0)


def test_other_metric_names():
    logs = trained_with_metric("loss_of_domain")
    assert logs["loss_of_domain"][-1] == pytest.approx(42.0)
    assert 0 < logs["domain_loss"][-1] < 5


def trained_with_metric(name):
    model = keras_grl.DANNModel(*parts(), small_domain_classifier())
    model.compile(
        "sgd", "sparse_categorical_crossentropy", metrics=[own_metric(name)]
    )
    return model.fit(pairs(), verbose=0).history
