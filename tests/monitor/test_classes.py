"""What predicted classes tell, by probabilities of known answer."""

import numpy as np
import pytest

from keras_grl.monitor import classes

pytestmark = pytest.mark.backend_free

TWO, TEN = np.full(2, 0.5), np.full(10, 0.1)


def counts(*numbers):
    return np.array(numbers) / sum(numbers)


@pytest.mark.parametrize(
    ("predicted", "source", "found"),
    [
        # One class takes 90 % of two.
        (counts(90, 10), TWO, True),
        (counts(89, 11), TWO, False),
        # Two of ten classes: ln 2 = .69, .4 · ln 10 is .92, and ln 3 = 1.10.
        (np.eye(10)[:2].sum(axis=0) / 2, TEN, True),
        (np.eye(10)[:3].sum(axis=0) / 3, TEN, False),
        # .4 · ln 3 is .439: the entropy of 85 : 15 is .423, of 84 : 16 .440.
        (counts(85, 15, 0), np.full(3, 1 / 3), True),
        (counts(84, 16, 0), np.full(3, 1 / 3), False),
        # The source is as skewed: nothing to see.
        (counts(90, 10), counts(90, 10), False),
        (counts(97, 3), counts(80, 20), True),
        (counts(95, 5), counts(80, 20), True),
    ],
)
def test_one_class(predicted, source, found):
    finding = classes.one_class(predicted, source)
    assert (finding is not None) == found
    if found:
        assert finding.topic == "one-predicted-class"
        assert "class 0" in finding.message


def test_one_class_by_its_share_alone():
    """The entropy is .55, that of the source .67."""
    source = counts(60, 40, *[0] * 9)
    predicted = counts(90.1, *[0.99] * 10)
    assert classes.one_class(predicted, source) is not None
    assert classes.one_class(counts(89.9, *[1.01] * 10), source) is None
    # Such a class takes nearly as much of the source.
    source = counts(61, 39, *[0] * 9)
    assert classes.one_class(predicted, source) is None


@pytest.mark.parametrize(
    ("target", "source", "found"),
    [
        # The distance of 81 : 19 is .31, 60 % of the largest one is .30.
        (counts(81, 19), TWO, True),
        (counts(79, 21), TWO, False),
        # Of ten classes 60 % of .9 is .54: the distance of four is .6, of five
        # .5.
        (np.eye(10)[:4].sum(axis=0) / 4, TEN, True),
        (np.eye(10)[:5].sum(axis=0) / 5, TEN, False),
        (TEN, TEN, False),
        (counts(1, 0), counts(1, 0), False),
    ],
)
def test_label_shift(target, source, found):
    finding = classes.label_shift([target], source)
    assert (finding is not None) == found
    if found:
        assert finding.topic == "label-shift"


def test_the_mean_of_the_epochs_counts():
    far, near = counts(95, 5), counts(55, 45)
    assert classes.label_shift([far, far, near], TWO)  # 82 : 18
    assert classes.label_shift([far, near, near], TWO) is None  # 68 : 32
    assert classes.label_shift([], TWO) is None


def test_domains_that_differ_in_more_than_their_classes():
    """The distance .4 explains a domain accuracy of .5 + .5 · .4 = .7."""
    target = [counts(90, 10)]
    assert classes.label_shift(target, TWO, 0.79, 0.5)
    assert classes.label_shift(target, TWO, 0.81, 0.5) is None
    # Three quarters of a batch are source: .75 + .25 · .4 = .85.
    assert classes.label_shift(target, TWO, 0.94, 0.75)
    assert classes.label_shift(target, TWO, 0.96, 0.75) is None


def test_the_message_names_the_classes():
    message = classes.label_shift([counts(90, 10)], TWO).message
    assert "class 0 in 90 % of the samples (source 50 %)" in message
    assert "class 1 in 10 % (source 50 %)" in message
    assert "40 % of the target" in message


def test_figures_of_sure_predictions():
    p = np.repeat(np.eye(4), [6, 2, 0, 0], axis=0)
    found = classes.figures(p, np.full(4, 0.25))
    by_hand = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert list(found) == list(classes.FIGURES)
    assert list(found.values()) == pytest.approx([by_hand, 0.75, 0.5])
    assert all(type(value) is float for value in found.values())


def test_figures_of_nan_and_of_what_is_no_probability():
    p = np.eye(4)
    p[0, 0] = np.nan
    found = classes.figures(p, np.full(4, 0.25))
    assert list(found) == list(classes.FIGURES)
    assert np.isnan(list(found.values())).all()
    # Logits that were trained as if they were probabilities.
    found = classes.figures(10 * np.eye(4) - 5, np.full(4, 0.25))
    assert found["target_label_shift"] == pytest.approx(0.0)
