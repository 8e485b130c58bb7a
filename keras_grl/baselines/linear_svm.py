"""A linear SVM in place of a network's last layer."""

from typing import Any

import numpy as np
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
from keras_grl.validation import check_boolean
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import invalid


class LastLayerSVM(ClassifierMixin, BaseEstimator):
    """A linear support vector machine on the last hidden layer's features.

    The paper retrains the last layer of every network by a linear SVM
    (LIBLINEAR), to put the methods on an equal footing. Here it is
    scikit-learn's `LinearSVC`, which is LIBLINEAR: one machine against the
    rest for each class, squared hinge loss, l2 penalty.

    Fit it on the source's features and labels; `predict` and `score` take the
    target's.

    Args:
        C: Float, greater than 0. Weight of the errors against the penalty:
            LIBLINEAR's, and its default. The paper does not say which it used.
        max_samples: Integer: at most so many samples are learnt from, each
            class with its share and at least one. Defaults to all.
        standardize: Boolean. If True (the default), every feature is first
            shifted and scaled to mean 0 and variance 1 on what it is fitted
            on, and other data by the same numbers.
        random_state: Integer, of the choice of samples and of LIBLINEAR's
            order. The same one gives the same machine.

    Attributes:
        classes_: Labels, shape `(classes,)`.
        n_features_in_: Integer.
        sample_indices_: Rows of X that were learnt from, ascending.
        svm_: The fitted scikit-learn estimator.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: When it is fitted, if an argument is invalid.

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
        # As scikit-learn wants it: checked in `fit`.
        self.C = C
        self.max_samples = max_samples
        self.standardize = standardize
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "LastLayerSVM":  # noqa: N803
        """Fits on the source.

        Args:
            X: Features, shape `(n, d)`.
            y: Labels, shape `(n,)`, of two classes at least.

        Returns:
            Itself.

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
                invalid("y", "labels of two classes at least", received)
            )
        self.n_features_in_ = features.shape[1]
        self.sample_indices_ = sample_rows(labels, self.max_samples, seed)
        # With fewer iterations the dual problem is not always solved.
        svm = LinearSVC(C=c, dual="auto", max_iter=10_000, random_state=seed)
        self.svm_ = (
            make_pipeline(StandardScaler(), svm) if self.standardize else svm
        )
        self.svm_.fit(
            features[self.sample_indices_], labels[self.sample_indices_]
        )
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Labels, shape `(n,)`, of features of shape `(n, d)`."""
        features = self._checked(X)
        return self.svm_.predict(features)

    def decision_function(self, X: Any) -> Any:  # noqa: N803
        """Distances from the planes: `(n, classes)`; `(n,)` if they are two."""
        features = self._checked(X)
        return self.svm_.decision_function(features)

    def _checked(self, X: Any) -> Any:  # noqa: N803
        check_is_fitted(self)
        features = as_samples("X", X)
        check_width("X", features, self.n_features_in_)
        return features
