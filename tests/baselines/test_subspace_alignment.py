import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from keras_grl.baselines import SubspaceAlignment


def data(n=40, m=30, d=6):
    rng = np.random.default_rng(0)
    scales = np.arange(d, 0, -1)
    rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]
    source = rng.normal(size=(n, d)) * scales + 3
    target = rng.normal(size=(m, d)) * scales @ rotation - 1
    return source, target


def test_two_lines():
    """The source varies along (1, 0), the target along (3, 4) / 5.

    One axis each, of cosine 3/5: what lies at ∓2 on the source's comes to
    ∓2 · 3/5 on the target's.
    """
    source = np.array([[5.0, 1.0], [7.0, 1.0], [9.0, 1.0]])
    target = np.array([[0.0, 0.0], [3.0, 4.0]])
    alignment = SubspaceAlignment(n_components=1).fit(source, target)
    np.testing.assert_allclose(alignment.source_mean_, [7, 1])
    np.testing.assert_allclose(alignment.target_mean_, [1.5, 2])
    np.testing.assert_allclose(np.abs(alignment.alignment_), [[0.6]])
    # Along the target's axis, whichever way that points.
    sign = np.sign(alignment.target_basis_[0, 0])
    np.testing.assert_allclose(
        alignment.target_basis_, sign * np.array([[0.6], [0.8]])
    )
    np.testing.assert_allclose(
        sign * alignment.transform(source, domain="source"),
        [[-1.2], [0], [1.2]],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        sign * alignment.transform(target), [[-2.5], [2.5]]
    )


def test_two_planes():
    """Equal planes in other axes, by 2 x 2 rotation: nothing is lost."""
    corners = np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]])
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    alignment = SubspaceAlignment(2).fit(corners, corners @ turn)
    aligned = alignment.transform(corners, domain="source")
    # Coordinates of the source's own points in the target's axes.
    np.testing.assert_allclose(
        aligned, corners @ alignment.target_basis_, atol=1e-12
    )


@pytest.mark.parametrize("shape", [(40, 30, 6), (5, 4, 9)])
def test_bases_and_alignment(shape):
    """Against NumPy; the aligned basis is the nearest one within B_s."""
    source, target = data(*shape)
    k = 3
    alignment = SubspaceAlignment(k).fit(source, target)
    b_s, b_t = alignment.source_basis_, alignment.target_basis_
    for samples, basis in ((source, b_s), (target, b_t)):
        np.testing.assert_allclose(basis.T @ basis, np.eye(k), atol=1e-10)
        _, _, axes = np.linalg.svd(samples - samples.mean(axis=0))
        np.testing.assert_allclose(
            np.abs(np.diag(axes[:k] @ basis)), np.ones(k), atol=1e-10
        )
    # ‖B_s M − B_t‖²_F is least at M = A (Fernando et al., equations 1 to 3).
    nearest = np.linalg.lstsq(b_s, b_t, rcond=None)[0]
    np.testing.assert_allclose(alignment.alignment_, nearest, atol=1e-10)
    np.testing.assert_allclose(
        b_s @ alignment.alignment_, b_s @ b_s.T @ b_t, atol=1e-10
    )


def test_alignment_of_fewer_components_is_the_leading_block():
    source, target = data()
    whole = SubspaceAlignment(5).fit(source, target)
    part = SubspaceAlignment(2).fit(source, target)
    np.testing.assert_allclose(part.alignment_, whole.alignment_[:2, :2])
    np.testing.assert_allclose(part.source_basis_, whole.source_basis_[:, :2])


def test_standardize_equals_dividing_before():
    source, target = data()
    source[:, 5] = target[:, 5] = 2.0  # does not vary
    alignment = SubspaceAlignment(3, standardize=True).fit(source, target)
    deviation = [each.std(axis=0) for each in (source, target)]
    for each in deviation:
        each[5] = 1.0
    divided = SubspaceAlignment(3).fit(
        source / deviation[0], target / deviation[1]
    )
    for domain, samples, scale in (
        ("source", source, deviation[0]),
        ("target", target, deviation[1]),
    ):
        np.testing.assert_allclose(
            np.abs(alignment.transform(samples, domain)),
            np.abs(divided.transform(samples / scale, domain)),
            atol=1e-10,
        )


def test_all_components_of_one_domain_are_a_rotation():
    source, _ = data()
    alignment = SubspaceAlignment(6).fit(source, source)
    np.testing.assert_allclose(alignment.alignment_, np.eye(6), atol=1e-10)
    np.testing.assert_allclose(
        alignment.transform(source, domain="source"),
        alignment.transform(source),
        atol=1e-9,
    )


def test_as_a_scikit_learn_transformer():
    source, target = data()
    alignment = SubspaceAlignment(n_components=2)
    assert clone(alignment).get_params() == {
        "n_components": 2,
        "standardize": False,
    }
    # The source is what is trained on.
    trained_on = alignment.fit_transform(source, target)
    np.testing.assert_array_equal(
        trained_on, alignment.transform(source, domain="source")
    )
    assert alignment.n_features_in_ == 6
    assert alignment.get_feature_names_out().tolist() == [
        "subspacealignment0",
        "subspacealignment1",
    ]
    loaded = pickle.loads(pickle.dumps(alignment))
    again = clone(alignment).fit(source, target)
    for other in (loaded, again):
        np.testing.assert_array_equal(
            other.transform(target), alignment.transform(target)
        )


@pytest.mark.parametrize(
    ("n_components", "shape", "message"),
    [
        (0, (40, 30, 6), "`n_components`.*at least 1"),
        (2.0, (40, 30, 6), "`n_components`.*integer"),
        (7, (40, 30, 6), r"`n_components`.*at most 6.*\(40, 6\).*\(30, 6\)"),
        (4, (4, 30, 6), "`n_components`.*at most 3"),
        (4, (40, 4, 6), "`n_components`.*at most 3"),
    ],
)
def test_bad_number_of_components(n_components, shape, message):
    with pytest.raises(ValueError, match=message):
        SubspaceAlignment(n_components).fit(*data(*shape))


def test_bad_standardize():
    with pytest.raises(ValueError, match=r"`standardize`.*True or False"):
        SubspaceAlignment(2, standardize="yes").fit(*data())


def test_bad_samples():
    source, target = data()
    alignment = SubspaceAlignment(2)
    for first, second, message in (
        (source, np.arange(30), r"`target.shape`.*\(30,\)"),
        (source, None, r"`target"),
        (source, target[:, :4], r"`target.shape`.*6.*\(30, 4\)"),
        (source.reshape(40, 3, 2), target, "(?s)`source.shape`.*reshape"),
        (source, np.full((30, 6), np.inf), "`target`.*finite"),
        (np.ones((40, 6)), target, "`source`.*samples that differ"),
        (source, np.zeros((30, 6)), "`target`.*samples that differ"),
    ):
        with pytest.raises(ValueError, match=message):
            alignment.fit(first, second)
    with pytest.raises(NotFittedError):
        alignment.transform(source)
    alignment.fit(source, target)
    with pytest.raises(ValueError, match=r"`X.shape`.*6.*\(40, 2\)"):
        alignment.transform(source[:, :2])
    with pytest.raises(ValueError, match=r'`domain`.*"source", "target".*both'):
        alignment.transform(source, domain="both")
