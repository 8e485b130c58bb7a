"""Subspace alignment: the principal axes of one domain turned to another's."""

from typing import Any

from keras_grl.baselines.subspaces import Subspaces
from keras_grl.streams import SOURCE


class SubspaceAlignment(Subspaces):
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

    def _relate(self) -> None:
        self.alignment_ = self.source_basis_.T @ self.target_basis_

    def _coordinates(self, samples: Any, domain: str) -> Any:
        if domain == SOURCE:
            return samples @ self.source_basis_ @ self.alignment_
        return samples @ self.target_basis_

    @property
    def _n_features_out(self) -> int:
        # What `get_feature_names_out` asks for.
        return self.alignment_.shape[1]
