"""What methods on the principal axes of two domains share."""

import copy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.base import TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted

from keras_grl.baselines.samples import as_samples
from keras_grl.baselines.samples import check_width
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.validation import check_boolean
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class Subspaces(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Base class: finds the axes; a subclass says where samples come to.

    A subclass implements `_relate()`, which is called with `source_basis_` and
    `target_basis_` in place, and `_coordinates(samples, domain)`, of samples
    that are centred and scaled.
    """

    def __init__(self, n_components: int = 20, standardize: bool = False):
        # As scikit-learn wants it: checked in `fit`.
        self.n_components = n_components
        self.standardize = standardize

    def fit(self, source: Any, target: Any) -> Any:
        """Finds the axes of both domains.

        Args:
            source: Samples of the source, shape `(n, d)`.
            target: Samples of the target, shape `(m, d)`. Where scikit-learn
                passes `y` it must be these.

        Returns:
            Itself.

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
                    invalid(name, "samples that differ", "all equal ones")
                )
        self.source_scale_ = _scale(source, self.standardize)
        self.target_scale_ = _scale(target, self.standardize)
        self.source_mean_ = source.mean(axis=0)
        self.target_mean_ = target.mean(axis=0)
        self.source_basis_ = _axes(self._centred(source, SOURCE), n_components)
        self.target_basis_ = _axes(self._centred(target, TARGET), n_components)
        self.n_features_in_ = source.shape[1]
        self._relate()
        return self

    def transform(self, X: Any, domain: str = TARGET) -> Any:  # noqa: N803
        """Coordinates of samples that the domains have in common.

        Args:
            X: Samples, shape `(n, d)`.
            domain: "source" or "target": which domain they are of.

        Returns:
            Array of float64: of `SubspaceAlignment` `(n, n_components)`, of
            `GeodesicFlowKernel` `(n, 2 * n_components)`.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: If `X` is no such array, or `domain` is neither.
        """
        check_is_fitted(self)
        check_choice("domain", domain, (SOURCE, TARGET))
        samples = as_samples("X", X)
        check_width("X", samples, self.n_features_in_)
        return self._coordinates(self._centred(samples, domain), domain)

    def fit_transform(self, source: Any, target: Any) -> Any:
        """Fits, and gives the coordinates of the source: what to train on."""
        return self.fit(source, target).transform(source, domain=SOURCE)

    def with_components(self, n_components: int) -> Any:
        """A copy that has fewer axes: the first of the fitted ones.

        The same as one that is fitted anew, without finding the axes again.

        Args:
            n_components: Integer, at most those that were fitted.

        Returns:
            An estimator of the same class, fitted.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: If `n_components` is no such integer.
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

    def _centred(self, samples: Any, domain: str) -> Any:
        if domain == SOURCE:
            return (samples - self.source_mean_) / self.source_scale_
        return (samples - self.target_mean_) / self.target_scale_

    def _relate(self) -> None:
        raise NotImplementedError

    def _coordinates(self, samples: Any, domain: str) -> Any:
        raise NotImplementedError


def most_components(source: Any, target: Any) -> int:
    """How many axes both domains have: n samples span n - 1 directions."""
    return min(len(source) - 1, len(target) - 1, source.shape[1])


def _scale(samples: Any, standardize: bool) -> Any:
    """What each feature is divided by; 1 where it does not vary."""
    deviation = samples.std(axis=0)
    return np.where(standardize & (deviation > 0), deviation, 1.0)


def _axes(samples: Any, n_components: int) -> Any:
    """Principal axes as columns."""
    n, d = samples.shape
    # Both are exact and repeatable; which one is fast depends on the shape.
    solver = "covariance_eigh" if n >= d else "full"
    pca = PCA(n_components, svd_solver=solver).fit(samples)
    return pca.components_.T
