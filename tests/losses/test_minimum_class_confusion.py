import keras
import numpy as np
import pytest

from keras_grl.losses import MinimumClassConfusion
from tests.losses import by_hand
from tests.losses.in_one_piece import gradient
from tests.losses.in_one_piece import value
from tests.losses.in_one_piece import value_and_gradient
from tests.testing import to_numpy


def logits(rows=6, classes=4, scale=3.0):
    z = np.random.default_rng(0).normal(size=(rows, classes))
    return (scale * z).astype("float32")


def by_hand_from_logits(z, temperature, w=None):
    return by_hand.class_confusion(by_hand.softmax(z / temperature), w)


def by_hand_from_probabilities(p, temperature, w=None):
    return by_hand.class_confusion(by_hand.tempered(p, temperature), w)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5, 20.0])
def test_values_and_gradients_from_logits(temperature):
    z = logits()
    exact = z.astype("float64")
    loss = MinimumClassConfusion(temperature, from_logits=True)
    expected = by_hand_from_logits(exact, temperature)
    got, of_got = value_and_gradient(loss, z)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    w = by_hand.certainty_weights(by_hand.softmax(exact / temperature))
    expected = by_hand.gradient(
        lambda z: by_hand_from_logits(z, temperature, w), exact
    )
    np.testing.assert_allclose(of_got, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5, 20.0])
def test_values_and_gradients_from_probabilities(temperature):
    p = by_hand.softmax(logits()).astype("float32")
    exact = p.astype("float64")
    loss = MinimumClassConfusion(temperature)
    expected = by_hand_from_probabilities(exact, temperature)
    got, of_got = value_and_gradient(loss, p)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    w = by_hand.certainty_weights(by_hand.tempered(exact, temperature))
    expected = by_hand.gradient(
        lambda p: by_hand_from_probabilities(p, temperature, w), exact
    )
    np.testing.assert_allclose(of_got, expected, rtol=1e-4, atol=1e-6)


def test_no_gradient_through_the_weights():
    """Which would be another one, as the comparisons above can tell."""
    z = logits()
    exact = z.astype("float64")
    through = by_hand.gradient(lambda z: by_hand_from_logits(z, 2.5), exact)
    got = gradient(MinimumClassConfusion(from_logits=True), z)
    assert np.abs(got - through).max() > 2e-4


def test_the_authors_temperature_is_the_default():
    z = logits()
    expected = by_hand_from_logits(z.astype("float64"), 2.5)
    got = to_numpy(MinimumClassConfusion(from_logits=True)(z))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_no_epsilon_where_classes_are_far_from_each_other():
    """Ten classes whose logits are about 20 from each other.

    Keras clips probabilities at 1e-7, whose 2.5th root is .0016.
    """
    rng = np.random.default_rng(177)
    classes = rng.integers(0, 10, 64)
    z = rng.normal(size=(64, 10)) + 20.0 * np.eye(10)[classes]
    p = by_hand.softmax(z)
    clipped = np.clip(p, 1e-7, 1.0 - 1e-7)
    assert round(by_hand_from_probabilities(clipped, 2.5), 4) == 0.0315
    assert round(by_hand_from_probabilities(p, 2.5), 4) == 0.0075
    for loss, predictions in (
        (MinimumClassConfusion(), p),
        (MinimumClassConfusion(from_logits=True), z),
    ):
        got = to_numpy(loss(predictions.astype("float32")))
        expected = by_hand_from_logits(z, 2.5)
        np.testing.assert_allclose(got, expected, rtol=0, atol=3e-7)


def test_exact_zeros_count_as_zero_at_any_temperature():
    """Not as a small number, whose 20th root would not be small."""
    p = np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]], "float32")
    y = np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]])
    w = 1.0 + np.array([1.0, 0.5, 1.0])  # exp(-ln 2) = 1/2
    correlation = y.T @ np.diag(w) @ y
    confusion = correlation / correlation.sum(axis=1, keepdims=True)
    expected = 1.0 - np.trace(confusion) / 3
    for temperature in (1.0, 2.5, 20.0):
        got = value(MinimumClassConfusion(temperature), p)
        np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize("far", [200.0, 1000.0, 1e5, np.inf])
def test_a_class_that_no_row_predicts_is_confused(far):
    """The limit for logits that grow, where the plain formula is 0 / 0."""
    one_hot = np.eye(4, dtype="float32")[[0, 1, 1, 0, 2, 2]]
    z = np.where(one_hot == 1, np.float32(0), np.float32(-far))
    for loss, predictions in (
        (MinimumClassConfusion(), one_hot),
        (MinimumClassConfusion(from_logits=True), z),
    ):
        got, of_got = value_and_gradient(loss, predictions)
        np.testing.assert_allclose(got, 0.25, rtol=1e-6)
        np.testing.assert_allclose(of_got, 0.0, atol=1e-6)


def test_small_probabilities_have_finite_gradients():
    """Also times the 32,768 by which mixed precision scales its loss."""
    p = np.array([[1, 1e-37, 1e-29], [1e-20, 1, 1e-45]], "float32")
    for temperature in (0.5, 2.5, 100.0):
        loss = MinimumClassConfusion(temperature)
        got = gradient(lambda p, f=loss: 32768.0 * f(p), p)
        assert np.isfinite(got).all()


def test_one_row_has_a_constant_loss():
    for row in (logits(1, 4), np.zeros((1, 4), "float32")):
        loss = MinimumClassConfusion(from_logits=True)
        got, of_got = value_and_gradient(loss, row)
        np.testing.assert_allclose(got, 0.75, rtol=1e-6)
        np.testing.assert_allclose(of_got, 0.0, atol=1e-6)


@pytest.mark.parametrize(
    "temperature", [0, 0.0, -2.5, np.nan, np.inf, "2.5", None, True]
)
def test_invalid_temperature(temperature):
    with pytest.raises(ValueError, match=r"`temperature`.*greater than 0"):
        MinimumClassConfusion(temperature)


def test_the_temperature_is_saved():
    config = keras.saving.serialize_keras_object(MinimumClassConfusion(1.5))
    assert config["config"] == {"from_logits": False, "temperature": 1.5}
    assert keras.saving.deserialize_keras_object(config).temperature == 1.5
