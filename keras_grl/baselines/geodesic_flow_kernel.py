"""Geodesic flow kernel: all subspaces between those of two domains."""

from typing import Any

import numpy as np

from keras_grl.baselines.subspaces import Subspaces


class GeodesicFlowKernel(Subspaces):
    """Compares samples in all the subspaces between those of two domains.

    Each domain is described by its `n_components` first principal axes, P_s
    and P_t, as columns. The shortest way that turns the one subspace into the
    other is `Φ(t)`, with `Φ(0)` spanning the source's and `Φ(1)` the target's.
    Samples are compared by their projections onto all of it,

    `x G x'ᵀ` with `G = ∫₀¹ Φ(t) Φ(t)ᵀ dt`,

    in which counts what both domains vary along. The integral has a closed
    form. `transform` gives coordinates whose inner products are that kernel, so
    that a linear classifier trained on those of the source can be used on those
    of the target. No labels are needed, and there is no randomness.

    The authors call a subspace of the source that is found with its labels
    "PLS"; here both are principal axes: "PCA, PCA". They classify by the
    nearest neighbour.

    A scikit-learn transformer, with one peculiarity: `fit` takes samples of
    the target where others take labels.

    Args:
        n_components: Integer, how many axes, less than the samples of each
            domain and at most the features. `choose_components` chooses them.
        standardize: Boolean. Whether each feature is divided by its standard
            deviation in the domain first, as the authors did.

    Attributes:
        source_basis_: P_s, shape `(d, n_components)`, orthonormal columns.
        target_basis_: P_t, likewise.
        angles_: Principal angles between the two, in radians, ascending, shape
            `(n_components,)`.
        source_mean_: Shape `(d,)`.
        target_mean_: Shape `(d,)`.
        source_scale_: Shape `(d,)`: what the source's features are divided by,
            ones unless they are standardised.
        target_scale_: Shape `(d,)`.
        n_features_in_: d.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: When it is fitted, if an argument is invalid.

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
        # Pairs of directions, one in each subspace, with these angles between.
        source = self.source_basis_ @ turned_source
        target = self.target_basis_ @ turned_target.T
        # Each way goes from `source` to `target` in the plane of `source` and
        # `across`: Φ(t) = source cos(t angle) + across sin(t angle).
        across = target - source * cosines
        sines = np.linalg.norm(across, axis=0)
        across = across / np.where(sines > 0, sines, 1.0)
        self.angles_ = np.arctan2(sines, cosines)
        # ∫ cos², ∫ sin cos and ∫ sin² of t times the angle; numpy's sinc(x) is
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

    def _coordinates(self, samples: Any, domain: str) -> Any:
        return samples @ self._map

    @property
    def _n_features_out(self) -> int:
        # What `get_feature_names_out` asks for.
        return self._map.shape[1]
