"""Geodesic flow kernel: all subspaces between those of two domains."""

import numpy as np

from keras_grl.baselines.subspaces import Subspaces
from keras_grl.types import Array
from keras_grl.types import Domain


class GeodesicFlowKernel(Subspaces):
    """Compares samples in all the subspaces between those of two domains.

    The `n_components` first principal axes of each domain, P_s and P_t, span
    its subspace. The geodesic flow from one subspace to the other is `Φ(t)`,
    with `Φ(0)` spanning the source's and `Φ(1)` the target's. Samples are
    compared by their projections onto all of its subspaces,

    `x G x'ᵀ` with `G = ∫₀¹ Φ(t) Φ(t)ᵀ dt`,

    which emphasizes the directions in which both domains vary. The integral has
    a closed form. `transform` returns coordinates whose inner products are that
    kernel, so that a linear classifier trained on the source can be used on the
    target. It needs no labels, and is deterministic.

    The authors also compute the subspace of the source with its labels ("PLS");
    here both consist of principal axes ("PCA, PCA"). They classify by the
    nearest neighbor.

    It is a scikit-learn transformer, except that `fit` takes samples of the
    target in place of labels.

    Args:
        n_components: Integer, the number of axes, less than the number of
            samples of each domain and at most the number of features.
            `choose_components` chooses it.
        standardize: Boolean. Whether each feature is first divided by its
            standard deviation in the domain, as in the authors' code.

    Attributes:
        source_basis_: P_s, shape `(d, n_components)`, orthonormal columns.
        target_basis_: P_t, likewise.
        angles_: Principal angles between the two, in radians, ascending, shape
            `(n_components,)`.
        source_mean_: Shape `(d,)`.
        target_mean_: Shape `(d,)`.
        source_scale_: Shape `(d,)`, the divisors of the source's features:
            ones unless they are standardized.
        target_scale_: Shape `(d,)`.
        n_features_in_: d.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: In `fit`, if an argument is invalid.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(size=(30, 5)), rng.normal(size=(20, 5))
    >>> flow = GeodesicFlowKernel(n_components=2).fit(source, target)
    >>> flow.transform(target).shape
    (20, 4)

    Reference:
        Gong et al. (2012), "Geodesic Flow Kernel for Unsupervised Domain
        Adaptation", section 3.3, equations 3 to 6.
    """

    def _relate(self) -> None:
        turned_source, cosines, turned_target = np.linalg.svd(
            self.source_basis_.T @ self.target_basis_
        )
        # Pairs of directions, one in each subspace, with these angles.
        source = self.source_basis_ @ turned_source
        target = self.target_basis_ @ turned_target.T
        # Each direction moves from `source` to `target` in the plane of
        # `source` and `across`: Φ(t) = source cos(t angle) + across sin(t
        # angle).
        across = target - source * cosines
        sines = np.linalg.norm(across, axis=0)
        across = across / np.where(sines > 0, sines, 1.0)
        self.angles_ = np.arctan2(sines, cosines)
        # ∫ cos², ∫ sin cos and ∫ sin² of t times the angle; NumPy's sinc(x) is
        # sin(π x) / (π x).
        double = np.sinc(2 * self.angles_ / np.pi)
        both = np.sin(self.angles_) * np.sinc(self.angles_ / np.pi) / 2
        blocks = np.array([[(1 + double) / 2, both], [both, (1 - double) / 2]])
        # The square root of a 2 x 2 matrix whose trace is 1.
        root = np.sqrt(np.maximum(blocks[0, 0] * blocks[1, 1] - both**2, 0.0))
        blocks[[0, 1], [0, 1]] += root
        blocks /= np.sqrt(1 + 2 * root)
        self._map = np.concatenate(
            [
                source * blocks[0, 0] + across * blocks[1, 0],
                source * blocks[0, 1] + across * blocks[1, 1],
            ],
            axis=1,
        )

    def _coordinates(self, samples: Array, domain: Domain) -> Array:
        return samples @ self._map

    @property
    def _n_features_out(self) -> int:
        # `get_feature_names_out` reads it.
        return self._map.shape[1]
