import functools

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl import losses
from keras_grl import schedules
from tests.models import reference
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import fresh
from tests.testing import not_on_torch
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy
from tests.testing import weights_of_parts as weights


def small_model(adaptation_factor=0.7, **kwargs):
    return DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=adaptation_factor,
        **kwargs,
    )


def compiled(model=None, learning_rate=0.5, **kwargs):
    model = model or small_model()
    model.compile(
        keras.optimizers.SGD(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **kwargs,
    )
    return model


def batch(x_source, y_source, x_target):
    return {"source": x_source, "target": x_target}, y_source


# The math.


@pytest.mark.parametrize("domain_loss_weight", [1.0, 0.1])
@pytest.mark.parametrize("adaptation_factor", [0.0, 0.7, 1.0])
def test_one_step_makes_the_updates_of_equations_4_to_6(
    adaptation_factor, domain_loss_weight
):
    """Every backend against float64 NumPy, hence against each other."""
    model = compiled(
        small_model(adaptation_factor),
        domain_loss_weight=domain_loss_weight,
        **EAGERLY_ON_TENSORFLOW,
    )
    data = small_data(source=12, target=8)
    expected = reference.sgd_step(
        weights(model), data, adaptation_factor, 0.5, domain_loss_weight
    )
    model.train_on_batch(*batch(*data))
    for got, want in zip(weights(model), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_schedule_and_momentum_over_several_steps():
    """λ and μ of each of five steps, by hand; λ of the first is 0."""
    steps, data = 5, small_data(source=6, target=6)
    model = small_model(schedules.SigmoidRamp())
    model.compile(
        keras.optimizers.SGD(schedules.InverseDecay(0.5)),
        loss="sparse_categorical_crossentropy",
    )
    expected = weights(model)
    for step in range(steps):
        p = step / steps
        expected = reference.sgd_step(
            expected,
            data,
            adaptation_factor=2 / (1 + np.exp(-10 * p)) - 1,
            learning_rate=0.5 / (1 + 10 * p) ** 0.75,
        )
    x_source, y_source, x_target = data
    dataset = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=12, shuffle=False
    )
    model.fit(dataset, epochs=steps, verbose=0)
    for got, want in zip(weights(model), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-5)


def test_losses_and_metrics_in_the_logs():
    model = compiled(
        learning_rate=0.0, domain_loss_weight=0.1, **EAGERLY_ON_TENSORFLOW
    )
    data = small_data()
    label_loss, domain_loss, accuracy, *_ = reference.losses_and_gradients(
        weights(model), *data
    )
    x, y = batch(*data)
    predicted = to_numpy(model(x)["label"]).argmax(axis=1)
    logs = model.train_on_batch(x, y, return_dict=True)
    assert logs == pytest.approx(
        {
            "loss": label_loss + 0.1 * domain_loss,
            "label_loss": label_loss,
            "domain_loss": domain_loss,
            "domain_accuracy": accuracy,
            "accuracy": np.mean(predicted == data[1]),
        },
        abs=1e-6,
    )


def test_domain_accuracy_uses_the_sign_of_the_logit():
    """All logits are 0.25: every sample is classified as target."""
    model = small_model()
    for weight in model.domain_classifier.weights:
        weight.assign(0 * weight)
    model.domain_classifier.weights[-1].assign([0.25])
    compiled(model, learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    logs = model.train_on_batch(
        *batch(*small_data(source=12, target=8)), return_dict=True
    )
    assert logs["domain_accuracy"] == pytest.approx(8 / 20)


def test_a_configuration_has_every_argument():
    """None of them has its default value."""
    model = small_model(
        schedules.LinearRamp(0.1),
        total_steps=7,
        preprocessing={"source": keras.layers.Rescaling(2.0), "target": None},
        batch_normalization="separate",
        conditioning="randomized",
        entropy_conditioning=True,
        adversarial_loss="swapped",
        name="mine",
    )
    again = DANNModel.from_config(model.get_config())
    assert again.name == "mine"
    assert again.total_steps == 7
    assert again.batch_normalization == "separate"
    assert again.source_preprocessing.scale == 2.0
    assert again.target_preprocessing is None
    assert again.method.conditioning == "randomized"
    assert again.method.entropy_conditioning
    assert again.method.adversarial_loss.losses == "swapped"
    assert again.gradient_reversal.schedule.get_config()["start"] == 0.1
    assert len(again.domain_classifier.layers) == 2
    assert again.get_config() == model.get_config()


def test_sample_weights_scale_only_the_label_loss():
    model = compiled(learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    data = small_data()
    sample_weight = np.linspace(0, 2, len(data[1])).astype("float32")
    label_loss, domain_loss, *_ = reference.losses_and_gradients(
        weights(model), *data, sample_weight
    )
    logs = model.train_on_batch(
        *batch(*data), sample_weight=sample_weight, return_dict=True
    )
    assert logs["label_loss"] == pytest.approx(label_loss, abs=1e-6)
    assert logs["domain_loss"] == pytest.approx(domain_loss, abs=1e-6)


def test_each_labeled_stream_has_its_own_weights():
    model = compiled(learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    x_source, y_source, x_target = small_data()
    x_labeled, y_labeled, _ = small_data(source=5)
    sample_weight = {
        "source": np.linspace(0, 2, 12).astype("float32"),
        "labeled_target": np.linspace(3, 5, 5).astype("float32"),
    }
    logs = model.train_on_batch(
        {
            "source": x_source,
            "target": x_target,
            "labeled_target": x_labeled,
        },
        {"source": y_source, "labeled_target": y_labeled},
        sample_weight,
        return_dict=True,
    )
    predictions = model.predict(
        np.concatenate([x_source, x_labeled]), verbose=0
    )
    labels = np.concatenate([y_source, y_labeled])
    losses = -np.log(predictions[np.arange(17), labels])
    weights = np.concatenate(list(sample_weight.values()))
    assert logs["label_loss"] == pytest.approx(
        np.mean(weights * losses), rel=1e-5
    )


def test_labeled_target_is_learned_from_and_counts_as_target():
    model = compiled(**EAGERLY_ON_TENSORFLOW)
    x_source, y_source, x_target = small_data()
    x_labeled, y_labeled, _ = small_data(source=5)
    # By hand: 12 source samples; 5 + 8 target samples, of which 5 are labeled.
    before = weights(model)
    x = np.concatenate([x_source, x_labeled, x_target])
    y = np.concatenate([y_source, y_labeled])
    domain = np.array([0] * 12 + [1] * 13)
    prediction = to_numpy(model.classifier(x[:17]))
    label_loss = -np.mean(np.log(prediction[np.arange(17), y]))
    f = np.tanh(x @ before[0] + before[1])
    hidden = np.maximum(f @ before[4] + before[5], 0)
    logit = (hidden @ before[6] + before[7])[:, 0]
    domain_loss = np.mean(np.logaddexp(0, logit) - domain * logit)
    logs = model.train_on_batch(
        {
            "source": x_source,
            "target": x_target,
            "labeled_target": x_labeled,
        },
        {"source": y_source, "labeled_target": y_labeled},
        return_dict=True,
    )
    assert logs["label_loss"] == pytest.approx(label_loss, abs=1e-5)
    assert logs["domain_loss"] == pytest.approx(domain_loss, abs=1e-5)
    source_accuracy = np.mean(prediction[:12].argmax(axis=1) == y_source)
    assert logs["accuracy"] == pytest.approx(source_accuracy)
    # θ_y's own step, by hand: the mean over all 17 labeled samples.
    one_hot = np.eye(3)[y]
    dz = (prediction - one_hot) / 17
    np.testing.assert_allclose(
        weights(model)[2], before[2] - 0.5 * f[:17].T @ dz, atol=1e-5
    )


def test_two_domain_logits_equal_one_that_is_their_difference():
    model = DANNModel(
        small_extractor(), small_classifier(), keras.layers.Dense(2)
    )
    compiled(model, learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    x, y = batch(*small_data())
    logits = to_numpy(model(x)["domain"]).astype("float64")
    log_softmax = logits - np.logaddexp(*logits.T)[:, None]
    domain = np.array([0] * 12 + [1] * 8)
    model.gradient_reversal.set_horizon(10)
    logs = model.train_on_batch(x, y, return_dict=True)
    expected = -np.mean(log_softmax[np.arange(20), domain])
    assert logs["domain_loss"] == pytest.approx(expected, abs=1e-6)
    accuracy = np.mean(logits.argmax(axis=1) == domain)
    assert logs["domain_accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("loss", "labels", "predictor"),
    [
        (
            "categorical_crossentropy",
            lambda y: np.eye(3, dtype="float32")[y],
            lambda: small_classifier(),
        ),
        (
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            lambda y: y,
            lambda: keras.layers.Dense(3),
        ),
        (
            "mse",
            lambda y: y.astype("float32")[:, None],
            lambda: keras.layers.Dense(1),
        ),
        (
            lambda y, y_pred: ops.mean(ops.abs(y - y_pred), axis=-1),
            lambda y: np.stack([y, -y], axis=1).astype("float32"),
            lambda: keras.layers.Dense(2),
        ),
    ],
    ids=["one-hot", "logits", "regression", "own function"],
)
def test_any_task_loss(loss, labels, predictor):
    x_source, y_source, x_target = small_data()
    model = DANNModel(small_extractor(), predictor(), small_domain_classifier())
    # Those of one number in compiled steps.
    how = {} if loss == "mse" else EAGERLY_ON_TENSORFLOW
    model.compile(keras.optimizers.SGD(0.1), loss=loss, **how)
    dataset = keras_grl.pair(
        (x_source, labels(y_source)), x_target, batch_size=(12, 8)
    )
    history = model.fit(dataset, epochs=3, verbose=0).history
    assert history["label_loss"][-1] < history["label_loss"][0]
    assert model.predict(x_target, verbose=0).shape[0] == 8


# Forward pass.


def test_one_pass_of_the_feature_extractor_and_labels_of_the_source_only():
    seen = {}

    @keras.saving.register_keras_serializable(package="keras_grl_tests")
    class Watcher(keras.layers.Layer):
        def call(self, inputs):
            seen.setdefault(self.name, []).append(inputs.shape[0])
            return inputs

    model = DANNModel(
        keras.Sequential([Watcher(name="f"), keras.layers.Dense(4)]),
        keras.Sequential([Watcher(name="y"), keras.layers.Dense(3)]),
        keras.Sequential([Watcher(name="d"), keras.layers.Dense(1)]),
    )
    x, _ = batch(*small_data(source=12, target=8))
    model(x)
    seen.clear()
    outputs = model(x)
    assert seen == {"f": [20], "y": [12], "d": [20]}
    assert outputs["label"].shape == (12, 3)
    assert outputs["domain"].shape == (20, 1)


def test_plain_data_go_through_extractor_and_predictor_only():
    model = fresh(compiled)
    x_source, y_source, _ = small_data()
    expected = to_numpy(model.classifier(x_source))
    np.testing.assert_allclose(
        model.predict(x_source, verbose=0), expected, rtol=1e-6
    )
    np.testing.assert_allclose(to_numpy(model(x_source)), expected, rtol=1e-6)
    logs = model.evaluate(x_source, y_source, return_dict=True, verbose=0)
    assert sorted(logs) == ["accuracy", "loss"]
    probability = expected[np.arange(12), y_source]
    assert logs["loss"] == pytest.approx(-np.mean(np.log(probability)))


def test_evaluate_on_pairs_has_the_domain_figures():
    model = fresh(compiled)
    x_source, y_source, x_target = data = small_data()
    dataset = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=(12, 8), shuffle=False
    )
    logs = model.evaluate(dataset, return_dict=True, verbose=0)
    label_loss, domain_loss, accuracy, *_ = reference.losses_and_gradients(
        weights(model), *data
    )
    assert logs["loss"] == pytest.approx(label_loss + domain_loss, abs=1e-5)
    assert logs["domain_loss"] == pytest.approx(domain_loss, abs=1e-5)
    assert logs["domain_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert int(model.gradient_reversal.step.value) == 0


def test_inputs_that_are_structures():
    left, right = (
        keras.Input((2,), name="left"),
        keras.Input((3,), name="right"),
    )
    features = keras.layers.Concatenate()(
        [keras.layers.Dense(4)(left), keras.layers.Dense(4)(right)]
    )
    extractor = keras.Model({"left": left, "right": right}, features)
    model = compiled(
        DANNModel(extractor, small_classifier(), small_domain_classifier())
    )

    def inputs(count):
        return {"left": np.ones((count, 2)), "right": np.ones((count, 3))}

    dataset = keras_grl.pair(
        (inputs(8), np.zeros(8)), inputs(6), batch_size=(4, 2)
    )
    model.fit(dataset, verbose=0)
    assert model.predict(inputs(3), verbose=0).shape == (3, 3)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_masks_reach_the_label_predictor_and_the_domain_classifier():
    """Paired and plain batches must mean the same function."""
    extractor = keras.Sequential(
        [keras.Input((5,)), keras.layers.Embedding(7, 4, mask_zero=True)]
    )
    model = DANNModel(
        extractor,
        keras.Sequential(
            [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(3)]
        ),
        keras.Sequential(
            [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
        ),
    )
    x = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0], [1, 0, 0, 0, 0]])
    paired = model({"source": x[:2], "target": x[2:]})
    np.testing.assert_allclose(
        to_numpy(paired["label"]), to_numpy(model(x[:2])), rtol=1e-6
    )
    np.testing.assert_allclose(
        to_numpy(paired["domain"]),
        to_numpy(model.network(x)["domain"]),
        rtol=1e-6,
    )
    unmasked = to_numpy(model.label_predictor(to_numpy(extractor(x[:2]))))
    assert np.abs(unmasked - to_numpy(model(x[:2]))).max() > 1e-3


def test_several_outputs_and_losses():
    inputs = keras.Input((4,))
    heads = {
        "kind": keras.layers.Dense(3, "softmax", name="kind")(inputs),
        "size": keras.layers.Dense(1, name="size")(inputs),
    }
    model = DANNModel(
        small_extractor(), keras.Model(inputs, heads), small_domain_classifier()
    )
    model.compile(
        "sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    )
    x_source, y_source, x_target = small_data()
    labels = {"kind": y_source, "size": y_source.astype("float32")}
    dataset = keras_grl.pair(
        (x_source, labels),
        x_target,
        (x_target, {name: y[:8] for name, y in labels.items()}),
        batch_size=(4, 4, 2),
    )
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert set(model.predict(x_target, verbose=0)) == {"kind", "size"}


def test_network_is_figure_1():
    network = small_model().network
    names = [layer.name for layer in network.layers]
    assert set(names[1:]) == {
        "feature_extractor",
        "label_predictor",
        "gradient_reversal",
        "domain_classifier",
    }
    pydot = keras.utils.model_to_dot(network)
    # Input to features; features to labels; features to R_λ to domains.
    assert len(pydot.get_edges()) == 4


def test_default_domain_classifier_is_the_papers():
    model = DANNModel(small_extractor(), small_classifier())
    shapes = [tuple(w.shape) for w in model.domain_classifier.weights]
    assert shapes == [
        (4, 1024),
        (1024,),
        (1024, 1024),
        (1024,),
        (1024, 1),
        (1,),
    ]
    dense = [
        layer
        for layer in model.domain_classifier.layers
        if isinstance(layer, keras.layers.Dense)
    ]
    activations = [layer.activation.__name__ for layer in dense]
    assert activations == ["relu", "relu", "linear"]
    assert isinstance(model.gradient_reversal.schedule, schedules.SigmoidRamp)


def test_layers_as_parts_and_late_shapes():
    model = compiled(
        DANNModel(keras.layers.Dense(4), keras.layers.Dense(3, "softmax"))
    )
    x_source, y_source, x_target = small_data()
    assert not model.built
    with pytest.raises(ValueError, match=r"model\.build\(input_shape\)"):
        _ = model.classifier
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    model.fit(dataset, verbose=0)
    assert model.classifier.output_shape == (None, 3)
    outputs = model.network(x_target)
    assert outputs["label"].shape == (8, 3)
    assert outputs["domain"].shape == (8, 1)


def test_summary_names_the_parts_and_shapes(capsys):
    lines = []
    small_model().summary(print_fn=lambda line, **_: lines.append(line))
    text = "\n".join(lines)
    for part in ("feature_extractor", "gradient_reversal", "domain_classifier"):
        assert part in text
    assert "(None, 4)" in text and "?" not in text


# fit.


def test_fit_logs_everything():
    model = compiled(small_model(None), learning_rate=0.1)
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    history = model.fit(
        dataset,
        epochs=2,
        validation_data=(x_source, y_source),
        verbose=0,
    ).history
    assert sorted(history) == [
        "accuracy",
        "adaptation_factor",
        "domain_accuracy",
        "domain_loss",
        "label_loss",
        "learning_rate",
        "loss",
        "val_accuracy",
        "val_loss",
    ]
    # Three steps an epoch; λ of the third and of the sixth and last.
    p = np.array([2, 5]) / 6
    assert history["adaptation_factor"] == pytest.approx(np.tanh(5 * p))
    assert history["learning_rate"] == pytest.approx([0.1, 0.1])


def test_fit_with_paired_validation_data():
    model = fresh(compiled)
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    history = model.fit(dataset, validation_data=dataset, verbose=0).history
    assert {"val_domain_loss", "val_domain_accuracy"} <= set(history)


def test_fit_on_arrays_of_equal_length():
    """Keras's own batching will do where it can."""
    model = fresh(compiled)
    x_source, y_source, _ = small_data()
    x = {"source": x_source, "target": x_source + 1}
    model.fit(x, y_source, batch_size=6, epochs=2, verbose=0)
    assert int(model.optimizer.iterations.value) == 4


# Its weight is computed from p, as λ is.
TARGET_LOSS = {
    "target_loss": losses.MinimumClassConfusion(),
    "target_loss_weight": schedules.LinearRamp(0.0, 1.0),
}


def trained(**kwargs):
    """The weights after two epochs of three steps."""
    keras.utils.set_random_seed(0)
    # Layers, not models of layers, through which torch's compiler takes 1.5
    # times as long.
    model = DANNModel(
        keras.layers.Dense(4, activation="tanh"),
        keras.layers.Dense(3, activation="softmax"),
        keras.layers.Dense(1),
    )
    # torch's compiler would take four times as long with it.
    of_target = {} if BACKEND == "torch" else TARGET_LOSS
    compiled(model, learning_rate=0.1, **of_target, **kwargs)
    x_source, y_source, x_target = small_data(source=12, target=12)
    dataset = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=8, seed=1
    )
    model.fit(dataset, epochs=2, verbose=0)
    assert int(model.gradient_reversal.step.value) == 6
    return weights(model)


@functools.cache
def trained_without_jit():
    return trained(jit_compile=False)


def assert_equal_to_plain(got):
    for mine, plain in zip(got, trained_without_jit(), strict=True):
        np.testing.assert_allclose(mine, plain, atol=1e-6)


@not_on_torch
# `jit_compile` alone: see the next test.
@pytest.mark.parametrize(
    "options",
    [
        {"steps_per_execution": 3},
        {"steps_per_execution": 2, "jit_compile": True},
    ],
)
def test_steps_per_execution_and_jit_compile_change_nothing(options):
    assert_equal_to_plain(trained(**options))


@pytest.mark.filterwarnings("ignore")  # of torch's compiler, about itself
@pytest.mark.parametrize("option", ["run_eagerly", "jit_compile"])
def test_how_a_step_is_run_changes_nothing(option, monkeypatch):
    if BACKEND == "torch":
        import torch

        # Its graphs, forward and backward, without the minute that the C++
        # compiler takes for them.
        monkeypatch.setattr(
            torch,
            "compile",
            functools.partial(
                torch.compile, backend="aot_eager_decomp_partition"
            ),
        )
        # GradientReversal breaks the graph, and the frames around a break are
        # not compiled. torch finds that out by tracing them once for each.
        monkeypatch.setattr(
            keras.layers.Layer,
            "__call__",
            torch.compiler.disable(
                keras.layers.Layer.__call__, recursive=False
            ),
        )
    assert_equal_to_plain(trained(**{option: True}))


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("mixed_float16", {}),
        ("mixed_bfloat16", {}),
        ("mixed_float16", {"conditioning": "multilinear"}),
        ("mixed_float16", {"adversarial_loss": "swapped"}),
        (
            "mixed_bfloat16",
            {"conditioning": "randomized", "entropy_conditioning": True},
        ),
    ],
)
def test_mixed_precision(policy, options):
    keras.config.set_dtype_policy(policy)
    # Without options in a compiled step.
    how = EAGERLY_ON_TENSORFLOW if options else {}
    model = compiled(
        small_model(None, **options), learning_rate=0.1, **TARGET_LOSS, **how
    )
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=(12, 8))
    history = model.fit(dataset, epochs=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert history["target_loss_weight"][-1] == pytest.approx(2 / 3)
    assert history["adaptation_factor"][-1] == pytest.approx(np.tanh(5 * 2 / 3))
    assert all(v.dtype == "float32" for v in model.trainable_weights)


def test_class_weight():
    model = compiled(learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    x_source, y_source, x_target = data = small_data()
    dataset = keras_grl.pair(
        (x_source, y_source), x_target, batch_size=(12, 8), shuffle=False
    )
    class_weight = {0: 2.0, 1: 0.5, 2: 0.0}
    history = model.fit(dataset, class_weight=class_weight, verbose=0).history
    sample_weight = np.array([class_weight[y] for y in y_source])
    label_loss, *_ = reference.losses_and_gradients(
        weights(model), *data, sample_weight
    )
    assert history["label_loss"][0] == pytest.approx(label_loss, abs=1e-5)


def test_regularization_is_in_the_loss():
    model = DANNModel(
        keras.layers.Dense(4, "tanh", kernel_regularizer="l2"),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=1.0,
    )
    x, y = batch(*small_data())
    model(x)
    compiled(model, learning_rate=0.0, **EAGERLY_ON_TENSORFLOW)
    label_loss, domain_loss, *_ = reference.losses_and_gradients(
        weights(model), *small_data()
    )
    penalty = 0.01 * np.sum(weights(model)[0] ** 2)
    logs = model.train_on_batch(x, y, return_dict=True)
    assert penalty > 0.01
    assert logs["loss"] == pytest.approx(label_loss + domain_loss + penalty)
    assert logs["label_loss"] == pytest.approx(label_loss)


# from_classifier.


def classifier():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.Dense(4, activation="tanh", name="features"),
            keras.layers.Dense(3, activation="softmax", name="predictions"),
        ],
        name="someones",
    )


@pytest.mark.parametrize("by_name", [True, False])
def test_from_classifier_shares_the_layers(by_name):
    whole = classifier()
    at = "features" if by_name else whole.get_layer("features")
    model = DANNModel.from_classifier(
        whole, at=at, domain_classifier=small_domain_classifier()
    )
    compiled(model, **EAGERLY_ON_TENSORFLOW)
    x_source, y_source, x_target = small_data()
    before = to_numpy(whole(x_source))
    np.testing.assert_allclose(
        model.predict(x_source, verbose=0), before, rtol=1e-6
    )
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    model.fit(dataset, verbose=0)
    after = to_numpy(whole(x_source))
    assert np.abs(after - before).max() > 1e-4
    np.testing.assert_allclose(
        model.predict(x_source, verbose=0), after, rtol=1e-6
    )
    assert model.feature_extractor.output_shape == (None, 4)


# Bad input: one error, and nothing half-trained.


@pytest.mark.parametrize(
    ("last", "activation"),
    [
        (lambda: keras.layers.Dense(1, activation="sigmoid"), "sigmoid"),
        (lambda: keras.layers.Dense(2, activation="softmax"), "softmax"),
        (lambda: keras.layers.Activation("sigmoid"), "sigmoid"),
        (lambda: keras.layers.Softmax(), "softmax"),
        (lambda: keras.layers.ReLU(), "relu"),
        (
            lambda: keras.Sequential(
                [
                    keras.layers.Dense(1, activation="sigmoid"),
                    keras.layers.Activation("linear"),
                    keras.layers.Flatten(),
                ]
            ),
            "sigmoid",
        ),
    ],
)
def test_activated_domain_classifier(last, activation):
    domain_classifier = keras.Sequential([keras.layers.Dense(2), last()])
    with pytest.raises(ValueError, match=f"logits.*{activation}") as error:
        DANNModel(small_extractor(), small_classifier(), domain_classifier)
    assert "keras.layers.Dense(1)" in str(error.value)


def test_activated_functional_domain_classifier():
    inputs = keras.Input((4,))
    outputs = ops.sigmoid(keras.layers.Dense(1)(inputs))
    with pytest.raises(ValueError, match=r"logits.*sigmoid"):
        DANNModel(
            small_extractor(),
            small_classifier(),
            keras.Model(inputs, outputs),
        )


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"feature_extractor": "resnet"}, "`feature_extractor`.*Keras model"),
        ({"label_predictor": lambda x: x}, "`label_predictor`.*Keras model"),
        ({"adaptation_factor": -1.0}, "`adaptation_factor`.*at least 0"),
        (
            {"adaptation_factor": float("nan")},
            "`adaptation_factor`.*finite number",
        ),
        ({"total_steps": 0}, "`total_steps`"),
        (
            {"domain_classifier": keras.layers.Dense(3), "num_sources": 1},
            r"\(batch, 1\).*Dense\(1\)",
        ),
    ],
)
def test_bad_arguments(kwargs, message):
    parts = {
        "feature_extractor": small_extractor(),
        "label_predictor": small_classifier(),
    }
    with pytest.raises(ValueError, match=f"(?s){message}"):
        DANNModel(**{**parts, **kwargs})


def test_domain_classifier_of_feature_maps_must_flatten():
    extractor = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)]
    )
    head = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match=r"keras\.layers\.Flatten"):
        DANNModel(extractor, head, keras.layers.Dense(1))
    assert DANNModel(extractor, head).domain_classifier.built


@pytest.mark.parametrize("part", range(3))
def test_a_second_reversal_would_cancel_the_first(part):
    parts = [small_extractor(), small_classifier(), small_domain_classifier()]
    reversal = keras_grl.layers.GradientReversal()
    parts[part] = keras.Sequential([reversal, parts[part]])
    with pytest.raises(ValueError, match="two of them cancel"):
        DANNModel(*parts)


def test_bad_domain_loss_weight():
    with pytest.raises(ValueError, match="`domain_loss_weight`"):
        compiled(domain_loss_weight=-0.1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda s, y, t: (s, y), r"keras_grl\.pair"),
        (lambda s, y, t: ({"source": s}, y), "'source'"),
        (lambda s, y, t: ({"source": s, "target": s, "x": s}, y), "'x'"),
        (lambda s, y, t: ({"source": s, "target": s}, None), "source labels"),
        (lambda s, y, t: ((s, y), t), r"keras_grl\.pair"),
    ],
    ids=["plain", "one stream", "unknown stream", "no labels", "unpaired"],
)
def test_fit_refuses_what_is_not_paired(data, message):
    model = compiled()
    before = weights(model)
    with pytest.raises(ValueError, match=message):
        model.fit(*data(*small_data()), verbose=0)
    assert_unchanged(model, before)


def assert_unchanged(model, before):
    for got, want in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(got, want)
    assert int(to_numpy(model.gradient_reversal.step)) == 0


def test_missing_labels_of_the_labeled_target():
    x_source, y_source, x_target = small_data()
    x = {"source": x_source, "target": x_target, "labeled_target": x_target}
    with pytest.raises(ValueError, match='"labeled_target": …'):
        compiled().train_on_batch(x, {"source": y_source})


def test_labels_of_the_wrong_shape():
    model = compiled()
    before = weights(model)
    x_source, _, x_target = small_data()
    model.compile("sgd", "categorical_crossentropy")
    dataset = keras_grl.pair(
        (x_source, np.eye(5)[np.zeros(12, int)]), x_target, batch_size=8
    )
    with pytest.raises(ValueError, match="shape"):
        model.fit(dataset, verbose=0)
    for got, want in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(got, want)


def test_a_failed_first_step_loses_nothing():
    """On JAX, Keras itself would lose all weights here."""
    x_source, y_source, x_target = small_data()
    model = compiled()
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    wrong_labels = np.zeros((12, 2, 2))
    wrong = keras_grl.pair((x_source, wrong_labels), x_target, batch_size=8)
    model.fit(dataset, verbose=0)
    for fails in (
        lambda: model.fit(wrong, verbose=0),
        lambda: model.evaluate(x_source, wrong_labels, verbose=0),
        lambda: model.predict(x_source[:, :2], verbose=0),
    ):
        before = weights(model)
        iterations = int(model.optimizer.iterations.value)
        with pytest.raises(Exception):  # noqa: B017 (each backend has its own)
            fails()
        for got, want in zip(weights(model), before, strict=True):
            np.testing.assert_array_equal(got, want)
        assert int(model.optimizer.iterations.value) == iterations
        model.fit(dataset, verbose=0)


def test_batch_size_belongs_to_pair():
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    with pytest.raises(ValueError, match=r"pair\(source, target, batch_size=4"):
        compiled().fit(dataset, batch_size=4, verbose=0)


def test_predict_refuses_pairs():
    x_source, y_source, x_target = small_data()
    dataset = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    with pytest.raises(ValueError, match=r"model\.predict\(x_target\)"):
        compiled().predict(dataset, verbose=0)


def test_train_on_batch_needs_a_horizon():
    model = compiled(small_model(schedules.SigmoidRamp()))
    before = weights(model)
    with pytest.raises(ValueError, match="horizon"):
        model.train_on_batch(*batch(*small_data()))
    assert_unchanged(model, before)
    model = compiled(small_model(schedules.SigmoidRamp(), total_steps=4))
    model.train_on_batch(*batch(*small_data()))
    assert model.adaptation_factor == pytest.approx(np.tanh(5 / 4))
