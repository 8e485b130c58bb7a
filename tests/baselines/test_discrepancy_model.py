import functools
import importlib.util
import json

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl.baselines import Coral
from keras_grl.baselines import DiscrepancyModel
from keras_grl.baselines import MaximumMeanDiscrepancy
from keras_grl.baselines import MeanDistance
from tests.losses.in_one_piece import value
from tests.models import reference
from tests.testing import ANOTHER_BACKEND
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import not_on_torch
from tests.testing import run_python
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy


@keras.saving.register_keras_serializable(package="tests")
def absolute_distance(source, target):
    return ops.sum(ops.abs(ops.mean(source, axis=0) - ops.mean(target, axis=0)))


def linear_extractor():
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4)], name="feature_extractor"
    )


def small_model(discrepancy="mean", extractor=None, **kwargs):
    return DiscrepancyModel(
        extractor or small_extractor(),
        small_classifier(),
        discrepancy,
        **kwargs,
    )


def compiled(model=None, learning_rate=0.5, **kwargs):
    model = model or small_model()
    # On TensorFlow and torch, compiling takes longer than these tests run.
    kwargs.setdefault("jit_compile", BACKEND == "jax")
    model.compile(
        keras.optimizers.SGD(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    return model


def weights(model):
    return [
        to_numpy(v)
        for part in (model.feature_extractor, model.label_predictor)
        for v in part.weights
    ]


def paired_data(batch_size=8, **kwargs):
    x_source, y_source, x_target = small_data()
    return keras_grl.pair(
        (x_source, y_source), x_target, batch_size=batch_size, **kwargs
    )


def batch():
    x_source, y_source, x_target = small_data()
    return {"source": x_source, "target": x_target}, y_source


# The maths.


@pytest.mark.parametrize("domain_loss_weight", [1.0, 0.3])
def test_one_step_on_a_linear_extractor(domain_loss_weight):
    """f = x A + a, softmax(f B + b); the mean distance. By hand, in float64."""
    model = compiled(
        small_model(extractor=linear_extractor()),
        domain_loss_weight=domain_loss_weight,
        jit_compile="auto",
    )
    A, a, B, b = (  # noqa: N806
        np.asarray(w, "float64") for w in weights(model)
    )
    x_source, y_source, x_target = small_data()
    f = x_source @ A + a
    prediction = reference.softmax(f @ B + b)
    dz = (prediction - np.eye(3)[y_source]) / 12
    # ‖δ A‖² has the gradient 2 δᵀ (δ A), with δ the distance of mean inputs.
    delta = (x_source.mean(axis=0) - x_target.mean(axis=0))[None]
    df = dz @ B.T
    expected = [
        A
        - 0.5
        * (x_source.T @ df + domain_loss_weight * 2 * delta.T @ (delta @ A)),
        a - 0.5 * df.sum(axis=0),
        B - 0.5 * f.T @ dz,
        b - 0.5 * dz.sum(axis=0),
    ]
    logs = model.train_on_batch(*batch(), return_dict=True)
    for got, want in zip(weights(model), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)
    distance = np.sum((delta @ A) ** 2)
    label_loss = -np.mean(np.log(prediction[np.arange(12), y_source]))
    assert logs == pytest.approx(
        {
            "loss": label_loss + domain_loss_weight * distance,
            "label_loss": label_loss,
            "domain_loss": distance,
            "accuracy": np.mean(prediction.argmax(axis=1) == y_source),
        },
        abs=1e-5,
    )


def test_labeled_target_counts_as_target():
    model = compiled(learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    x_source, y_source, x_target = small_data()
    x_labeled, y_labeled = x_source[:5] + 3, y_source[:5]
    logs = model.train_on_batch(
        {
            "source": x_source,
            "target": x_target,
            "labeled_target": x_labeled,
        },
        {"source": y_source, "labeled_target": y_labeled},
        return_dict=True,
    )
    extract = model.feature_extractor
    source = to_numpy(extract(x_source)).mean(axis=0)
    target = to_numpy(extract(np.concatenate([x_labeled, x_target])))
    expected = np.sum((source - target.mean(axis=0)) ** 2)
    assert logs["domain_loss"] == pytest.approx(expected, abs=1e-6)


def trained_features(discrepancy, weight):
    """Those of source and target after 60 steps."""
    keras.utils.set_random_seed(0)
    model = small_model(discrepancy, small_extractor(inputs=2))
    compiled(model, 0.05, domain_loss_weight=weight)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 240)
    x = rng.normal(size=(240, 2)) + 2 * y[:, None]
    source, target = x[:120], 1.5 * x[120:] + [0, 2]
    model.fit(
        keras_grl.pair((source, y[:120]), target, batch_size=80),
        steps_per_epoch=60,
        verbose=0,
    )
    return [
        to_numpy(model.feature_extractor(each.astype("float32")))
        for each in (source, target)
    ]


@functools.cache
def source_only_features():
    return trained_features("mean", 0.0)


@pytest.mark.parametrize(
    ("discrepancy", "weight"), [("mean", 1.0), ("mmd", 5.0), ("coral", 100.0)]
)
def test_training_brings_the_domains_together(discrepancy, weight):
    distance = small_model(discrepancy).discrepancy
    adapted = value(distance, *trained_features(discrepancy, weight))
    assert adapted < 0.5 * value(distance, *source_only_features())


def test_names_instances_and_functions():
    for name, kind in (
        ("mean", MeanDistance),
        ("mmd", MaximumMeanDiscrepancy),
        ("coral", Coral),
    ):
        assert type(small_model(name).discrepancy) is kind
    coral = Coral()
    assert small_model(coral).discrepancy is coral
    model = small_model(absolute_distance)
    compiled(model, learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    logs = model.train_on_batch(*batch(), return_dict=True)
    x, _ = batch()
    features = [to_numpy(model.feature_extractor(x[d])) for d in sorted(x)]
    difference = features[0].mean(axis=0) - features[1].mean(axis=0)
    assert logs["domain_loss"] == pytest.approx(np.abs(difference).sum())


# As a Keras model.


def test_fit_evaluate_and_predict():
    model = compiled()
    x_source, y_source, x_target = small_data()
    history = model.fit(
        paired_data(), epochs=2, validation_data=(x_source, y_source), verbose=0
    ).history
    assert sorted(history) == [
        "accuracy",
        "domain_loss",
        "label_loss",
        "learning_rate",
        "loss",
        "val_accuracy",
        "val_loss",
    ]
    logs = model.evaluate(paired_data(), verbose=0, return_dict=True)
    assert sorted(logs) == ["accuracy", "domain_loss", "label_loss", "loss"]
    assert model.predict(x_target, verbose=0).shape == (8, 3)
    assert set(model.network(x_target)) == {"label", "features"}


@not_on_torch
def test_compilation_changes_nothing():
    def trained(**kwargs):
        keras.utils.set_random_seed(0)
        model = compiled(small_model("mmd"), learning_rate=0.1, **kwargs)
        model.fit(paired_data(seed=1), epochs=2, verbose=0)
        return weights(model)

    plain = trained(jit_compile=False)
    other = trained(jit_compile=True, steps_per_execution=2)
    for got, want in zip(other, plain, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("discrepancy", ["mean", "mmd", "coral"])
def test_mixed_precision(discrepancy):
    keras.config.set_dtype_policy("mixed_float16")
    model = compiled(small_model(discrepancy), learning_rate=0.1)
    before = weights(model)
    history = model.fit(paired_data(), epochs=2, verbose=0).history
    assert np.isfinite(history["domain_loss"]).all()
    assert not np.array_equal(weights(model)[0], before[0])
    assert all(np.isfinite(w).all() for w in weights(model))


@pytest.mark.parametrize("mode", ["joint", "separate", "domain_specific"])
def test_preprocessing_and_batch_normalization(mode):
    """The distance is of what the label predictor would see of each domain."""
    extractor = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(4),
        ]
    )
    model = small_model(
        extractor=extractor,
        batch_normalization=mode,
        preprocessing={
            "source": keras.layers.Rescaling(1.0, offset=7.0),
            "target": None,
        },
    )
    compiled(model, learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    x, y = batch()
    shifted = np.concatenate([x["source"] + 7, x["target"]])
    parts = [shifted] if mode == "joint" else [shifted[:12], shifted[12:]]
    normalized = np.concatenate(
        [
            (each - each.mean(axis=0)) / np.sqrt(each.var(axis=0) + 1e-3)
            for each in parts
        ]
    )
    logs = model.train_on_batch(x, y, return_dict=True)
    kernel, bias = (to_numpy(w) for w in extractor.layers[-1].weights)
    f = normalized @ kernel + bias
    expected = np.sum((f[:12].mean(axis=0) - f[12:].mean(axis=0)) ** 2)
    assert logs["domain_loss"] == pytest.approx(expected, abs=1e-4)
    assert (logs["domain_loss"] > 1) == (mode == "joint")


# Where the distance is taken.


def hidden_classifier():
    return keras.Sequential(
        [
            keras.layers.Dense(6, activation="relu", name="fc1"),
            keras.layers.Dense(5, activation="relu", name="fc2"),
            keras.layers.Dense(3, activation="softmax", name="predictions"),
        ],
        name="label_predictor",
    )


@pytest.mark.parametrize("at", ["fc1", "fc2"])
def test_at_a_layer_of_the_label_predictor(at):
    classifier = hidden_classifier()
    extractor = small_extractor()
    model = DiscrepancyModel(extractor, classifier, "mean", at=at)
    compiled(model, learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    x, y = batch()
    logs = model.train_on_batch(x, y, return_dict=True)
    f = {}
    for domain, inputs in x.items():
        f[domain] = extractor(inputs)
        for layer in classifier.layers:
            f[domain] = layer(f[domain])
            if layer.name == at:
                break
    means = [to_numpy(f[domain]).mean(axis=0) for domain in x]
    expected = np.sum((means[0] - means[1]) ** 2)
    assert logs["domain_loss"] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(
        model.predict(x["target"], verbose=0),
        to_numpy(classifier(extractor(x["target"]))),
        atol=1e-6,
    )


@pytest.mark.parametrize("at", [None, "fc1"])
def test_from_model(at):
    """One network and its initial weights for every method."""
    dann = DANNModel(
        small_extractor(),
        hidden_classifier(),
        preprocessing={
            "source": keras.layers.Rescaling(2.0),
            "target": keras.layers.Rescaling(3.0),
        },
        batch_normalization="separate",
    )
    dann.build((None, 3))
    model = DiscrepancyModel.from_model(dann, "mean", at=at, name="other")
    assert (model.name, model.built) == ("other", True)
    assert model.batch_normalization == "separate"
    shared = {id(v) for v in dann.trainable_variables}
    assert {id(v) for v in model.trainable_variables} < shared
    x, _ = batch()
    for domain in x:
        one = {domain: x[domain]}
        np.testing.assert_allclose(
            to_numpy(model(one)), to_numpy(dann(one)), atol=1e-6
        )
    before = to_numpy(dann(x["target"]))
    compiled(model, **EAGERLY_ON_TENSORFLOW).train_on_batch(*batch())
    after = to_numpy(dann(x["target"]))
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_allclose(to_numpy(model(x["target"])), after, atol=1e-6)


def test_from_a_builders_model():
    lenet = keras_grl.architectures.LeNet(mean="per_domain")
    model = DiscrepancyModel.from_model(lenet, "coral", at="fc2")
    assert model.built
    assert model.feature_extractor.output_shape == (None, 100)
    trainable = sum(np.prod(v.shape) for v in model.trainable_variables)
    assert trainable == 40_880 + 88_010


# Saving.


def trained_model():
    model = small_model(
        MaximumMeanDiscrepancy((1.0, 3.0)),
        at=None,
        preprocessing={
            "source": keras.layers.Rescaling(2.0),
            "target": keras.layers.Rescaling(3.0),
        },
    )
    compiled(model, learning_rate=0.1, domain_loss_weight=0.5)
    model.fit(paired_data(), epochs=2, verbose=0)
    return model


def equal_streams():
    # Otherwise the shorter one would continue in the next evaluation.
    x_source, y_source, x_target = small_data(source=8, target=8)
    return keras_grl.pair(
        (x_source, y_source), x_target, batch_size=8, shuffle=False
    )


def state(model):
    data = equal_streams()
    return {
        "predictions": model.predict(small_data()[2], verbose=0).tolist(),
        "evaluated": model.evaluate(data, verbose=0, return_dict=True),
        "weight": model.get_compile_config()["domain_loss_weight"],
        "config": json.dumps(model.discrepancy.get_config()),
    }


def assert_equal_states(got, want):
    np.testing.assert_allclose(
        got["predictions"], want["predictions"], atol=1e-6
    )
    assert got["evaluated"] == pytest.approx(want["evaluated"], abs=1e-5)
    assert (got["weight"], got["config"]) == (want["weight"], want["config"])


def test_saved_and_loaded(tmp_path):
    model = trained_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_equal_states(state(loaded), state(model))
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    loaded.fit(paired_data(), verbose=0)


def test_saved_with_the_cut_moved_and_a_function(tmp_path):
    model = DiscrepancyModel(
        small_extractor(), hidden_classifier(), absolute_distance, at="fc2"
    )
    compiled(model, **EAGERLY_ON_TENSORFLOW).fit(paired_data(), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        assert each.feature_extractor.output_shape == (None, 5)
    assert loaded.evaluate(equal_streams(), verbose=0) == pytest.approx(
        model.evaluate(equal_streams(), verbose=0), abs=1e-6
    )


LOAD_AND_DESCRIBE = """
import json
import keras
from tests.baselines.test_discrepancy_model import state
model = keras.models.load_model({path!r})
print("STATE", json.dumps(state(model)))
"""


# One of them suffices: what is written does not differ.
def test_loads_on_another_backend(tmp_path):
    if importlib.util.find_spec(ANOTHER_BACKEND) is None:
        pytest.skip(f"{ANOTHER_BACKEND} is not installed")
    model = trained_model()
    path = str(tmp_path / "model.keras")
    model.save(path)
    done = run_python(LOAD_AND_DESCRIBE.format(path=path), ANOTHER_BACKEND)
    assert done.returncode == 0, done.stderr
    (line,) = (
        line for line in done.stdout.splitlines() if line.startswith("STATE ")
    )
    assert_equal_states(json.loads(line.removeprefix("STATE ")), state(model))


# Bad input.


@pytest.mark.parametrize(
    ("discrepancy", "message"),
    [
        ("wasserstein", '`discrepancy`.*"mmd", "mean", "coral".*wasserstein'),
        (3, "`discrepancy`.*function of source.*=3"),
        (Coral, "`discrepancy`.*a `Discrepancy`.*Coral"),
    ],
)
def test_bad_discrepancy(discrepancy, message):
    with pytest.raises(ValueError, match=message):
        small_model(discrepancy)


def test_a_distance_for_each_feature_is_refused():
    model = compiled(small_model(lambda s, t: ops.mean(s - t[:1], axis=0)))
    with pytest.raises(ValueError, match=r"must return a scalar.*\(4,\)"):
        model.train_on_batch(*batch())


def test_bad_layer_to_cut_at():
    for at, message in (
        ("fc3", "`at`.*'fc1', 'fc2'"),
        ("predictions", "`at`.*before the last one"),
    ):
        with pytest.raises(ValueError, match=message):
            DiscrepancyModel(small_extractor(), hidden_classifier(), at=at)
    with pytest.raises(ValueError, match=r"(?s)`at` needs.*keras\.Input"):
        DiscrepancyModel(keras.layers.Dense(4), hidden_classifier(), at="fc1")
    with pytest.raises(ValueError, match="`label_predictor`"):
        DiscrepancyModel(small_extractor(), None, at="fc1")


def test_from_model_needs_an_adaptation_model():
    with pytest.raises(ValueError, match=r"`model`.*`DANNModel`"):
        DiscrepancyModel.from_model(small_extractor())
    dann = DANNModel(small_extractor(), small_classifier())
    with pytest.raises(ValueError, match="`discrepancy`"):
        DiscrepancyModel.from_model(dann, "cora")


def test_bad_domain_loss_weight():
    with pytest.raises(ValueError, match="`domain_loss_weight`"):
        compiled(domain_loss_weight=-1.0)
