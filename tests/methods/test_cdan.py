"""`CDAN`: products, weights and gradients against NumPy, and its errors."""

import functools
import warnings

import keras
import numpy as np
import pytest
from keras import layers
from keras import losses
from keras import ops

import keras_grl
from keras_grl import DANNModel
from keras_grl.methods import CDAN
from keras_grl.methods import Rows
from keras_grl.methods.probabilities import takes_logits
from tests.losses import by_hand
from tests.models import reference
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy
from tests.testing import weights_of_parts as weights

# The math. (G_f, G_y and G_d are those of tests/models/reference.py.)

# Layers of the label predictor and loss, by the form of its outputs.
FORMS = {
    "softmax": (
        lambda: [layers.Dense(3, "softmax")],
        "sparse_categorical_crossentropy",
    ),
    "logits": (
        lambda: [layers.Dense(3)],
        losses.SparseCategoricalCrossentropy(from_logits=True),
    ),
    "sigmoid": (lambda: [layers.Dense(1, "sigmoid")], "binary_crossentropy"),
    "one logit": (
        lambda: [layers.Dense(1)],
        losses.BinaryCrossentropy(from_logits=True),
    ),
}


def domain_gradients(before, x, n, matrices, entropy):
    """Loss, dL/dθ_f (A, a) and dL/dθ_d (C, c, D, d), with p a constant."""
    f = np.tanh(x @ before[0] + before[1])
    p = reference.softmax(f @ before[2] + before[3])
    w1, b1, w2, b2 = before[4:]
    if matrices is None:
        products = np.stack(
            [np.outer(*each).ravel() for each in zip(f, p, strict=True)]
        )
    else:
        left, right = f @ matrices[0], p @ matrices[1]
        products = left * right / np.sqrt(1024)
    hidden = np.maximum(products @ w1 + b1, 0)
    logit = (hidden @ w2 + b2)[:, 0]
    domain = np.arange(len(x)) >= n
    w = np.ones(len(x))
    if entropy:
        w = 1 + np.exp(-by_hand.entropy(p))
        w[:n] /= w[:n].mean()
        w[n:] /= w[n:].mean()
    loss = np.mean(w * (np.logaddexp(0, logit) - domain * logit))

    dlogit = (w * (1 / (1 + np.exp(-logit)) - domain) / len(x))[:, None]
    dhidden = (dlogit @ w2.T) * (hidden > 0)
    dproducts = dhidden @ w1.T
    if matrices is None:
        df = np.einsum("nfc,nc->nf", dproducts.reshape(len(x), 4, -1), p)
    else:
        df = dproducts * right / np.sqrt(1024) @ matrices[0].T
    da = df * (1 - f**2)
    theta_d = products.T @ dhidden, dhidden.sum(0), hidden.T @ dlogit
    return loss, [x.T @ da, da.sum(0)], [*theta_d, dlogit.sum(0)]


@pytest.mark.parametrize(
    ("form", "conditioning", "entropy", "maps"),
    [
        ("softmax", "multilinear", False, False),
        ("logits", "multilinear", True, True),
        ("sigmoid", "multilinear", True, False),
        ("one logit", "randomized", False, False),
        ("softmax", "randomized", True, True),
    ],
)
def test_one_step_by_hand(form, conditioning, entropy, maps):
    outputs, loss = FORMS[form]
    extractor = small_extractor()
    if maps:
        extractor = keras.Sequential([extractor, layers.Reshape((2, 1, 2))])
    model = DANNModel(
        extractor,
        keras.Sequential([layers.Flatten(), *outputs()]),
        small_domain_classifier(),
        adaptation_factor=0.7,
        conditioning=conditioning,
        entropy_conditioning=entropy,
    )
    model.compile(keras.optimizers.SGD(0.5), loss, domain_loss_weight=0.3)
    units = model.classifier.output_shape[-1]
    data = small_data(source=12, target=8, classes=max(units, 2))
    x_source, y_source, x_target = data
    got = [w.astype("float64") for w in weights(model)]
    # A sigmoid unit z is the softmax of (0, z).
    two = [
        np.insert(w, 0, 0, axis=-1) if units == 1 and 1 < i < 4 else w
        for i, w in enumerate(got)
    ]
    matrices = [
        to_numpy(v) for v in model.method.weights if v.shape[-1:] == (1024,)
    ]
    assert [len(each) for each in matrices] == (
        [] if conditioning == "multilinear" else [4, max(units, 2)]
    )
    domain_loss, f_domain, theta_d = domain_gradients(
        two, np.concatenate([x_source, x_target]), 12, matrices or None, entropy
    )
    # The classifier of this reference sees features alone: its gradients are
    # not used.
    label_loss, _, _, f_label, _, theta_y, _ = reference.losses_and_gradients(
        [*two[:4], *reference_classifier()], *data
    )
    gradients = [
        *(y - 0.7 * 0.3 * d for y, d in zip(f_label, f_domain, strict=True)),
        *(g[..., -1:] if units == 1 else g for g in theta_y),
        *(0.3 * each for each in theta_d),
    ]
    logs = model.train_on_batch(
        {"source": x_source, "target": x_target}, y_source, return_dict=True
    )
    assert logs["label_loss"] == pytest.approx(label_loss, abs=1e-6)
    assert logs["domain_loss"] == pytest.approx(domain_loss, abs=1e-6)
    assert logs["loss"] == pytest.approx(label_loss + 0.3 * domain_loss)
    for after, w, g in zip(weights(model), got, gradients, strict=True):
        np.testing.assert_allclose(after, w - 0.5 * g, atol=2e-6)
    for name in ("random_features", "random_classes"):
        assert not any(name in v.path for v in model.trainable_variables)


def reference_classifier():
    return np.zeros((4, 5)), np.zeros(5), np.zeros((5, 1)), np.zeros(1)


def test_the_random_matrices():
    """From N(0, 1), by the seed of Keras, and fixed."""

    def matrices():
        keras.utils.set_random_seed(3)
        method = CDAN(layers.Dense(1), 0.3, conditioning="randomized")
        method(np.zeros((4, 2, 100)), np.full((4, 10), 0.1))
        assert method.domain_classifier.kernel.shape == (1024, 1)
        return [to_numpy(v) for v in method.non_trainable_variables[:2]]

    once = matrices()
    assert [each.shape for each in once] == [(200, 1024), (10, 1024)]
    for each, again in zip(once, matrices(), strict=True):
        np.testing.assert_array_equal(each, again)
        assert each.mean() == pytest.approx(0, abs=0.05)
        assert each.std() == pytest.approx(1, abs=0.05)
        # Not one row repeated.
        assert np.abs(np.corrcoef(each)[0, 1:]).max() < 0.2


def test_products_in_half_precision_do_not_overflow():
    method = CDAN(layers.Dense(1), 0.3, conditioning="randomized")
    features = np.full((2, 4096), 600.0, "float16")
    p = np.full((2, 3), 1 / 3, "float16")
    method(features, p)
    products = method.classifier_inputs(features, p)
    assert keras.backend.standardize_dtype(products.dtype) == "float16"
    a, b = (to_numpy(v) for v in method.non_trainable_variables[:2])
    want = (features.astype("float64") @ a) * (p.astype("float64") @ b) / 32
    assert np.abs(features.astype("float64") @ a).max() > 65504
    np.testing.assert_allclose(to_numpy(products), want, rtol=0.01, atol=0.1)


# The entropy weights.


class _Domains(Rows):
    """Rows of the domains 0, 1 and 2."""

    def domains(self):
        return ops.convert_to_tensor(np.array([0, 0, 1, 1, 1, 2], "float32"))


@pytest.mark.parametrize("units", [1, 2, 3])
def test_entropy_weights_have_the_mean_1_within_each_domain(units):
    rng = np.random.default_rng(0)
    p = reference.softmax(3 * rng.normal(size=(6, 4)))
    p[0] = [1, 0, 0, 0]
    rows = (Rows if units < 3 else _Domains)(source=2, labeled=2, total=6)
    method = CDAN(layers.Dense(1), entropy_conditioning=True)
    outputs = {
        "domain": ops.zeros((6, units)),
        "predictions": ops.convert_to_tensor(p.astype("float32")),
    }
    got = to_numpy(method.sample_weights(outputs, rows))
    want = 1 + np.exp(-by_hand.entropy(np.maximum(p, 1e-30)))
    assert want[0] == pytest.approx(2.0)
    domains = to_numpy(rows.domains())
    for domain in np.unique(domains):
        want[domains == domain] /= want[domains == domain].mean()
    np.testing.assert_allclose(got, want, rtol=1e-5)
    if units < 3:
        # "Cannot tell" costs ln 2, though the source is surer.
        assert float(to_numpy(method.loss(outputs, rows))) == pytest.approx(
            np.log(2)
        )


# What the predictions are.


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (None, False),
        ("sparse_categorical_crossentropy", False),
        (losses.sparse_categorical_crossentropy, False),
        (losses.CategoricalCrossentropy(), False),
        (losses.CategoricalCrossentropy(from_logits=True), True),
        (losses.CategoricalFocalCrossentropy(from_logits=True), True),
        ([losses.BinaryFocalCrossentropy(from_logits=True)], True),
        ({"a": losses.BinaryCrossentropy(from_logits=True)}, True),
        (losses.MeanSquaredError(), False),
        (lambda y, y_pred: y_pred, False),
        (
            functools.partial(losses.binary_crossentropy, from_logits=True),
            True,
        ),
        (lambda y, y_pred, from_logits=True: y_pred, True),
        (functools.partial(losses.binary_crossentropy, axis=-1), False),
        (max, False),  # without a signature
    ],
)
def test_losses_of_logits(loss, expected):
    assert takes_logits(loss) is expected


class Hidden(layers.Layer):
    """A dense layer whose activation is not among its attributes."""

    def __init__(self, units, function):
        super().__init__()
        self.dense = layers.Dense(units)
        self.function = function

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, features):
        return self.function(self.dense(features))


def model_of(*predictor, loss="mse", **kwargs):
    model = DANNModel(
        small_extractor(),
        keras.Sequential(list(predictor)),
        small_domain_classifier(),
        **{"conditioning": "multilinear", **kwargs},
    )
    model.compile("sgd", loss)
    return model


def fit(model, y=None):
    x_source, y_source, x_target = small_data()
    y = y_source if y is None else y
    data = keras_grl.pair((x_source, y), x_target, batch_size=8)
    return model.fit(data, verbose=0).history


@pytest.mark.parametrize(
    ("predictor", "loss"),
    [
        # A loss of logits where the label predictor has none, and a regression.
        (lambda: layers.Dense(3), "sparse_categorical_crossentropy"),
        (lambda: layers.Dense(1), "mse"),
        (lambda: keras.Sequential([layers.Dense(3)]), None),
        (lambda: layers.Dense(3), lambda y, y_pred: ops.mean(y_pred, -1)),
    ],
)
def test_linear_outputs_are_refused_by_compile(predictor, loss):
    with pytest.raises(ValueError, match=r"Conditioning.*linear") as error:
        model_of(predictor(), loss=loss)
    for hint in (
        "from_logits=True",
        "conditioning=None",
        "Received",
        "softmax",
    ):
        assert hint in str(error.value)


@pytest.mark.parametrize(
    ("predictor", "loss", "received"),
    [
        (lambda: layers.Dense(3, "relu"), "mse", "ends in activation='relu'"),
        # Classes that do not exclude each other.
        (
            lambda: layers.Dense(3, "sigmoid"),
            "binary_crossentropy",
            "ends in activation='sigmoid'",
        ),
        (
            lambda: layers.Dense(3),
            losses.BinaryCrossentropy(from_logits=True),
            "3 outputs of two classes",
        ),
        (
            lambda: Hidden(3, lambda x: x),
            "sparse_categorical_crossentropy",
            "not rows of probabilities",
        ),
        (lambda: Hidden(3, ops.sigmoid), "mse", "not rows of probabilities"),
        (lambda: Hidden(1, ops.tanh), "mse", "not rows of probabilities"),
    ],
)
def test_other_outputs_are_refused_by_fit(predictor, loss, received):
    model = model_of(predictor(), loss=loss)
    before = weights(model)
    y = np.zeros((12, model.classifier.output_shape[-1]), "float32")
    if loss == "sparse_categorical_crossentropy":
        y = y[:, 0]
    with pytest.raises(ValueError, match=f"Conditioning.*{received}"):
        fit(model, y)
    for got, want in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "predictor",
    [
        lambda: Hidden(3, lambda x: ops.softmax(x, axis=-1)),
        lambda: Hidden(
            1, lambda x: ops.concatenate([ops.sigmoid(x), ops.sigmoid(-x)], 1)
        ),
        lambda: Hidden(1, ops.sigmoid),
        lambda: layers.Dense(3, "sparsemax"),
    ],
)
def test_probabilities_by_their_values(predictor):
    model = model_of(predictor(), loss=lambda y, y_pred: ops.mean(y_pred, -1))
    assert np.isfinite(fit(model)["loss"]).all()


def test_several_outputs_are_refused():
    inputs = keras.Input((4,))
    heads = {
        "kind": layers.Dense(3, "softmax", name="kind")(inputs),
        "size": layers.Dense(1, name="size")(inputs),
    }
    with pytest.raises(ValueError, match=r"one output of shape.*kind"):
        DANNModel(
            small_extractor(),
            keras.Model(inputs, heads),
            conditioning="multilinear",
        )


def test_a_row_for_each_pixel_is_refused():
    extractor = keras.Sequential([keras.Input((4, 3)), layers.Dense(2, "tanh")])
    with pytest.raises(ValueError, match=r"\(batch, classes\).*\(None, 4, 3\)"):
        DANNModel(
            extractor, layers.Dense(3, "softmax"), conditioning="randomized"
        )


def test_features_of_an_unknown_size_are_refused():
    extractor = keras.Sequential(
        [keras.Input((None, 3)), layers.Dense(2, "tanh")]
    )
    head = keras.Sequential(
        [layers.GlobalAveragePooling1D(), layers.Dense(3, "softmax")]
    )
    with pytest.raises(ValueError, match=r"known size.*\(None, None, 2\)"):
        DANNModel(extractor, head, conditioning="multilinear")


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"conditioning": "exact"}, r'`conditioning`.*"multilinear".*exact'),
        ({"conditioning": True}, "`conditioning`"),
        (
            {"conditioning": "randomized", "entropy_conditioning": 1},
            "`entropy_conditioning`.*True or False",
        ),
        ({"entropy_conditioning": True}, 'conditioning="multilinear"'),
        ({"entropy_conditioning": "yes"}, "`entropy_conditioning`"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        DANNModel(small_extractor(), small_classifier(), **kwargs)


def test_an_activated_domain_classifier_is_still_found_by_its_values():
    """It sees 12 products, not 4 features."""
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        Hidden(1, ops.sigmoid),
        conditioning="multilinear",
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"return logits.*between 0 and 1"):
        fit(model)


# The hint.


def many_products(units=1025, **kwargs):
    return DANNModel(
        small_extractor(units),
        layers.Dense(4, "softmax"),
        layers.Dense(1),
        **kwargs,
    )


def test_one_hint_where_there_are_many_products(tmp_path):
    with pytest.warns(
        UserWarning, match=r"4,100 products.*randomized"
    ) as record:
        model = many_products(conditioning="multilinear")
    model.compile("sgd", "sparse_categorical_crossentropy")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*products")
        fit(model)
        many_products(1024, conditioning="multilinear")
        many_products(conditioning="randomized")
        many_products()
        # Whoever saved it knows.
        model.save(tmp_path / "model.keras")
        keras.saving.load_model(tmp_path / "model.keras")
    assert len(record) == 1
    # Exact at any size.
    assert model.domain_classifier.kernel.shape == (4100, 1)


def test_with_several_sources_chance_loss_costs_ln_3():
    keras.utils.set_random_seed(0)
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        layers.Dense(3, kernel_initializer="zeros"),
        adaptation_factor=1.0,
        conditioning="multilinear",
        entropy_conditioning=True,
    )
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    x_source, y_source, x_target = small_data(source=12, target=8)
    x = {
        "source_0": x_source[:7],
        "source_1": 3 * x_source[7:],
        "target": x_target,
    }
    y = {"source_0": y_source[:7], "source_1": y_source[7:]}
    logs = model.train_on_batch(x, y, return_dict=True)
    assert logs["domain_loss"] == pytest.approx(np.log(3), rel=1e-5)
