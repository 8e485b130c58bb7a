"""The frequencies of target classes, against what is known of them."""

import numpy as np
import pytest

from keras_grl.scores import estimate_label_shift
from keras_grl.scores.label_shift import by_likelihood

pytestmark = pytest.mark.backend_free


def bayes(shares, labels, noise=1.0, seed=0):
    """Samples of two Gaussians, and the posteriors under `shares`."""
    rng = np.random.default_rng(seed)
    x = rng.normal(loc=2.0 * labels - 1.0, scale=noise)
    likelihood = np.exp(
        -0.5 * ((x[:, None] - np.array([-1.0, 1.0])) / noise) ** 2
    )
    joint = likelihood * shares
    return joint / joint.sum(axis=1, keepdims=True)


def labels_of(shares, count, seed=1):
    return np.random.default_rng(seed).choice(len(shares), count, p=shares)


@pytest.mark.parametrize("target", [[0.5, 0.5], [0.9, 0.1], [0.05, 0.95]])
@pytest.mark.parametrize("source", [[0.5, 0.5], [0.7, 0.3]])
@pytest.mark.parametrize("method", ["em", "bbse"])
def test_known_frequencies_of_overlapping_classes(target, source, method):
    """A tenth to a sixth of the predictions is wrong: counting would fail."""
    y_source, y_target = labels_of(source, 4000), labels_of(target, 4000)
    p = bayes(source, y_target, seed=2)
    q = bayes(source, y_source, seed=3) if method == "bbse" else None
    shift = estimate_label_shift(p, y_source, q)
    assert shift.source == pytest.approx(source, abs=0.02)
    assert shift.target == pytest.approx(target, abs=0.04)
    expected = abs(target[0] - source[0])
    assert shift.distance == pytest.approx(expected, abs=0.05)
    assert type(shift.distance) is float
    counted = np.mean(p.argmax(axis=1) == 0)
    if target == [0.9, 0.1]:
        assert abs(counted - 0.9) > 0.03


def test_likelihood_by_hand():
    """π = (3a + b) / 4 with a = .9π / (.9π + .1(1 − π)), … : 13/16."""
    p = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]])
    shift = estimate_label_shift(p, [0, 1])
    assert shift.target == pytest.approx([13 / 16, 3 / 16], abs=1e-4)
    # Relative to the source: (.9, .1) says nothing if nine of ten are so.
    shift = estimate_label_shift(p[:3], [0] * 9 + [1])
    assert shift.target == pytest.approx([0.9, 0.1])


def test_confusion_by_hand():
    """C w = μ with C = ((.4, .1), (.1, .4)), μ = (.7, .3): w = (5/3, 1/3)."""
    q = np.eye(2)[[0, 0, 0, 0, 1, 0, 1, 1, 1, 1]]
    y = [0] * 5 + [1] * 5
    p = np.eye(2)[[0] * 7 + [1] * 3]
    shift = estimate_label_shift(p, y, q)
    assert shift.target == pytest.approx([5 / 6, 1 / 6])
    assert shift.distance == pytest.approx(1 / 3)
    # Further off than the confusions allow: none is negative.
    shift = estimate_label_shift(np.eye(2)[[0] * 10], y, q)
    assert shift.target.tolist() == [1.0, 0.0]


def test_sure_predictions_are_counted():
    p = np.eye(3)[[0, 0, 0, 1]]
    shift = estimate_label_shift(p, [0, 1, 2])
    assert shift.target == pytest.approx([0.75, 0.25, 0.0])
    assert shift.distance == pytest.approx(5 / 12)


@pytest.mark.parametrize("method", ["em", "bbse"])
def test_a_class_that_the_source_does_not_have(method):
    p = np.eye(3)[[0, 0, 1, 2]]
    q = np.eye(3)[[0, 1]] if method == "bbse" else None
    shift = estimate_label_shift(p, [0, 1], q)
    assert shift.source.tolist() == [0.5, 0.5, 0.0]
    assert shift.target == pytest.approx([2 / 3, 1 / 3, 0.0])


@pytest.mark.parametrize("method", ["em", "bbse"])
def test_only_classes_that_the_source_does_not_have(method):
    q = np.eye(3)[[0, 1]] if method == "bbse" else None
    shift = estimate_label_shift(np.eye(3)[[2, 2]], [0, 1], q)
    assert shift.target.tolist() == [0.5, 0.5, 0.0]
    assert shift.distance == 0.0


def test_rounded_zeros_end_in_no_nan():
    """A class whose share becomes 0 was the only one of a sample."""
    p = np.array([[1e-320, 1.0], [1.0, 0.0], [1.0, 0.0]])
    assert np.isfinite(by_likelihood(p, np.array([1 - 1e-12, 1e-12]))).all()


def test_low_precision():
    p = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]], "float16")
    shift = estimate_label_shift(p, [0, 1])
    assert shift.target.dtype == "float64"
    assert shift.target == pytest.approx([13 / 16, 3 / 16], abs=1e-3)


P = np.array([[0.9, 0.1], [0.2, 0.8]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probabilities": [[2.0, -1.0]]}, "`probabilities`.*sum to 1"),
        ({"probabilities": [0, 1]}, "`probabilities`"),
        ({"probabilities": P * np.nan}, "`probabilities`.*NaN"),
        ({"source_labels": [0, 2]}, "`source_labels`.*0 to 1"),
        ({"source_labels": [[0.2, 0.8]]}, "`source_labels`.*shape"),
        ({"source_labels": []}, "`source_labels`.*at least one"),
        ({"method": "bbse"}, "`source_probabilities`.*held-out"),
        ({"method": "rlls"}, '`method`.*"em", "bbse"'),
        ({"source_probabilities": P[:1]}, "`source_probabilities`.*2 rows"),
        (
            {"source_probabilities": np.full((2, 3), 1 / 3)},
            "`source_probabilities`.*2 classes",
        ),
        (
            {"source_probabilities": np.array([[0.9, 0.1], [0.8, 0.2]])},
            "`source_probabilities`.*no inverse",
        ),
    ],
)
def test_wrong_arguments(change, message):
    arguments = {"probabilities": P, "source_labels": [0, 1], **change}
    with pytest.raises(ValueError, match=message):
        estimate_label_shift(**arguments)
