import numpy as np
import pytest

from keras_grl.losses import NuclearNorm
from tests.losses import by_hand
from tests.losses.in_one_piece import value_and_gradient
from tests.testing import to_numpy


def polar_factor(p):
    """U Vᵀ of the singular values that are not 0, in float64."""
    u, s, vt = np.linalg.svd(p.astype("float64"), full_matrices=False)
    rank = np.sum(s > 1e-6)
    return u[:, :rank] @ vt[:rank]


def random_rows(rows, classes):
    p = np.random.default_rng(0).dirichlet(np.ones(classes), rows)
    return p.astype("float32")


ROWS = {
    "more rows than classes": random_rows(6, 4),
    "more classes than rows": random_rows(3, 8),
    "one row": random_rows(1, 4),
    "equal rows": np.repeat(random_rows(1, 4), 6, axis=0),
    "uniform rows": np.full((6, 4), 0.25, "float32"),
    "each class once": np.eye(4, dtype="float32"),
    "zeros and ones": np.eye(4, dtype="float32")[[0, 1, 0, 3, 3, 1]],
    "one class": np.eye(4, dtype="float32")[[1] * 6],
    "two kinds of rows": random_rows(2, 4)[[0, 1, 1, 0, 1, 1]],
}


@pytest.mark.parametrize("p", ROWS.values(), ids=ROWS)
def test_values_and_gradients(p):
    loss = NuclearNorm()
    expected = by_hand.nuclear_norm(p.astype("float64"))
    got, of_got = value_and_gradient(loss, p)
    np.testing.assert_allclose(got, expected, rtol=2e-6)
    gradient = -polar_factor(p) / len(p)
    np.testing.assert_allclose(of_got, gradient, atol=2e-6)


@pytest.mark.parametrize("rows, classes", [(6, 4), (3, 8)])
def test_values_and_gradients_from_logits(rows, classes):
    z = 2.0 * np.random.default_rng(1).normal(size=(rows, classes))
    z = z.astype("float32")
    exact = z.astype("float64")

    def value(z):
        return by_hand.nuclear_norm(by_hand.softmax(z))

    loss = NuclearNorm(from_logits=True)
    got, of_got = value_and_gradient(loss, z)
    np.testing.assert_allclose(got, value(exact), rtol=2e-6)
    expected = by_hand.gradient(value, exact)
    np.testing.assert_allclose(of_got, expected, atol=2e-6)


def test_the_hand_derived_gradient_is_that_of_the_formula():
    p = random_rows(6, 4)
    expected = by_hand.gradient(by_hand.nuclear_norm, p.astype("float64"))
    np.testing.assert_allclose(-polar_factor(p) / 6, expected, atol=1e-6)


def test_it_is_smallest_for_sure_rows_of_all_classes():
    sure_and_even = np.eye(4, dtype="float32")[[0, 1, 2, 3] * 4]
    bound = -np.sqrt(4 / 16)
    got = to_numpy(NuclearNorm()(sure_and_even))
    np.testing.assert_allclose(got, bound, rtol=1e-6)
    for p in (random_rows(16, 4), sure_and_even[[0] * 16]):
        assert to_numpy(NuclearNorm()(p)) > bound + 0.1
