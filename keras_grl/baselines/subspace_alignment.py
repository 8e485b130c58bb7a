"""Subspace alignment: aligns the principal axes of two domains."""

from keras_grl.baselines.subspaces import Subspaces
from keras_grl.streams import SOURCE
from keras_grl.types import Array
from keras_grl.types import Domain


class SubspaceAlignment(Subspaces):
    """Maps the features of two domains into a common subspace.

    The columns of B_s and B_t are the `n_components` first principal axes of
    each domain. `A = B_sᵀ B_t` aligns the source's axes with the target's:
    `B_s A` is as near as possible to B_t. The common coordinates are

    `(X − mean_s) B_s A` of source samples and `(X − mean_t) B_t` of target
    samples.

    A classifier trained on those of the source is used on those of the target.
    The method needs no labels, and is deterministic. The signs of the axes are
    arbitrary, but distances and linear classifiers do not depend on them.

    It is a scikit-learn transformer, except that `fit` takes samples of the
    target in place of labels.

    Args:
        n_components: Integer, the number of axes, less than the number of
            samples of each domain and at most the number of features.
            `choose_components` chooses it.
        standardize: Boolean. Whether each feature is first divided by its
            standard deviation in the domain, as the authors did. Without it,
            features with large values dominate the axes.

    Attributes:
        source_basis_: B_s, shape `(d, n_components)`, orthonormal columns.
        target_basis_: B_t, likewise.
        alignment_: A, shape `(n_components, n_components)`. For fewer
            components it is the leading block.
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
    >>> alignment = SubspaceAlignment(n_components=2).fit(source, target)
    >>> alignment.transform(source, domain="source").shape
    (30, 2)
    >>> alignment.transform(target).shape
    (20, 2)

    Reference:
        Fernando et al. (2013), "Unsupervised Visual Domain Adaptation Using
        Subspace Alignment", section 3.
    """

    def _relate(self) -> None:
        self.alignment_ = self.source_basis_.T @ self.target_basis_

    def _coordinates(self, samples: Array, domain: Domain) -> Array:
        if domain == SOURCE:
            return samples @ self.source_basis_ @ self.alignment_
        return samples @ self.target_basis_

    @property
    def _n_features_out(self) -> int:
        # `get_feature_names_out` reads it.
        return self.alignment_.shape[1]
