"""The bound of section 3.3, on domains of known divergence."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_grl
from keras_grl.diagnostics import h_divergence_bound
from tests.eagerly import eagerly_on_tensorflow
from tests.testing import to_numpy


def model(units=2, activation="softmax", **kwargs):
    """A label predictor on the inputs as they are."""
    return keras_grl.DANNModel(
        keras.Sequential(
            [keras.Input((1,)), layers.Activation("linear", name="same")]
        ),
        layers.Dense(units, activation=activation),
        **kwargs,
    )


def uniform(low, high, count=400, seed=0):
    random = np.random.default_rng((seed, int(10 * low + 100)))
    return random.uniform(low, high, size=(count, 1)).astype("float32")


@pytest.fixture
def eager(monkeypatch):
    """For classifiers of a few steps. Others here are compiled."""
    eagerly_on_tensorflow(monkeypatch)


def test_two_intervals_that_overlap_by_half():
    """The best classifier has the total variation distance: 1/2."""
    found = h_divergence_bound(
        model(), 100 * uniform(0, 1), 100 * uniform(0.5, 1.5), epochs=40
    )
    # Besides the interval, a trained classifier is not the best one.
    assert found.low - 0.05 < 0.5 < found.high + 0.05
    assert 0.15 < found.high - found.low < 0.3
    assert found.source_error is None and found.bound is None


def test_it_is_the_symmetric_difference():
    """A difference of two thresholds: no linear classifier has an advantage."""
    source = uniform(-1, 1)
    target = np.concatenate([uniform(-3, -1, 200), uniform(1, 3, 200)])
    found = h_divergence_bound(model(), source, target, epochs=40)
    assert found.divergence > 0.9


def test_equal_domains_have_a_bound_of_0_within_the_interval():
    found = h_divergence_bound(
        model(), uniform(0, 1), uniform(0, 1, 300, seed=1), epochs=5
    )
    assert found.low == 0.0 and found.divergence < 0.15 and found.high > 0


@pytest.mark.usefixtures("eager")
def test_few_samples_have_a_wide_interval():
    found = h_divergence_bound(
        model(), uniform(0, 1, 20), 99 + uniform(0, 1, 20), epochs=1
    )
    assert found.high - found.low > 0.25


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("units", "activation"),
    [(2, "softmax"), (1, "sigmoid"), (2, None), (1, None)],
)
def test_the_source_error_is_added(units, activation):
    threshold, from_logits = 0.25, activation is None
    predicts = model(units, activation)
    # Class 1 above the threshold. Some logits of class 1 are below 0.5.
    kernel = [[-1.0, 1.0]] if units == 2 else [[2.0]]
    bias = np.array(kernel[0]) * -threshold
    predicts.label_predictor.set_weights([np.array(kernel), bias])
    x = np.linspace(0, 1, 41, dtype="float32")[:40, None]
    y = (x[:, 0] > 0.5).astype(int)  # 10 of 40 are predicted wrong
    found = h_divergence_bound(
        predicts, x, x, y, epochs=1, from_logits=from_logits
    )
    assert found.source_error == pytest.approx(0.25)
    assert found.bound == found.source_error + found.divergence
    assert str(found).startswith("target error ≤ 0.250 + ")
    assert str(found).endswith("+ C")


@pytest.mark.usefixtures("eager")
def test_labels_stay_with_their_samples_when_some_are_chosen():
    predicts = model()
    predicts.label_predictor.set_weights(
        [np.array([[-50.0, 50.0]]), np.array([25.0, -25.0])]
    )
    x = uniform(0, 1, 200)
    y = (x[:, 0] > 0.5).astype(int)
    found = h_divergence_bound(predicts, x, x, y, samples=50, epochs=1)
    assert found.source_error == 0.0


@pytest.mark.usefixtures("eager")
def test_the_seed_decides_and_nothing_is_changed():
    adapted = model()
    weights = [to_numpy(w).copy() for w in adapted.weights]
    state = np.random.get_state()[1].copy()
    x, x_target = uniform(0, 1, 60), uniform(0.5, 1.5, 60)
    one, again = (
        h_divergence_bound(adapted, x, x_target, epochs=3, seed=4)
        for _ in range(2)
    )
    assert one == again
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    for weight, before in zip(adapted.weights, weights, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), before)


def unbuilt():
    return keras_grl.DANNModel(layers.Dense(2), layers.Dense(2))


def diverged():
    broken = keras_grl.DANNModel(
        keras.Sequential([keras.Input((1,)), layers.Dense(2)]), layers.Dense(2)
    )
    broken.feature_extractor.layers[0].set_weights(
        [np.full((1, 2), np.nan), np.zeros(2)]
    )
    return broken


def plain_classifier():
    return keras.Sequential([keras.Input((1,)), layers.Dense(2)])


X = uniform(0, 1, 30)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": plain_classifier}, "`model`.*from_classifier"),
        (
            {"model": unbuilt},
            "`model`. Expected a Keras model that has weights",
        ),
        ({"model": diverged}, "features of the model are NaN"),
        ({"x_source": X[:1]}, "`x_source`.*at least 20 samples"),
        ({"x_target": X[:19]}, "`x_target`.*at least 20 samples"),
        ({"x_target": X * np.inf}, "`x_target`.*NaN or infinity"),
        ({"y_source": np.zeros(29)}, "`y_source`.*30 rows"),
        ({"y_source": np.full(30, 2)}, "`y_source`.*from 0 to 1"),
        ({"y_source": np.eye(2)[[0] * 30]}, "`y_source`.*argmax"),
        ({"units": 0}, "`units`"),
        ({"from_logits": 1}, "`from_logits`"),
        ({"epochs": 0}, "`epochs`"),
        ({"confidence": 1}, "`confidence`"),
        ({"samples": 10}, "`samples`.*at least 20"),
        ({"domain": "source_1"}, "`domain`"),
        ({"seed": -1}, "`seed`"),
    ],
)
@pytest.mark.usefixtures("eager")
def test_bad_input_gets_one_clear_error(arguments, message):
    valid = {"model": model, "x_source": X, "x_target": X}
    arguments = {**valid, **arguments}
    adapted = arguments.pop("model")()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        h_divergence_bound(adapted, **arguments)
