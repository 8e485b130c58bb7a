"""The base class of methods with principal axes of two domains."""

import copy
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.base import TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted

from keras_grl.baselines.samples import as_samples
from keras_grl.baselines.samples import check_width
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.types import Array
from keras_grl.types import Domain
from keras_grl.validation import check_boolean
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class Subspaces(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Base class: computes the axes; a subclass computes the coordinates.

    A subclass implements `_relate()`, which is called after `source_basis_` and
    `target_basis_` are set, and `_coordinates(samples, domain)` for samples
    that are centered and scaled.
    """

    def __init__(self, n_components: int = 20, standardize: bool = False):
        # scikit-learn's convention: arguments are checked in `fit`.
        self.n_components = n_components
        self.standardize = standardize

    def fit(self, source: npt.ArrayLike, target: npt.ArrayLike) -> Self:
        """Computes the axes of both domains.

        Args:
            source: Samples of the source, shape `(n, d)`.
            target: Samples of the target, shape `(m, d)`, in place of
                scikit-learn's `y`.

        Returns:
            The fitted transformer itself.

        Raises:
            ValueError: If the samples are not such arrays, too few for
                `n_components`, or all equal: then there are no axes.
        """
        source = as_samples("source", source)
        target = as_samples("target", target)
        check_width("target", target, source.shape[1])
        n_components = check_integer("n_components", self.n_components)
        check_boolean("standardize", self.standardize)
        most = most_components(source, target)
        if n_components > most:
            raise ValueError(
                invalid(
                    "n_components",
                    f"at most {most}, for source samples of shape "
                    f"{source.shape} and target samples of shape "
                    f"{target.shape}",
                    n_components,
                )
            )
        for name, samples in ((SOURCE, source), (TARGET, target)):
            if (samples == samples[0]).all():
                raise ValueError(
                    invalid(name, "samples that differ", "equal samples")
                )
        self.source_scale_ = _scale(source, self.standardize)
        self.target_scale_ = _scale(target, self.standardize)
        self.source_mean_ = source.mean(axis=0)
        self.target_mean_ = target.mean(axis=0)
        self.source_basis_ = _axes(self._centered(source, SOURCE), n_components)
        self.target_basis_ = _axes(self._centered(target, TARGET), n_components)
        self.n_features_in_ = source.shape[1]
        self._relate()
        return self

    def transform(
        self,
        X: npt.ArrayLike,  # noqa: N803
        domain: Domain = TARGET,
    ) -> Array:
        """The coordinates of samples in the common subspace.

        Args:
            X: Samples, shape `(n, d)`.
            domain: "source" or "target": the domain of the samples.

        Returns:
            Array of float64, `(n, n_components)` for `SubspaceAlignment`,
            `(n, 2 * n_components)` for `GeodesicFlowKernel`.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: If `X` is not such an array, or `domain` is neither.
        """
        check_is_fitted(self)
        check_choice("domain", domain, (SOURCE, TARGET))
        samples = as_samples("X", X)
        check_width("X", samples, self.n_features_in_)
        return self._coordinates(self._centered(samples, domain), domain)

    def fit_transform(
        self, source: npt.ArrayLike, target: npt.ArrayLike
    ) -> Array:
        """Fits, and returns the coordinates of the source, to train on."""
        return self.fit(source, target).transform(source, domain=SOURCE)

    def with_components(self, n_components: int) -> Self:
        """A copy with fewer axes: the first of the fitted ones.

        It equals a transformer fitted with `n_components`, without computing
        the axes again.

        Args:
            n_components: Integer, at most the number of fitted axes.

        Returns:
            A fitted transformer of the same class.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: If `n_components` is not such an integer.
        """
        check_is_fitted(self)
        most = self.source_basis_.shape[1]
        if check_integer("n_components", n_components) > most:
            raise ValueError(
                invalid(
                    "n_components",
                    f"at most {most}, as many as were fitted",
                    n_components,
                )
            )
        fewer = copy.copy(self)
        fewer.n_components = n_components
        fewer.source_basis_ = self.source_basis_[:, :n_components]
        fewer.target_basis_ = self.target_basis_[:, :n_components]
        fewer._relate()
        return fewer

    def _centered(self, samples: Array, domain: Domain) -> Array:
        if domain == SOURCE:
            return (samples - self.source_mean_) / self.source_scale_
        return (samples - self.target_mean_) / self.target_scale_

    def _relate(self) -> None:
        raise NotImplementedError

    def _coordinates(self, samples: Array, domain: Domain) -> Array:
        raise NotImplementedError


def most_components(source: Array, target: Array) -> int:
    """The number of axes of both domains: n samples span n - 1 directions."""
    return min(len(source) - 1, len(target) - 1, source.shape[1])


def _scale(samples: Array, standardize: bool) -> Array:
    """The divisor of each feature; 1 if it does not vary."""
    deviation = samples.std(axis=0)
    return np.where(standardize & (deviation > 0), deviation, 1.0)


def _axes(samples: Array, n_components: int) -> Array:
    """Principal axes as columns."""
    n, d = samples.shape
    # Both are exact and deterministic; which one is fast depends on the shape.
    solver = "covariance_eigh" if n >= d else "full"
    pca = PCA(n_components, svd_solver=solver).fit(samples)
    return pca.components_.T
