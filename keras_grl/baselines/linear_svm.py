"""A linear SVM in place of a network's last layer."""

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.base import ClassifierMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from keras_grl.baselines.samples import as_labels
from keras_grl.baselines.samples import as_samples
from keras_grl.baselines.samples import check_width
from keras_grl.baselines.samples import sample_rows
from keras_grl.types import Array
from keras_grl.validation import check_boolean
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import invalid


class LastLayerSVM(ClassifierMixin, BaseEstimator):
    """A linear support vector machine on the last hidden layer's features.

    The paper retrains the last layer of every network with a linear SVM
    (LIBLINEAR), so that the methods are comparable. This class uses
    scikit-learn's `LinearSVC`, which is LIBLINEAR: one-vs-rest, squared hinge
    loss, l2 penalty.

    Fit it on features and labels of the source; pass features of the target to
    `predict` and `score`.

    Args:
        C: Float, greater than 0. Weight of the errors relative to the penalty,
            with the default of LIBLINEAR. The paper does not give its value.
        max_samples: Integer, the maximum number of training samples. Each
            class keeps its share, and at least one. Defaults to all.
        standardize: Boolean. If True (the default), every feature is first
            standardized to mean 0 and variance 1, with the statistics of the
            training samples.
        random_state: Integer, seed of the choice of samples and of LIBLINEAR's
            order. The same seed gives the same classifier.

    Attributes:
        classes_: Labels, shape `(classes,)`.
        n_features_in_: Integer.
        sample_indices_: Rows of X used for training, ascending.
        svm_: The fitted scikit-learn estimator.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: In `fit`, if an argument is invalid.

    Example:

    >>> X = np.array([[0.0, 5.0], [1.0, 5.0], [8.0, 5.0], [9.0, 5.0]])
    >>> svm = LastLayerSVM().fit(X, ["a", "a", "b", "b"])
    >>> svm.predict([[2.0, 5.0], [7.0, 5.0]]).tolist()
    ['a', 'b']

    Reference:
        Ganin & Lempitsky (2015), section 4 ("Baselines"); Fan et al. (2008),
        "LIBLINEAR: A Library for Large Linear Classification".
    """

    def __init__(
        self,
        C: float = 1.0,  # noqa: N803 (as in scikit-learn)
        max_samples: int | None = None,
        standardize: bool = True,
        random_state: int = 0,
    ):
        # scikit-learn's convention: arguments are checked in `fit`.
        self.C = C
        self.max_samples = max_samples
        self.standardize = standardize
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:  # noqa: N803
        """Fits on the source.

        Args:
            X: Features, shape `(n, d)`.
            y: Labels, shape `(n,)`, of at least two classes.

        Returns:
            The fitted classifier itself.

        Raises:
            ValueError: If an argument is invalid, or the shapes differ.
        """
        c = check_number("C", self.C, above=0.0)
        seed = check_integer("random_state", self.random_state, minimum=0)
        check_boolean("standardize", self.standardize)
        features = as_samples("X", X)
        labels = as_labels("y", y, features)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            received = self.classes_.tolist()
            raise ValueError(
                invalid("y", "labels of at least two classes", received)
            )
        self.n_features_in_ = features.shape[1]
        self.sample_indices_ = sample_rows(labels, self.max_samples, seed)
        # With fewer iterations the dual problem may not converge.
        svm = LinearSVC(C=c, dual="auto", max_iter=10_000, random_state=seed)
        self.svm_ = (
            make_pipeline(StandardScaler(), svm) if self.standardize else svm
        )
        self.svm_.fit(
            features[self.sample_indices_], labels[self.sample_indices_]
        )
        return self

    def predict(self, X: npt.ArrayLike) -> Array:  # noqa: N803
        """Labels, shape `(n,)`, of features of shape `(n, d)`."""
        features = self._checked(X)
        return self.svm_.predict(features)

    def decision_function(self, X: npt.ArrayLike) -> Array:  # noqa: N803
        """Signed distances, `(n, classes)`; `(n,)` for two classes."""
        features = self._checked(X)
        return self.svm_.decision_function(features)

    def _checked(self, X: npt.ArrayLike) -> Array:  # noqa: N803
        check_is_fitted(self)
        features = as_samples("X", X)
        check_width("X", features, self.n_features_in_)
        return features
