"""Subspace alignment: the principal axes of one domain turned to another's."""

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


class SubspaceAlignment(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Brings the features of two domains into one subspace.

    Each domain is described by its `n_components` first principal axes, B_s
    and B_t, as columns. `A = B_sᵀ B_t` turns the source's axes to where they
    are nearest to the target's, `B_s A`. The domains then meet in coordinates
    of the target's axes,

    `(X − mean_s) B_s A` of source samples and `(X − mean_t) B_t` of target
    samples,

    where a classifier trained on the source is used on the target. No labels
    are needed, and there is no randomness. The signs of the axes are
    arbitrary, but do not matter to distances or to what is linear.

    A scikit-learn transformer, with one peculiarity: `fit` takes samples of
    the target where others take labels.

    Args:
        n_components: Integer, how many axes, less than the samples of each
            domain and at most the features. `choose_components` chooses them.
        standardize: Boolean. Whether each feature is divided by its standard
            deviation in the domain first. The method's authors did so to
            their data; without it, features of large values decide the axes.

    Attributes:
        source_basis_: B_s, shape `(d, n_components)`, orthonormal columns.
        target_basis_: B_t, likewise.
        alignment_: A, shape `(n_components, n_components)`. Of fewer
            components it is the leading block.
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
    >>> alignment = SubspaceAlignment(n_components=2).fit(source, target)
    >>> alignment.transform(source, domain="source").shape
    (30, 2)
    >>> alignment.transform(target).shape
    (20, 2)

    Reference:
        Fernando et al. (2013), "Unsupervised Visual Domain Adaptation Using
        Subspace Alignment", section 3.
    """

    def __init__(self, n_components: int = 20, standardize: bool = False):
        # As scikit-learn wants it: checked in `fit`.
        self.n_components = n_components
        self.standardize = standardize

    def fit(self, source: Any, target: Any) -> "SubspaceAlignment":
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
        self.alignment_ = self.source_basis_.T @ self.target_basis_
        self.n_features_in_ = source.shape[1]
        return self

    def transform(self, X: Any, domain: str = TARGET) -> Any:  # noqa: N803
        """Coordinates of samples in the common subspace.

        Args:
            X: Samples, shape `(n, d)`.
            domain: "source" or "target": which domain they are of.

        Returns:
            Array of shape `(n, n_components)`, float64.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: If `X` is no such array, or `domain` is neither.
        """
        check_is_fitted(self)
        check_choice("domain", domain, (SOURCE, TARGET))
        samples = as_samples("X", X)
        check_width("X", samples, self.n_features_in_)
        centred = self._centred(samples, domain)
        if domain == SOURCE:
            return centred @ self.source_basis_ @ self.alignment_
        return centred @ self.target_basis_

    def _centred(self, samples: Any, domain: str) -> Any:
        if domain == SOURCE:
            return (samples - self.source_mean_) / self.source_scale_
        return (samples - self.target_mean_) / self.target_scale_

    def fit_transform(self, source: Any, target: Any) -> Any:
        """Fits, and gives the coordinates of the source: what to train on."""
        return self.fit(source, target).transform(source, domain=SOURCE)

    @property
    def _n_features_out(self) -> int:
        # What `get_feature_names_out` asks for.
        return self.alignment_.shape[1]


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
