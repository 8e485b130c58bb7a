"""Preprocessing and BatchNormalization per domain."""

import sys
import threading

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl.layers import MeanSubtraction
from keras_grl.models.running_statistics import running_statistics
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import to_numpy

EPSILON, MOMENTUM = 1e-3, 0.9
MODES = ["joint", "separate", "domain_specific"]


def samples(source=6, target=4):
    rng = np.random.default_rng(0)
    return (
        rng.normal(2.0, 3.0, size=(source, 1)).astype("float32"),
        rng.normal(-5.0, 0.5, size=(target, 1)).astype("float32"),
    )


def transparent(mode="joint", extractor=None, **kwargs):
    """A model whose predictions and domain logits are the features."""
    if extractor is None:
        extractor = keras.Sequential(
            [
                keras.Input((1,)),
                keras.layers.BatchNormalization(
                    momentum=MOMENTUM, epsilon=EPSILON
                ),
            ]
        )
    return keras_grl.DANNModel(
        extractor,
        keras.layers.Identity(),
        keras.layers.Dense(1, kernel_initializer="ones"),
        adaptation_factor=0.5,
        batch_normalization=mode,
        **kwargs,
    )


def normalized(x, mean, variance):
    return (x - mean) / np.sqrt(variance + EPSILON)


def moved(values, *news):
    """An exponential average after each of the new values."""
    for new in news:
        values = MOMENTUM * values + (1 - MOMENTUM) * new
    return values


def features_of_all(model, x, training):
    return to_numpy(model(x, training=training)["domain"])


def own_statistics(model):
    return [
        to_numpy(v).item() for v in running_statistics(model.feature_extractor)
    ]


def source_statistics(model):
    return [to_numpy(v).item() for v in model._source_statistics.weights]


def test_joint_batch_by_hand():
    source, target = samples()
    model = transparent("joint")
    both = np.concatenate([source, target])
    got = features_of_all(model, {"source": source, "target": target}, True)
    want = normalized(both, both.mean(), both.var())
    np.testing.assert_allclose(got, want, atol=1e-5)
    np.testing.assert_allclose(
        own_statistics(model),
        [moved(0.0, both.mean()), moved(1.0, both.var())],
        rtol=1e-5,
    )


def test_separate_passes_by_hand():
    source, target = samples()
    model = transparent("separate")
    got = features_of_all(model, {"source": source, "target": target}, True)
    want = np.concatenate(
        [normalized(x, x.mean(), x.var()) for x in (source, target)]
    )
    np.testing.assert_allclose(got, want, atol=1e-5)
    np.testing.assert_allclose(
        own_statistics(model),
        [
            moved(0.0, source.mean(), target.mean()),
            moved(1.0, source.var(), target.var()),
        ],
        rtol=1e-5,
    )


def check_domain_specific(model, source, target):
    """After one training step: the statistics, and inference by them."""
    by_source = moved(0.0, source.mean()), moved(1.0, source.var())
    by_target = moved(0.0, target.mean()), moved(1.0, target.var())
    np.testing.assert_allclose(own_statistics(model), by_target, rtol=1e-5)
    np.testing.assert_allclose(source_statistics(model), by_source, rtol=1e-5)
    plain = model.predict(source, verbose=0)
    np.testing.assert_allclose(
        plain, normalized(source, *by_target), rtol=1e-4, atol=1e-5
    )
    named = model.predict({"source": source}, verbose=0)
    np.testing.assert_allclose(
        named, normalized(source, *by_source), rtol=1e-4, atol=1e-5
    )
    got = features_of_all(model, {"source": source, "target": target}, False)
    want = [normalized(source, *by_source), normalized(target, *by_target)]
    np.testing.assert_allclose(got, np.concatenate(want), rtol=1e-4, atol=1e-5)
    # Neither prediction nor a paired call changed any of it.
    np.testing.assert_allclose(own_statistics(model), by_target, rtol=1e-5)
    np.testing.assert_allclose(source_statistics(model), by_source, rtol=1e-5)


def test_domain_specific_by_hand():
    source, target = samples()
    model = transparent("domain_specific")
    got = features_of_all(model, {"source": source, "target": target}, True)
    want = np.concatenate(
        [normalized(x, x.mean(), x.var()) for x in (source, target)]
    )
    np.testing.assert_allclose(got, want, atol=1e-5)
    check_domain_specific(model, source, target)


def test_domain_specific_in_fit_saved_and_loaded(tmp_path):
    source, target = samples()
    model = transparent("domain_specific")
    model.compile(keras.optimizers.SGD(0.0), "mse")
    dataset = keras_grl.pair((source, source), target, batch_size=(6, 4))
    model.fit(dataset, verbose=0)
    check_domain_specific(model, source, target)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.batch_normalization == "domain_specific"
    check_domain_specific(again, source, target)
    # The plain classifier is that of the target.
    np.testing.assert_allclose(
        model.classifier.predict(target, verbose=0),
        model.predict(target, verbose=0),
        rtol=1e-5,
    )


def test_evaluation_of_pairs_uses_the_statistics_of_each_domain():
    source, target = samples()
    model = transparent("domain_specific")
    model.compile(keras.optimizers.SGD(0.0), "mse")
    dataset = keras_grl.pair((source, source), target, batch_size=(6, 4))
    model.fit(dataset, verbose=0)
    by_source = moved(0.0, source.mean()), moved(1.0, source.var())
    error = normalized(source, *by_source) - source
    logs = model.evaluate(dataset, return_dict=True, verbose=0)
    assert logs["label_loss"] == pytest.approx(np.mean(error**2), rel=1e-4)


def test_labeled_target_samples_use_the_target_statistics():
    source, target = samples(6, 4)
    model = transparent("domain_specific")
    x = {"source": source, "labeled_target": target[:1], "target": target[1:]}
    outputs = model(x, training=True)
    np.testing.assert_allclose(
        own_statistics(model),
        [moved(0.0, target.mean()), moved(1.0, target.var())],
        rtol=1e-5,
    )
    want = np.concatenate(
        [
            normalized(source, source.mean(), source.var()),
            normalized(target, target.mean(), target.var())[:1],
        ]
    )
    np.testing.assert_allclose(to_numpy(outputs["label"]), want, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_the_modes_agree_without_batch_normalization(mode):
    source, target = samples()
    dense = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model = transparent(mode, dense)
    kernel, bias = (to_numpy(w) for w in dense.weights)
    got = features_of_all(model, {"source": source, "target": target}, True)
    want = np.concatenate([source, target]) @ kernel + bias
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_the_gradient_through_frozen_statistics_is_that_of_each_domain():
    """They are swapped back before it is computed."""
    source, target = samples()
    frozen = keras.layers.BatchNormalization(epsilon=EPSILON, trainable=False)
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    extractor = keras.Sequential([keras.Input((1,)), dense, frozen])
    model = transparent("domain_specific", extractor)
    for variable, value in zip(
        model._source_statistics.weights, (1.0, 4.0), strict=True
    ):
        variable.assign([value])
    model.compile(keras.optimizers.SGD(0.1), "mse", domain_loss_weight=0.0)
    dataset = keras_grl.pair((source, source), target, batch_size=(6, 4))
    model.fit(dataset, verbose=0)
    deviation = np.sqrt(4.0 + EPSILON)
    error = (source - 1.0) / deviation - source
    gradient = np.mean(2 * error * source / deviation)
    got = to_numpy(dense.kernel).item()
    assert got == pytest.approx(1.0 - 0.1 * gradient, rel=1e-4)


class Fragile(keras.layers.Layer):
    """Fails on command, as a layer does for an invalid input."""

    fails = False

    def call(self, inputs):
        if self.fails:
            raise RuntimeError("no")
        return inputs


def test_statistics_survive_a_failure():
    source, target = samples()
    fragile = Fragile()
    extractor = keras.Sequential(
        [keras.Input((1,)), keras.layers.BatchNormalization(), fragile]
    )
    model = transparent("domain_specific", extractor)
    x = {"source": source, "target": target}
    model(x, training=True)
    before = own_statistics(model), source_statistics(model)
    fragile.fails = True
    with pytest.raises(RuntimeError, match="no"):
        model(x, training=True)
    assert (own_statistics(model), source_statistics(model)) == before


def test_statistics_of_a_keras_application_are_copied():
    backbone = keras.applications.MobileNetV3Small(
        input_shape=(32, 32, 3), include_top=False, weights=None, pooling="avg"
    )
    means = [v for v in backbone.weights if v.name == "moving_mean"]
    means[3].assign(np.full(means[3].shape, 0.25))
    model = keras_grl.DANNModel(
        backbone,
        keras.layers.Dense(2),
        batch_normalization="domain_specific",
    )
    statistics = running_statistics(backbone)
    assert len(statistics) == 2 * len(means) == 68
    copies = model._source_statistics.weights
    for copy, own in zip(copies, statistics, strict=True):
        np.testing.assert_array_equal(to_numpy(copy), to_numpy(own))


# Preprocessing.


def mean_subtracting(**kwargs):
    extractor = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    return transparent(
        extractor=extractor,
        preprocessing={
            "source": MeanSubtraction(name="source_mean"),
            "target": MeanSubtraction(name="target_mean"),
        },
        **kwargs,
    )


@pytest.mark.parametrize("mode", MODES)
def test_each_domain_minus_its_own_mean(tmp_path, mode):
    source, target = samples()
    model = mean_subtracting(mode=mode)
    # One of them in compiled steps.
    how = {} if mode == "joint" else EAGERLY_ON_TENSORFLOW
    model.compile(keras.optimizers.SGD(0.0), "mse", **how)
    dataset = keras_grl.pair((source, source), target, batch_size=(6, 4))
    model.fit(dataset, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, again):
        x = {"source": source, "target": target}
        got = features_of_all(each, x, False)
        want = [source - source.mean(), target - target.mean()]
        np.testing.assert_allclose(got, np.concatenate(want), atol=1e-5)
        # Plain inputs are the target's unless they are named.
        for inputs, mean in (
            (target, target.mean()),
            ({"target": target}, target.mean()),
            ({"source": target}, source.mean()),
        ):
            got = each.predict(inputs, verbose=0)
            np.testing.assert_allclose(got, target - mean, atol=1e-5)
        got = each.classifier.predict(target, verbose=0)
        np.testing.assert_allclose(got, target - target.mean(), atol=1e-5)


def test_one_domain_may_have_no_preprocessing():
    source, target = samples()
    model = transparent(
        extractor=keras.Sequential(
            [keras.Input((1,)), keras.layers.Identity()]
        ),
        preprocessing={"source": keras.layers.Rescaling(2.0), "target": None},
    )
    x = {"source": source, "target": target}
    got = features_of_all(model, x, False)
    np.testing.assert_allclose(got, np.concatenate([2 * source, target]))


def test_preprocessing_that_changes_the_shape(tmp_path):
    """Gray images become RGB and smaller, differently in each domain."""
    model = keras_grl.DANNModel(
        keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()]),
        keras.layers.Dense(2),
        preprocessing={
            "source": keras.layers.Conv2D(3, 3, strides=3),
            "target": keras.Sequential(
                [keras.layers.Resizing(4, 4), keras.layers.Conv2D(3, 1)]
            ),
        },
    )
    assert not model.built
    rng = np.random.default_rng(0)
    source = rng.normal(size=(6, 12, 12, 1)).astype("float32")
    target = rng.normal(size=(8, 12, 12, 1)).astype("float32")
    model.compile("sgd", "mse")
    data = keras_grl.pair((source, np.zeros((6, 2))), target, batch_size=4)
    model.fit(data, verbose=0)
    assert model.classifier.input_shape == (None, 12, 12, 1)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for inputs in (target, {"source": source}):
        np.testing.assert_allclose(
            again.predict(inputs, verbose=0),
            model.predict(inputs, verbose=0),
            rtol=1e-5,
        )
    np.testing.assert_allclose(
        model.classifier.predict(target, verbose=0),
        model.predict(target, verbose=0),
        rtol=1e-5,
    )


def test_building_twice_changes_nothing():
    source, target = samples()
    model = transparent("domain_specific")
    model.build((None, 1))
    assert len(source_statistics(model)) == 2
    model({"source": source, "target": target}, training=True)
    check_domain_specific(model, source, target)


@pytest.mark.parametrize(
    "bad",
    [
        keras.layers.Identity(),
        {"source": keras.layers.Identity()},
        {"source": "resize", "target": None},
    ],
)
def test_bad_preprocessing(bad):
    with pytest.raises(ValueError, match=r"`preprocessing.*Received"):
        transparent(preprocessing=bad)


def test_bad_mode():
    with pytest.raises(ValueError, match=r"`batch_normalization`.*separate"):
        transparent("both")


def test_outputs_of_any_layer_use_the_statistics_of_the_domain():
    extractor = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.BatchNormalization(name="normalization"),
            keras.layers.Dense(2, name="features"),
        ]
    )
    predictor = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3, activation="tanh", name="hidden"),
            keras.layers.Dense(2, name="predictions"),
        ]
    )
    model = keras_grl.DANNModel(
        extractor,
        predictor,
        keras.layers.Dense(1),
        adaptation_factor=0.5,
        batch_normalization="domain_specific",
    )
    source, target = samples()
    for _ in range(3):
        model({"source": source, "target": target}, training=True)
    found = {}
    for domain, x in (("source", source), ("target", target)):
        normalized, features, hidden, predictions = (
            to_numpy(model.extract_features({domain: x}, at=at))
            for at in ("normalization", None, "hidden", "predictions")
        )
        found[domain] = normalized
        np.testing.assert_allclose(
            to_numpy(extractor.layers[1](normalized)), features, rtol=1e-5
        )
        layer, last = predictor.layers
        kernel, bias = (to_numpy(value) for value in layer.weights)
        np.testing.assert_allclose(
            hidden, np.tanh(features @ kernel + bias), rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(to_numpy(last(hidden)), predictions, 1e-5)
        np.testing.assert_allclose(
            to_numpy(model.extract_features({domain: x}, at="features")),
            features,
        )
    # By equal statistics the same input would give the same.
    other = to_numpy(
        model.extract_features({"target": source}, at="normalization")
    )
    assert np.abs(found["source"] - other).min() > 0.1
    with pytest.raises(ValueError, match=r"`at`.*'hidden'.*at='hiden'"):
        model.extract_features(target, at="hiden")


# One model, several threads.


def test_threads_may_call_a_model_for_both_domains():
    source, target = samples()
    model = transparent("domain_specific")
    for _ in range(3):
        model({"source": source, "target": target}, training=True)
    inputs = {"source": {"source": source}, "target": target}
    right = {name: to_numpy(model(x)) for name, x in inputs.items()}
    assert abs(right["source"] - to_numpy(model(source))).max() > 0.1
    wrong = []

    def serve(name):
        for _ in range(40):
            got = to_numpy(model(inputs[name], training=False))
            wrong.extend([name] * bool(abs(got - right[name]).max() > 1e-6))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [
            threading.Thread(target=serve, args=(name,))
            for name in ("source", "target") * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    for name, x in inputs.items():
        np.testing.assert_array_equal(to_numpy(model(x)), right[name])


def test_a_failed_source_pass_leaves_the_statistics():
    source, target = samples()
    model = transparent("domain_specific")
    model({"source": source, "target": target}, training=True)
    own, of_source = own_statistics(model), source_statistics(model)
    with pytest.raises(ValueError, match="incompatible"):
        model({"source": np.ones((2, 7))}, training=True)
    assert own_statistics(model) == own
    assert source_statistics(model) == of_source


class Penalty(keras.layers.Layer):
    def call(self, inputs):
        self.add_loss(ops.mean(inputs))
        return inputs


@pytest.mark.parametrize("mode", ["separate", "domain_specific"])
def test_losses_of_layers_count_once_per_domain(mode):
    """Of both passes, though the source's has statistics of its own."""
    source, target = samples()
    extractor = keras.Sequential(
        [keras.Input((1,)), Penalty(), keras.layers.BatchNormalization()]
    )
    model = transparent(mode, extractor)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    logs = model.train_on_batch(
        {"source": source, "target": target},
        np.zeros((6, 1)),
        return_dict=True,
    )
    added = logs["loss"] - logs["label_loss"] - logs["domain_loss"]
    assert added == pytest.approx(source.mean() + target.mean(), abs=1e-4)


def test_other_state_of_the_extractor_advances_in_both_passes():
    """Seeds of dropout and counters do not belong to one domain."""

    class Counter(keras.layers.Layer):
        def build(self, input_shape):
            self.calls = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="calls"
            )

        def call(self, inputs):
            self.calls.assign_add(1.0)
            return inputs

    source, target = samples()
    counter = Counter()
    extractor = keras.Sequential(
        [keras.Input((1,)), counter, keras.layers.BatchNormalization()]
    )
    model = transparent("domain_specific", extractor)
    model.compile("sgd", "mse")
    before = float(to_numpy(counter.calls.value))
    x = {"source": source, "target": target}
    for _ in range(2):
        model.train_on_batch(x, np.zeros((6, 1)))
    _ = model.variables
    assert float(to_numpy(counter.calls.value)) == before + 4
