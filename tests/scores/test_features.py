"""Scores that use features or labels of the source."""

import math
import sys
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from keras_grl import scores

# Three far clusters of twenty points each.
CENTERS = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
CLUSTER = np.repeat([0, 1, 2], 20)


def clusters():
    noise = np.random.default_rng(0).normal(size=(60, 2))
    return CENTERS[CLUSTER] + noise


def test_classes_that_are_clusters():
    p = np.eye(3)[CLUSTER]
    assert scores.class_ami(clusters(), p) == pytest.approx(1.0)
    # It does not see swapped classes.
    assert scores.class_ami(clusters(), p[:, [2, 0, 1]]) == pytest.approx(1.0)


def test_merged_classes_by_hand():
    """Two clusters in one class: AMI with k = 3, the classes of the model."""
    p = np.eye(3)[np.where(CLUSTER == 2, 1, CLUSTER)]
    # Mutual information is the entropy of the classes, (1/3, 2/3). The clusters
    # have ln 3. AMI subtracts the expectation of random labels, which must be
    # small for 60 samples.
    classes = math.log(3) / 3 + 2 / 3 * math.log(3 / 2)
    unadjusted = classes / ((classes + math.log(3)) / 2)
    found = scores.class_ami(clusters(), p)
    assert unadjusted - 0.03 < found < unadjusted
    # With as many clusters as predicted classes it would depend on which two
    # clusters k-means joins.
    assert found == pytest.approx(
        scores.class_ami(clusters(), np.eye(3)[np.minimum(CLUSTER, 1)])
    )


def test_independent_classes_are_about_zero():
    p = np.eye(3)[np.random.default_rng(1).permutation(CLUSTER)]
    assert abs(scores.class_ami(clusters(), p)) < 0.06


@pytest.mark.parametrize("features", [clusters(), np.ones((60, 2))])
def test_one_predicted_class_is_zero(features):
    """Also if the features are collapsed, where the AMI itself is 1."""
    p = np.eye(3)[[1] * 60]
    assert scores.class_ami(features, p) == 0.0


def test_few_distinct_features_do_not_warn():
    features = np.repeat([[0.0], [9.0]], 30, axis=0)
    p = np.eye(3)[np.arange(60) % 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        assert abs(scores.class_ami(features, p)) < 0.05


def test_any_rank_and_the_same_for_the_same_seed():
    features = np.random.default_rng(2).normal(size=(60, 2, 3))
    p = np.eye(5)[np.random.default_rng(3).integers(0, 5, 60)]
    first = scores.class_ami(features, p, seed=4)
    assert first == scores.class_ami(features.reshape(60, 6), p, seed=4)
    assert first == scores.class_ami(features.astype("float32"), p, seed=4)
    assert type(first) is float


def domains(shift, n=4000, seed=0):
    """Source, target and held-out features, whose shift has known weights."""
    random = np.random.default_rng(seed)
    source, target, held_out = random.normal(size=(3, n, 1))
    return source, target + shift, held_out


def predictions(errors):
    """Predictions that are wrong where `errors` is true, and labels."""
    labels = np.arange(len(errors)) % 2
    return np.eye(2)[np.where(errors, 1 - labels, labels)], labels


def test_weighted_risks_find_the_error_on_the_target():
    """Wrong for x > 0: for half of the source, 84 % of the target."""
    source, target, held_out = domains(1.0)
    wrong = held_out[:, 0] > 0
    # Φ(1), the share of the target above 0.
    expected = -0.8413
    for function in (scores.dev, scores.importance_weighted):
        found = function(*predictions(wrong), held_out, source, target)
        # The logistic regression has the true weights, exp(x − 1/2), except
        # for its own error, which adds to the standard error.
        assert found.score == pytest.approx(expected, abs=0.05)
        assert 0 < found.standard_error < 0.05
        assert all(type(value) is float for value in found)


def weights_and_terms(held_out, source, target, errors):
    """The true weights, and the mean and its standard error, by hand."""
    w = np.exp(held_out[:, 0] - 0.5)
    return w, w * errors


def test_the_control_variate_lowers_the_standard_error():
    source, target, held_out = domains(1.0)
    wrong = (held_out[:, 0] > 0).astype("float64")
    w, terms = weights_and_terms(held_out, source, target, wrong)
    slope = np.polyfit(w, terms, 1)[0]
    given = (*predictions(wrong > 0), held_out, source, target)
    plain, dev = scores.importance_weighted(*given), scores.dev(*given)
    n = len(w)
    assert plain.standard_error == pytest.approx(
        np.std(terms) / math.sqrt(n), rel=0.1
    )
    # What is left of a regression on the weights.
    residual = np.std(terms - slope * w) / math.sqrt(n)
    assert dev.standard_error == pytest.approx(residual, rel=0.1)
    assert dev.standard_error < 0.5 * plain.standard_error


def test_the_numbers_of_samples_do_not_bias_the_weights():
    """N_s / N_t: a target of a tenth of the samples has the same risk."""
    source, target, held_out = domains(0.0)
    given = (*predictions(held_out[:, 0] > 0), held_out)
    many = scores.importance_weighted(*given, source, target)
    few = scores.importance_weighted(*given, source, target[:400])
    assert many.score == pytest.approx(-0.5, abs=0.05)
    assert few.score == pytest.approx(-0.5, abs=0.05)


def test_weights_are_not_normalized():
    """Their mean is free, which the control variate corrects."""
    source, target, held_out = domains(1.0)
    always = predictions(np.ones(4000, bool))
    # All wrong: the risk is the mean weight, and with the control variate 1.
    plain = scores.importance_weighted(*always, held_out + 0.2, source, target)
    assert plain.score == pytest.approx(-math.exp(0.2), abs=0.1)
    dev = scores.dev(*always, held_out + 0.2, source, target)
    assert dev.score == pytest.approx(-1.0, abs=1e-9)
    assert dev.standard_error == pytest.approx(0.0, abs=1e-9)


def test_equal_features_have_equal_weights():
    """No variance, and no division by it."""
    p, labels = predictions(np.arange(40) < 10)
    ones = np.ones((40, 3))
    for function in (scores.dev, scores.importance_weighted):
        found = function(p, labels, ones, ones, ones[:30])
        assert found.score == pytest.approx(-0.25, abs=1e-3)
        sample = np.std(np.arange(40) < 10, ddof=1)
        assert found.standard_error == pytest.approx(
            sample / math.sqrt(40), abs=1e-3
        )


def test_no_error_is_exactly_zero():
    source, target, held_out = domains(1.0, 100)
    given = (*predictions(np.zeros(100, bool)), held_out, source, target)
    for function in (scores.dev, scores.importance_weighted):
        assert str(tuple(function(*given))) == "(0.0, 0.0)"


def test_separable_domains_and_outliers_stay_finite():
    """Importance weighting alone prefers what separates the domains."""
    source, target, held_out = domains(1e3, 100)
    given = predictions(np.arange(100) < 50)
    plain = scores.importance_weighted(*given, held_out, source, target)
    assert plain.score == pytest.approx(0.0, abs=0.02)
    held_out[0] = 1e9
    for function in (scores.dev, scores.importance_weighted):
        assert np.isfinite(function(*given, held_out, source, target)).all()


def test_the_seed_chooses_the_penalty():
    source, target, held_out = domains(0.3, 30)
    given = (*predictions(np.arange(30) < 10), held_out, source, target)
    assert scores.dev(*given, seed=1) == scores.dev(*given, seed=1)
    found = {scores.dev(*given, seed=seed) for seed in range(10)}
    assert len(found) > 1


def test_source_accuracy_and_domain_error():
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [1.0, 0.0]])
    score = scores.source_accuracy_and_domain_error
    # Three of four are right.
    assert score(p, [0, 1, 1, 0], 0.2) == pytest.approx(0.95)
    assert score(p, np.array([[0], [1], [1], [0]]), 0) == 0.75
    assert score(p, np.array([0.0, 1.0, 0.0, 0.0]), 0.5) == 1.5
    # An error of 0.9 is a classifier with swapped labels.
    assert score(p, [0, 1, 0, 0], 0.9) == 1.5


@pytest.mark.parametrize(
    "change, message",
    [
        ({"labels": [0, 1, 1]}, r"`labels`\. Expected 4 rows.* 3 rows"),
        ({"labels": np.eye(2)[[0, 1, 1, 0]]}, r"argmax\(axis=1\)"),
        ({"labels": [0, 1, 2, 0]}, r"from 0 to 1\. Received: 2 in row 2"),
        ({"labels": [0, -1, 1, 0]}, r"-1 in row 1"),
        ({"labels": [0, 0.5, 1, 0]}, r"0\.5 in row 1"),
        ({"labels": [0, np.nan, 1, 0]}, r"nan in row 1"),
        ({"labels": list("abab")}, r"labels that are numbers"),
        ({"probabilities": [0, 1, 1, 0]}, r"Expected probabilities"),
        ({"domain_error": -0.1}, r"`domain_error`.*at least 0"),
        ({"domain_error": 40.0}, r"Divide percent by 100"),
        ({"domain_error": float("nan")}, r"`domain_error`.*finite"),
    ],
)
def test_wrong_arguments_of_source_accuracy(change, message):
    right = {
        "probabilities": np.eye(2)[[0, 1, 1, 0]],
        "labels": [0, 1, 1, 0],
        "domain_error": 0.5,
    }
    with pytest.raises(ValueError, match=message):
        scores.source_accuracy_and_domain_error(**{**right, **change})


@pytest.mark.parametrize(
    "change, message",
    [
        ({"features": np.zeros(60)}, r"`features`.*shape \(60,\)"),
        ({"features": np.zeros((60, 0))}, r"`features`.*not empty"),
        ({"features": np.zeros((59, 2))}, r"`features`.*60 rows.* 59 rows"),
        ({"features": np.full((60, 2), np.nan)}, r"infinity in row 0"),
        ({"probabilities": np.eye(61)[:60]}, r"60 samples of 61 classes"),
        ({"probabilities": CLUSTER}, r"labels are not enough"),
        ({"seed": -1}, r"`seed`"),
    ],
)
def test_wrong_arguments_of_class_ami(change, message):
    right = {"features": clusters(), "probabilities": np.eye(3)[CLUSTER]}
    with pytest.raises(ValueError, match=message):
        scores.class_ami(**{**right, **change})


@pytest.mark.parametrize(
    "change, message",
    [
        ({"labels": np.zeros(9)}, r"`labels`.*10 rows"),
        ({"labels": np.eye(2)[[0] * 10]}, r"argmax"),
        ({"features": np.zeros((9, 2))}, r"`features`.*10 rows"),
        ({"source_features": np.zeros((9, 3))}, r"`source_features`.*of 2 fe"),
        ({"target_features": np.zeros((4, 2))}, r"`target_features`.*at least"),
        ({"target_features": np.full((9, 2), np.inf)}, r"infinity in row 0"),
        ({"probabilities": np.eye(2)[[0]]}, r"at least 2 held-out samples"),
        ({"seed": 0.5}, r"`seed`"),
    ],
)
@pytest.mark.parametrize("name", ["dev", "importance_weighted"])
def test_wrong_arguments_of_weighted_risks(name, change, message):
    right = {
        "probabilities": np.eye(2)[[0, 1] * 5],
        "labels": [0, 1] * 5,
        "features": np.zeros((10, 2)),
        "source_features": np.zeros((9, 2)),
        "target_features": np.zeros((9, 2)),
    }
    with pytest.raises(ValueError, match=message):
        getattr(scores, name)(**{**right, **change})


def test_what_needs_scikit_learn_says_so(monkeypatch):
    for module in ("cluster", "linear_model"):
        monkeypatch.setitem(sys.modules, f"sklearn.{module}", None)
    message = r"`{}` needs scikit-learn.*pip install scikit-learn"
    with pytest.raises(ImportError, match=message.format("class_ami")):
        scores.class_ami(clusters(), np.eye(3)[CLUSTER])
    source, target, held_out = domains(0.0, 10)
    given = (*predictions(np.arange(10) < 5), held_out, source, target)
    for name in ("dev", "importance_weighted"):
        with pytest.raises(ImportError, match=message.format(name)):
            getattr(scores, name)(*given)


def test_public_names():
    assert set(dir(scores)) == set(scores.__all__)
