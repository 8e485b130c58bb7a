import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from keras_grl.baselines import LastLayerSVM


def data(n=90, d=6):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, n)
    return rng.normal(size=(n, d)) + 2 * np.eye(d)[y], y


def test_two_points():
    """x = ∓1, one-dimensional: LIBLINEAR minimizes, with w and b penalized,

    ½ (w² + b²) + C Σ max(0, 1 − y (w x + b))²: here b = 0 and
    ½ w² + 2 C (1 − w)², least at w = 4 C / (1 + 4 C).
    """
    svm = LastLayerSVM(C=0.5, standardize=False).fit([[-1.0], [1.0]], [0, 1])
    np.testing.assert_allclose(
        svm.decision_function([[1.0], [3.0]]), [2 / 3, 2], atol=1e-3
    )


def test_features_are_standardized_with_training_statistics():
    x, y = data()
    moved = x * [1, 10, 1000, 1, 1, 0.01] + 5
    svm, same = LastLayerSVM().fit(x, y), LastLayerSVM().fit(moved, y)
    np.testing.assert_allclose(
        svm.decision_function(x), same.decision_function(moved), atol=1e-2
    )
    assert svm.score(x, y) > 0.8
    # Other data by the same numbers, not by their own.
    shifted = svm.decision_function(x + 1)
    assert np.abs(shifted - svm.decision_function(x)).max() > 0.1


def test_constant_features():
    x, y = data()
    x[:, 1] = 3.0
    assert np.isfinite(LastLayerSVM().fit(x, y).decision_function(x)).all()


def test_max_samples_is_stratified():
    """Of 60, 30 and 2, 23: a quarter of each; and none is left out."""
    y = np.repeat([0, 1, 2], [60, 30, 2])
    x = np.random.default_rng(0).normal(size=(92, 3))
    svm = LastLayerSVM(max_samples=23).fit(x, y)
    counts = np.bincount(y[svm.sample_indices_])
    assert counts.tolist() == [15, 7, 1]
    assert len(set(svm.sample_indices_)) == 23
    three = LastLayerSVM(max_samples=3).fit(x, y)
    assert np.bincount(y[three.sample_indices_]).tolist() == [1, 1, 1]
    other = LastLayerSVM(max_samples=23, random_state=1).fit(x, y)
    assert not np.array_equal(other.sample_indices_, svm.sample_indices_)
    # It is fitted only on these.
    rows = svm.sample_indices_
    np.testing.assert_array_equal(
        svm.decision_function(x),
        LastLayerSVM().fit(x[rows], y[rows]).decision_function(x),
    )
    more = LastLayerSVM(max_samples=1000).fit(x, y)
    assert more.sample_indices_.tolist() == list(range(92))


def test_fit_is_deterministic():
    x, y = data(n=20, d=40)  # fewer samples than features: the dual problem
    first, second = (LastLayerSVM().fit(x, y) for _ in range(2))
    np.testing.assert_array_equal(
        first.decision_function(x), second.decision_function(x)
    )


def test_as_a_scikit_learn_estimator():
    x, y = data()
    svm = LastLayerSVM(C=0.1, max_samples=50)
    assert clone(svm).get_params() == {
        "C": 0.1,
        "max_samples": 50,
        "random_state": 0,
        "standardize": True,
    }
    assert cross_val_score(svm, x, y, cv=3).mean() > 0.8
    fitted = pickle.loads(pickle.dumps(svm.fit(x, y)))
    assert fitted.predict(x).tolist() == svm.predict(x).tolist()
    assert fitted.n_features_in_ == 6
    assert fitted.classes_.tolist() == [0, 1, 2]
    words = LastLayerSVM().fit(x, np.array(["a", "b", "c"])[y])
    assert set(words.predict(x)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"C": 0.0}, "`C`.*greater than 0"),
        ({"max_samples": 2}, "`max_samples`.*each of 3 classes.*=2"),
        ({"max_samples": 0.5}, "`max_samples`.*integer"),
        ({"standardize": "yes"}, "`standardize`.*True or False"),
        ({"random_state": None}, "`random_state`.*integer"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        LastLayerSVM(**kwargs).fit(*data())


def test_bad_samples():
    x, y = data()
    for features, labels, message in (
        (x[:, :, None], y, r"(?s)`X.shape`.*\(90, 6, 1\).*reshape"),
        (x, y[:-1], r"`y.shape`.*\(90,\).*\(89,\)"),
        (x, 0 * y, r"`y`.*two classes.*\[0\]"),
        (np.where(x > 2, np.nan, x), y, "`X`.*finite.*NaN"),
        ([["a"]], y, "`X`.*numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            LastLayerSVM().fit(features, labels)
    svm = LastLayerSVM().fit(x, y)
    with pytest.raises(ValueError, match=r"`X.shape`.*6.*\(90, 2\)"):
        svm.predict(x[:, :2])
    with pytest.raises(NotFittedError):
        LastLayerSVM().predict(x)
