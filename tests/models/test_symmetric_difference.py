"""The domain classifier of section 3.3: two replicas and an XOR."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops

from keras_grl.models import symmetric_difference_classifier
from keras_grl.models.symmetric_difference import TwoReplicas
from tests.models.label_predictors import PREDICTORS
from tests.models.label_predictors import functional
from tests.models.label_predictors import several_outputs
from tests.testing import grad
from tests.testing import to_numpy

FEATURES = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")


def with_weights(model, values):
    """Assigns NumPy arrays, in the order of the weights."""
    for variable, value in zip(model.weights, values, strict=True):
        variable.assign(np.reshape(value, variable.shape))


def same_weights_everywhere(model, seed):
    """Initial weights that do not depend on the backend."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if len(variable.shape) > 1:
            scale = np.sqrt(2 / variable.shape[0])
            variable.assign(scale * rng.normal(size=variable.shape))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_its_family_contains_the_symmetric_difference(classes):
    """With weights by hand, for any two linear h and h': exactly h ≠ h'."""
    rng = np.random.default_rng(classes)
    h, other = 1e4 * rng.normal(size=(2, 4, classes))
    model = symmetric_difference_classifier(
        layers.Dense(classes, "softmax"), units=classes
    )
    model.build((None, 4))
    zeros, eye = np.zeros(classes), np.eye(classes)
    # The sum of relu(h_k - h'_k) over the classes, minus 1/2.
    xor = [np.concatenate([eye, -eye]), zeros, np.ones(classes), [-0.5]]
    with_weights(model, [h, zeros, other, zeros, *xor])
    logits = to_numpy(model(FEATURES))[:, 0]
    differ = (FEATURES @ h).argmax(1) != (FEATURES @ other).argmax(1)
    assert 8 < differ.sum() < 60
    np.testing.assert_array_equal(logits > 0, differ)
    np.testing.assert_allclose(logits, differ - 0.5, atol=1e-3)


def test_it_contains_the_xor_of_one_sigmoid():
    h, other = 1e4 * np.random.default_rng(0).normal(size=(2, 4, 1))
    model = symmetric_difference_classifier(
        layers.Dense(1), units=2, from_logits=True
    )
    model.build((None, 4))
    # relu(h + h') - 2 relu(h + h' - 1) - 1/2.
    xor = [np.ones((2, 2)), [0, -1], [1, -2], [-0.5]]
    with_weights(model, [h, [0], other, [0], *xor])
    logits = to_numpy(model(FEATURES))[:, 0]
    differ = (FEATURES @ h > 0)[:, 0] != (FEATURES @ other > 0)[:, 0]
    assert 8 < differ.sum() < 60
    np.testing.assert_allclose(logits, differ - 0.5, atol=1e-3)


def test_it_learns_an_xor_that_the_default_classifier_cannot():
    """Stripes in x, xor stripes in y: fields of three by three.

    Over eight sets of initial weights it was right for .89 to .99 of the
    points, the other one for .57 to .75; this is the first of them.
    """
    rng, steps = np.random.default_rng(0), 200
    x = rng.uniform(-2, 2, size=(300, 2)).astype("float32")
    domains = np.not_equal(*(np.sin(0.75 * np.pi * x) > 0).T)
    units = 4
    predictor = keras.Sequential(
        [layers.Dense(64, "tanh"), layers.Dense(10, "softmax")]
    )
    accuracies = []
    for model in (
        symmetric_difference_classifier(predictor, units),
        # As the default one, with other units.
        keras.Sequential(
            [
                layers.Dense(units, "relu"),
                layers.Dense(units, "relu"),
                layers.Dense(1),
            ]
        ),
    ):
        model.build((None, 2))
        same_weights_everywhere(model, seed=0)
        model.compile(
            keras.optimizers.Adam(0.04),
            keras.losses.BinaryCrossentropy(from_logits=True),
        )
        model.fit(
            np.tile(x, (steps, 1)),
            np.tile(domains, steps).astype("float32"),
            batch_size=len(x),
            shuffle=False,
            verbose=0,
        )
        predicted = to_numpy(model(x))[:, 0] > 0
        accuracies.append((predicted == domains).mean())
    assert accuracies[0] > 0.93
    assert accuracies[1] < 0.8


@pytest.mark.parametrize("name", PREDICTORS)
@pytest.mark.parametrize("called_before", [False, True])
def test_replicas_of_every_kind_of_predictor(name, called_before):
    predictor = PREDICTORS[name]()
    if called_before:
        predictor(FEATURES)
    before = [to_numpy(w).copy() for w in predictor.weights]
    model = symmetric_difference_classifier(predictor, units=6)
    logits = to_numpy(model(FEATURES))
    assert logits.shape == (64, 1) and np.ptp(logits) > 0
    predictor(FEATURES)
    perceptron = (6 * 6 + 6) + (6 + 1)
    want = 2 * predictor.count_params() + perceptron
    assert model.count_params() == want
    # Neither shared nor changed, and not equal.
    ids = {id(w) for w in model.weights}
    assert not ids & {id(w) for w in predictor.weights}
    for got, want in zip(predictor.weights, before, strict=False):
        np.testing.assert_array_equal(to_numpy(got), want)
    three = (predictor, model.layers[0].first, model.layers[0].second)
    matrices = [p.trainable_weights[0] for p in three]
    assert not np.allclose(to_numpy(matrices[1]), to_numpy(matrices[2]))
    assert not np.allclose(to_numpy(matrices[0]), to_numpy(matrices[1]))


def test_layer_by_layer_the_label_predictor():
    """With its weights, each replica predicts what it does."""
    predictor = functional()
    model = symmetric_difference_classifier(predictor)
    replicas = model.layers[0]
    replicas(FEATURES)
    with_weights(replicas.second, [to_numpy(w) for w in predictor.weights])
    both = to_numpy(replicas(FEATURES))
    want = to_numpy(predictor(FEATURES))
    np.testing.assert_allclose(both[:, 3:], want, rtol=1e-6)
    assert not np.allclose(both[:, :3], want)


@pytest.mark.parametrize("outputs", ["softmax", "sigmoid", "several"])
def test_logits_are_made_decisions(outputs):
    predictor = {
        "softmax": lambda: layers.Dense(3),
        "sigmoid": lambda: layers.Dense(1),
        "several": several_outputs,
    }[outputs]()
    model = symmetric_difference_classifier(predictor, from_logits=True)
    values = to_numpy(model.layers[0](FEATURES))
    assert values.min() > 0 and values.max() < 1
    if outputs == "softmax":
        sums = values.reshape(-1, 2, 3).sum(-1)
        np.testing.assert_allclose(sums, 1.0, rtol=1e-5)
    elif outputs == "several":
        assert values.shape == (64, 6)
        sums = values[:, [0, 3]] + values[:, [1, 4]]
        np.testing.assert_allclose(sums, 1.0, rtol=1e-5)


def test_gradients_reach_both_replicas_and_the_features():
    model = symmetric_difference_classifier(PREDICTORS["sequential"](), 8)
    model.build((None, 4))
    gradient = to_numpy(grad(lambda x: ops.sum(model(x)), FEATURES))
    assert np.abs(gradient).max() > 0
    before = [to_numpy(w).copy() for w in model.trainable_weights]
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(FEATURES, np.arange(64) % 2, batch_size=64, verbose=0)
    for got, want in zip(model.trainable_weights, before, strict=True):
        assert not np.array_equal(to_numpy(got), want), got.path


def test_training_reaches_dropout_and_batch_normalization():
    model = symmetric_difference_classifier(PREDICTORS["batch_normalization"]())
    once, again = (to_numpy(model(FEATURES, training=True)) for _ in range(2))
    assert not np.allclose(once, again)
    once, again = (to_numpy(model(FEATURES)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    moving = model.non_trainable_weights
    assert np.abs(to_numpy(moving[0])).max() > 0


def test_fixed_seeds_do_not_make_replicas_equal():
    def predictor():
        normal = keras.initializers.GlorotNormal(seed=3)
        return keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dropout(0.5, seed=5),
                layers.Dense(3, "softmax", kernel_initializer=normal),
            ]
        )

    def replicas():
        layer = symmetric_difference_classifier(predictor()).layers[0]
        return [to_numpy(r.weights[0]) for r in (layer.first, layer.second)]

    first, second = replicas()
    assert not np.allclose(first, second)
    assert not np.allclose(first, to_numpy(predictor().weights[0]))
    # They stay fixed.
    for got, want in zip(replicas(), (first, second), strict=True):
        np.testing.assert_array_equal(got, want)


def test_replicas_of_a_frozen_predictor_learn():
    predictor = PREDICTORS["built"]()
    predictor.trainable = False
    model = symmetric_difference_classifier(predictor)
    model.build((None, 4))
    assert len(model.trainable_weights) == 2 * 4 + 4
    assert not predictor.trainable


def test_maps_and_predictions_of_higher_rank():
    predictor = layers.Conv2D(3, 1, activation="softmax")
    model = symmetric_difference_classifier(predictor, units=5)
    assert model(np.ones((2, 4, 4, 6))).shape == (2, 1)
    assert model.layers[0](np.ones((2, 4, 4, 6))).shape == (2, 2 * 16 * 3)


def test_masks_end_at_the_predictions():
    """A label predictor that uses them, and a perceptron that cannot."""
    layer = TwoReplicas(
        layers.GlobalAveragePooling1D(), layers.GlobalAveragePooling1D()
    )
    embedded = layers.Embedding(5, 4, mask_zero=True)
    short, padded = (
        layer(embedded(np.array([row]))) for row in ([1, 2], [1, 2, 0])
    )
    np.testing.assert_allclose(to_numpy(short), to_numpy(padded), rtol=1e-5)
    assert getattr(padded, "_keras_mask", None) is None


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    predictor = keras.Sequential(
        [layers.Dense(5, "relu"), layers.Dense(3, "softmax", dtype="float32")]
    )
    model = symmetric_difference_classifier(predictor)
    logits = model(FEATURES)
    half = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(logits.dtype) == half
    assert np.isfinite(to_numpy(ops.cast(logits, "float32"))).all()
    assert {w.dtype for w in model.weights} == {"float32"}
