"""The two losses of Appendix A: gradients by hand, state, files and errors."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import losses
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl.methods.adversarial_loss import call_twice
from tests.models import reference
from tests.testing import BACKEND
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy
from tests.testing import weights_of_parts as weights


@keras.saving.register_keras_serializable(package="tests")
def logistic(domains, logits):
    return ops.softplus(logits) - domains * logits


@keras.saving.register_keras_serializable(package="tests")
def minus_logistic(domains, logits):
    return -logistic(domains, logits)


@keras.saving.register_keras_serializable(package="tests")
def least_squares(domains, logits):
    """The features' loss of a least-squares GAN, one value per sample."""
    return ops.mean(ops.square(logits - (1.0 - domains)), axis=-1)


# The gradient of the mean of each with respect to the logits.
def d_logistic(d, z):
    return (1 / (1 + np.exp(-z)) - d) / len(z)


def d_swapped(d, z):
    return d_logistic(1 - d, z)


def d_least_squares(d, z):
    return 2 * (z - (1 - d)) / len(z)


def backward(before, x, dlogit):
    """The gradients of θ_f and θ_d from that of the logits."""
    first, bias, _, _, w1, b1, w2, _ = before
    f = np.tanh(x @ first + bias)
    hidden = np.maximum(f @ w1 + b1, 0)
    dhidden = (dlogit[:, None] @ w2.T) * (hidden > 0)
    da = dhidden @ w1.T * (1 - f**2)
    theta_d = f.T @ dhidden, dhidden.sum(0), hidden.T @ dlogit[:, None]
    return [x.T @ da, da.sum(0)], [*theta_d, dlogit.sum(0, keepdims=True)]


def logits_of(before, x):
    first, bias, _, _, w1, b1, w2, b2 = before
    hidden = np.maximum(np.tanh(x @ first + bias) @ w1 + b1, 0)
    return (hidden @ w2 + b2)[:, 0]


@pytest.mark.parametrize(
    ("pair", "minus", "smoothing", "units"),
    [
        ("swapped", d_swapped, 0.0, 1),
        ("swapped", d_swapped, 0.2, 2),
        ((logistic, least_squares), d_least_squares, 0.2, 1),
        (
            [losses.BinaryCrossentropy(from_logits=True), minus_logistic],
            lambda d, z: -d_logistic(d, z),
            0.0,
            1,
        ),
    ],
)
def test_one_step_by_hand(pair, minus, smoothing, units):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        keras.Sequential([layers.Dense(5, "relu"), layers.Dense(units)]),
        adaptation_factor=0.7,
        domain_label_smoothing=smoothing,
        adversarial_loss=pair,
    )
    model.compile(
        keras.optimizers.SGD(0.5),
        "sparse_categorical_crossentropy",
        domain_loss_weight=0.3,
        **EAGERLY_ON_TENSORFLOW,
    )
    x_source, y_source, x_target = data = small_data(source=12, target=8)
    x = np.concatenate([x_source, x_target])
    got = [w.astype("float64") for w in weights(model)]
    # Two logits count by their difference.
    one = [
        w if units == 1 or i < 6 else w[..., 1:] - w[..., :1]
        for i, w in enumerate(got)
    ]
    domain = np.array([0] * 12 + [1] * 8) * (1 - smoothing) + smoothing / 2
    z = logits_of(one, x)
    domain_loss = np.mean(np.logaddexp(0, z) - domain * z)
    label_loss, _, _, f_label, _, theta_y, _ = reference.losses_and_gradients(
        one, *data
    )
    f_domain, _ = backward(one, x, minus(domain, z))
    _, theta_d = backward(one, x, d_logistic(domain, z))
    if units == 2:
        theta_d[2:] = [np.concatenate([-g, g], axis=-1) for g in theta_d[2:]]
    gradients = [
        *(y + 0.7 * 0.3 * d for y, d in zip(f_label, f_domain, strict=True)),
        *theta_y,
        *(0.3 * each for each in theta_d),
    ]
    logs = model.train_on_batch(
        {"source": x_source, "target": x_target}, y_source, return_dict=True
    )
    # The value of L_d− is in neither.
    assert logs["domain_loss"] == pytest.approx(domain_loss, abs=1e-6)
    assert logs["loss"] == pytest.approx(label_loss + 0.3 * domain_loss)
    assert logs["domain_accuracy"] == pytest.approx(
        np.mean((z > 0) == (domain > 0.5))
    )
    for after, w, g in zip(weights(model), got, gradients, strict=True):
        np.testing.assert_allclose(after, w - 0.5 * g, atol=2e-6)


# One step counts once.


def everything_per_domain(**kwargs):
    extractor = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, "tanh"),
            layers.BatchNormalization(),
        ]
    )
    classifier = keras.Sequential(
        [
            layers.Dense(6, "relu"),
            layers.BatchNormalization(momentum=0.5),
            # On torch a dropout without seed has other numbers in each call.
            layers.Dropout(0.4, seed=1),
            layers.Dense(1),
        ]
    )
    return DANNModel(
        extractor,
        layers.Dense(3, "softmax"),
        classifier,
        batch_normalization="domain_specific",
        **kwargs,
    )


@pytest.mark.parametrize(
    "options",
    [
        {"domain_label_smoothing": 0.2},
        {"conditioning": "multilinear", "entropy_conditioning": True},
    ],
)
def test_gradient_reversal_is_the_pair_of_a_loss_and_its_opposite(options):
    """Also λ's step, dropout's seeds and all statistics, to rounding."""
    x, y, x_target = small_data(source=16, target=16)

    def trained(**kwargs):
        keras.utils.set_random_seed(0)
        model = everything_per_domain(**options, **kwargs)
        # One of the two in compiled steps.
        how = EAGERLY_ON_TENSORFLOW if "conditioning" in options else {}
        model.compile(
            keras.optimizers.SGD(0.2, momentum=0.9),
            "sparse_categorical_crossentropy",
            **how,
        )
        pairs = keras_grl.pair((x, y), x_target, batch_size=16, seed=1)
        history = model.fit(pairs, epochs=2, verbose=0).history
        names = [f"{i} {v.name}" for i, v in enumerate(model.variables)]
        values = [to_numpy(v) for v in model.variables]
        return {**dict(zip(names, values, strict=True)), **history}

    want = trained()
    got = trained(adversarial_loss=(logistic, minus_logistic))
    assert got.keys() == want.keys()
    assert sum("seed_generator_state" in name for name in want) == 1
    for name, value in want.items():
        np.testing.assert_allclose(
            got[name], value, rtol=1e-5, atol=2e-6, err_msg=name
        )


def test_one_pass_of_the_feature_extractor():
    seen = []

    class Watcher(layers.Layer):
        def call(self, inputs):
            seen.append(self.name)
            return inputs

    model = DANNModel(
        keras.Sequential([Watcher(name="f"), layers.Dense(4)]),
        keras.Sequential([Watcher(name="y"), layers.Dense(3)]),
        keras.Sequential([Watcher(name="d"), layers.Dense(1)]),
        adversarial_loss="swapped",
    )
    x_source, _, x_target = small_data()
    x = {"source": x_source, "target": x_target}
    model(x)
    seen.clear()
    outputs = model(x)
    assert sorted(seen) == ["d", "d", "f", "y"]
    np.testing.assert_allclose(
        to_numpy(outputs["adversary"]), to_numpy(outputs["domain"]), rtol=1e-6
    )
    assert set(model.network(x_source)) == {"label", "domain", "adversary"}


@pytest.mark.skipif(BACKEND != "tensorflow", reason="of its graphs")
def test_each_weight_is_read_once():
    """A second read could come after the update of the variable."""
    import tensorflow as tf

    layer = layers.Dense(1)
    layer.build((None, 3))
    graph = (
        tf.function(lambda x: call_twice(layer, x, x, True)[:2])
        .get_concrete_function(tf.zeros((2, 3)))
        .graph
    )
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("ReadVariableOp") == len(layer.weights) == 2


def test_losses_of_the_layers_count_once():
    def classifier():
        return keras.Sequential(
            [layers.Dense(5, activity_regularizer="l2"), layers.Dense(1)]
        )

    logs = []
    x_source, y_source, x_target = small_data()
    for pair in (None, "swapped"):
        keras.utils.set_random_seed(0)
        model = DANNModel(
            small_extractor(),
            small_classifier(),
            classifier(),
            adversarial_loss=pair,
        )
        model.compile(
            "sgd", "sparse_categorical_crossentropy", **EAGERLY_ON_TENSORFLOW
        )
        logs.append(
            model.test_on_batch(
                {"source": x_source, "target": x_target},
                y_source,
                return_dict=True,
            )
        )
    assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    assert logs[0]["loss"] > logs[0]["label_loss"] + logs[0]["domain_loss"]


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_both_calls_see_the_mask():
    def outputs(pair):
        keras.utils.set_random_seed(0)
        head = [layers.GlobalAveragePooling1D(), layers.Dense(1)]
        model = DANNModel(
            keras.Sequential(
                [keras.Input((5,)), layers.Embedding(7, 4, mask_zero=True)]
            ),
            keras.Sequential(
                [layers.GlobalAveragePooling1D(), layers.Dense(3)]
            ),
            keras.Sequential(head),
            adversarial_loss=pair,
        )
        x = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0], [1, 0, 0, 0, 0]])
        return model({"source": x[:2], "target": x[2:]})

    want = to_numpy(outputs(None)["domain"])
    got = outputs("swapped")
    for name in ("domain", "adversary"):
        np.testing.assert_allclose(to_numpy(got[name]), want, rtol=1e-6)


# Files.


def small_model(pair, **kwargs):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adversarial_loss=pair,
        **kwargs,
    )
    model.compile(
        "sgd", "sparse_categorical_crossentropy", **EAGERLY_ON_TENSORFLOW
    )
    return model


@pytest.mark.parametrize(
    "pair",
    [
        "swapped",
        (logistic, least_squares),
        [
            losses.BinaryCrossentropy(from_logits=True),
            losses.mean_squared_error,
        ],
    ],
)
@pytest.mark.parametrize("generic", [False, True])
def test_saved_and_loaded(pair, generic, tmp_path):
    model = small_model(pair)
    if generic:
        model = keras_grl.AdaptationModel(
            model.feature_extractor, model.label_predictor, model.method
        )
        model.compile(
            "sgd", "sparse_categorical_crossentropy", **EAGERLY_ON_TENSORFLOW
        )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    got = loaded.method.adversarial_loss.losses
    if pair == "swapped":
        assert got == "swapped"
    else:
        for a, b in zip(got, pair, strict=True):
            assert a is b or type(a) is type(b) is losses.BinaryCrossentropy
        assert getattr(got[0], "from_logits", True)
    key = "adversarial_loss"
    want = model.method.get_config()[key]
    assert want == loaded.method.get_config()[key] is not None
    x_source, y_source, x_target = small_data()
    x = {"source": x_source, "target": x_target}
    assert loaded.test_on_batch(x, y_source) == pytest.approx(
        model.test_on_batch(x, y_source), rel=1e-5
    )


def test_a_loss_that_is_not_registered_cannot_be_saved(tmp_path):
    model = small_model((logistic, lambda d, z: -logistic(d, z)))
    with pytest.raises(ValueError, match="register_keras_serializable"):
        model.save(tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()


# Errors.


@pytest.mark.parametrize(
    "wrong",
    [
        "swap",
        logistic,
        (logistic,),
        (logistic,) * 3,
        (logistic, "swapped"),
        (logistic, -1.0),
        (losses.BinaryCrossentropy, logistic),
        {"plus": logistic, "minus": logistic},
        True,
    ],
)
def test_bad_pairs(wrong):
    with pytest.raises(
        ValueError,
        match=r'(?s)`adversarial_loss`.*"swapped" or a pair.*Received',
    ):
        small_model(wrong)


@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryCrossentropy(),
        losses.BinaryFocalCrossentropy(),
        losses.binary_crossentropy,
    ],
)
def test_losses_of_probabilities_are_refused(loss):
    with pytest.raises(
        ValueError, match=r"losses of logits.*\nPass `from_logits"
    ):
        small_model((logistic, loss))


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        # One value for all samples cannot be weighted.
        (
            losses.BinaryCrossentropy(from_logits=True),
            {"conditioning": "multilinear", "entropy_conditioning": True},
        ),
        (lambda d, z: ops.transpose(z), {}),
    ],
)
def test_losses_without_one_value_per_sample(loss, options):
    x_source, y_source, x_target = small_data()
    pairs = keras_grl.pair((x_source, y_source), x_target, batch_size=8)
    model = small_model((loss, logistic), **options)
    before = weights(model)
    with pytest.raises(ValueError, match="one value per sample"):
        model.fit(pairs, verbose=0)
    for got, want in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(got, want)


def test_several_sources_are_refused():
    with pytest.raises(ValueError, match=r"`adversarial_loss` is.*3 logits"):
        DANNModel(
            small_extractor(),
            small_classifier(),
            layers.Dense(3),
            adversarial_loss="swapped",
        )
