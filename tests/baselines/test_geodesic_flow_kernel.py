import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.base import clone

from keras_grl.baselines import GeodesicFlowKernel


def kernel(flow):
    """G, from the coordinates of the unit vectors."""
    units = np.eye(flow.n_features_in_) * flow.target_scale_
    coordinates = flow.transform(units + flow.target_mean_)
    return coordinates @ coordinates.T


def along(direction):
    """Three samples on a line."""
    return np.array([[-1.0], [0.0], [1.0]]) * direction


def test_two_lines_at_a_right_angle():
    """Φ(t) = (cos(t π/2), sin(t π/2)), so ∫ cos² = 1/2, ∫ sin cos = 1/π."""
    flow = GeodesicFlowKernel(n_components=1)
    flow.fit(along([1.0, 0.0]), along([0.0, 1.0]))
    np.testing.assert_allclose(flow.angles_, [np.pi / 2])
    found = kernel(flow)
    np.testing.assert_allclose(np.diag(found), [0.5, 0.5])
    # The axes point either way: so may the way between them turn.
    np.testing.assert_allclose(np.abs(found[0, 1]), 1 / np.pi)


def test_two_lines_at_sixty_degrees():
    """∫ cos² = 1/2 + sin(2π/3) / (4π/3), ∫ sin cos = sin²(π/3) / (2π/3)."""
    cosine, sine = 0.5, np.sqrt(0.75)
    flow = GeodesicFlowKernel(n_components=1)
    flow.fit(along([1.0, 0.0]), along([cosine, sine]))
    first = 0.5 + sine / (4 * np.pi / 3)
    both = sine**2 / (2 * np.pi / 3)
    np.testing.assert_allclose(
        kernel(flow), [[first, both], [both, 1 - first]], atol=1e-12
    )


@pytest.mark.parametrize("line", [[0.6, 0.8], [1.0, 0.0]])
def test_one_line_twice(line):
    """Nothing lies between: the projection onto the line."""
    line = np.array(line)
    flow = GeodesicFlowKernel(n_components=1).fit(along(line), along(-line))
    np.testing.assert_allclose(kernel(flow), np.outer(line, line), atol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_it_is_the_integral_over_the_flow(k):
    """Against equations 2 and 3, with the orthogonal complement of P_s."""
    rng = np.random.default_rng(k)
    source, target = rng.normal(size=(20, 5)), rng.normal(size=(30, 5)) + 1
    flow = GeodesicFlowKernel(k).fit(source, target)
    p_s, p_t = flow.source_basis_, flow.target_basis_
    np.testing.assert_allclose(
        np.sort(flow.angles_), np.sort(subspace_angles(p_s, p_t)), atol=1e-7
    )
    u1, _, v = np.linalg.svd(p_s.T @ p_t)
    complement = np.linalg.svd(p_s, full_matrices=True)[0][:, k:]
    # R_sᵀ P_t V = -U_2 Σ: the columns of R_s U_2 are found by their length.
    across = complement @ complement.T @ p_t @ v.T
    across /= np.maximum(np.linalg.norm(across, axis=0), 1e-9)
    expected = np.zeros((5, 5))
    nodes, weights = np.polynomial.legendre.leggauss(30)
    for t, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        turned = t * flow.angles_
        phi = p_s @ u1 * np.cos(turned) + across * np.sin(turned)
        expected += weight * phi @ phi.T
    np.testing.assert_allclose(kernel(flow), expected, atol=1e-10)


def test_each_domain_is_centered_and_scaled_separately():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(20, 4)) * [1, 2, 3, 4]
    target = rng.normal(size=(20, 4)) * [9, 2, 3, 1]
    flow = GeodesicFlowKernel(2, standardize=True).fit(source, target)
    plain = GeodesicFlowKernel(2).fit(
        source / source.std(axis=0), target / target.std(axis=0)
    )
    for domain, samples in (("source", source), ("target", target)):
        scaled = samples / samples.std(axis=0)
        found, expected = (
            flow.transform(samples, domain),
            plain.transform(scaled, domain),
        )
        np.testing.assert_allclose(
            found @ found.T, expected @ expected.T, atol=1e-10
        )
        np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)


def test_fewer_components_equal_a_new_fit():
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(20, 6)), rng.normal(size=(30, 6))
    fewer = GeodesicFlowKernel(5).fit(source, target).with_components(2)
    new = GeodesicFlowKernel(2).fit(source, target)
    np.testing.assert_allclose(kernel(fewer), kernel(new), atol=1e-12)
    assert fewer.get_params() == clone(new).get_params()
    assert fewer.get_feature_names_out().tolist() == [
        f"geodesicflowkernel{number}" for number in range(4)
    ]
    with pytest.raises(ValueError, match=r"`n_components`.*at most 2.*=3"):
        fewer.with_components(3)
