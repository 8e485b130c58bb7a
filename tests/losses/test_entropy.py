import numpy as np
import pytest

from keras_grl.losses import InformationMaximization
from keras_grl.losses import PredictionEntropy
from tests.losses import by_hand
from tests.losses.in_one_piece import value_and_gradient
from tests.testing import grad
from tests.testing import to_numpy


def probabilities(rows=6, classes=4):
    p = np.random.default_rng(0).dirichlet(np.ones(classes), rows)
    return p.astype("float32")


def through_softmax(p, gradient):
    """The gradient in logits, from that in probabilities."""
    return p * (gradient - np.sum(p * gradient, axis=-1, keepdims=True))


LOSSES = [
    pytest.param(
        PredictionEntropy,
        by_hand.prediction_entropy,
        lambda p: -(np.log(p) + 1.0) / len(p),
        id="PredictionEntropy",
    ),
    pytest.param(
        InformationMaximization,
        by_hand.information_maximization,
        lambda p: (np.log(p.mean(axis=0)) - np.log(p)) / len(p),
        id="InformationMaximization",
    ),
]


@pytest.mark.parametrize("loss, value, gradient", LOSSES)
def test_values_and_gradients(loss, value, gradient):
    p = probabilities()
    exact = p.astype("float64")
    got, of_got = value_and_gradient(loss(), p)
    np.testing.assert_allclose(got, value(exact), rtol=1e-5)
    np.testing.assert_allclose(of_got, gradient(exact), rtol=1e-4, atol=1e-6)
    z = np.log(p) + 2.0
    exact = by_hand.softmax(z.astype("float64"))
    got, of_got = value_and_gradient(loss(from_logits=True), z)
    np.testing.assert_allclose(got, value(exact), rtol=1e-5)
    np.testing.assert_allclose(
        of_got,
        through_softmax(exact, gradient(exact)),
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize("loss, value, gradient", LOSSES)
def test_the_hand_derived_gradients_are_those_of_the_formulas(
    loss, value, gradient
):
    p = probabilities().astype("float64")
    differences = by_hand.gradient(value, p)
    np.testing.assert_allclose(gradient(p), differences, rtol=1e-5, atol=1e-8)


def test_entropy_is_in_nats_and_0_where_rows_are_sure():
    loss = PredictionEntropy()
    uniform = np.full((8, 8), 0.125, "float32")
    np.testing.assert_allclose(to_numpy(loss(uniform)), np.log(8), rtol=1e-6)
    sure = np.eye(8, dtype="float32")
    assert to_numpy(loss(sure)) == 0.0


def test_information_is_between_minus_ln_classes_and_0():
    loss = InformationMaximization()
    even = np.eye(8, dtype="float32")
    np.testing.assert_allclose(to_numpy(loss(even)), -np.log(8), rtol=1e-6)
    for equal in (even[:1], even[[3] * 8], np.full((8, 8), 0.125, "float32")):
        np.testing.assert_allclose(to_numpy(loss(equal)), 0.0, atol=1e-6)
    between = to_numpy(loss(probabilities(8, 8)))
    assert -np.log(8) < between < 0.0


def test_exact_zeros_have_the_sign_of_the_gradient_of_small_numbers():
    """The entropy rises where a probability of 0 does."""
    p = np.array([[1.0, 0.0], [0.5, 0.5]], "float32")
    gradient = to_numpy(grad(PredictionEntropy(), p))
    assert np.isfinite(gradient).all() and gradient[0, 1] > 5.0
    np.testing.assert_allclose(gradient[0, 0], -0.5, rtol=1e-6)
