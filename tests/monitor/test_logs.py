"""What the logs tell, by hand-made logs and thresholds computed by hand."""

import numpy as np
import pytest

from keras_grl.monitor import logs
from keras_grl.monitor.horizon import horizon
from keras_grl.monitor.run import Run
from keras_grl.monitor.run import entropy
from keras_grl.monitor.run import smoothed_entropy

pytestmark = pytest.mark.backend_free

LN_2, LN_4 = 0.693147, 1.386294
RUN = Run(
    aligns=True,
    chance_loss=LN_2,
    largest_domain=0.5,
    class_shares=np.full(4, 0.25),
    uninformed=LN_4,
)


def epochs(**columns):
    """Logs of epochs, each log given as a list of its values."""
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]


def topic(finding):
    return None if finding is None else finding.topic


def test_what_a_classifier_that_chance_loss_costs():
    assert entropy(np.full(4, 0.25)) == pytest.approx(LN_4)
    assert smoothed_entropy([64, 64], 0.0) == pytest.approx(LN_2)
    # Two sources and the target, equal and weighted by their sizes.
    assert smoothed_entropy([32, 32, 32], 0.0) == pytest.approx(np.log(3))
    by_hand = -(0.25 * np.log(0.25) + 0.5 * np.log(0.5) + 0.25 * np.log(0.25))
    assert smoothed_entropy([16, 32, 16], 0.0) == pytest.approx(by_hand)
    # Labels of a share of 3/4 and 1/4 become .7 and .3 with smoothing .2.
    by_hand = -(0.7 * np.log(0.7) + 0.3 * np.log(0.3))
    assert smoothed_entropy([96, 32], 0.2) == pytest.approx(by_hand)
    assert smoothed_entropy([64, 64], 0.2) == pytest.approx(LN_2)


@pytest.mark.parametrize(
    ("number", "expected"), [(1, 1), (2, 1), (3, 1), (4, 2), (6, 2), (7, 3)]
)
def test_the_last_third_is_at_least_that(number, expected):
    rows = list(range(number))
    assert logs.last_third(rows) == rows[number - expected :]


def test_half_of_the_run_must_be_trained():
    rows = list(range(3))
    assert logs.last_half_of(6, rows) == rows
    assert logs.last_half_of(7, rows) == []
    assert logs.last_half_of(4, rows) == rows[1:]


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([0.0, 0.0], "zero-adaptation-factor"),
        ([0.0, 0.0009], "zero-adaptation-factor"),
        ([0.0, 0.0011], None),
        ([0.5, 0.0], None),
    ],
)
def test_zero_factor(factors, expected):
    rows = epochs(adaptation_factor=factors)
    assert topic(logs.zero_factor(rows, RUN)) == expected
    assert logs.zero_factor(rows, Run()) is None
    # Several layers are logged by name.
    rows = epochs(a_adaptation_factor=factors)
    assert topic(logs.zero_factor(rows, RUN)) == expected


def test_the_fix_of_a_zero_factor_depends_on_its_cause():
    rows = epochs(adaptation_factor=[0.0])
    number = Run(aligns=True, constant_factor=True)
    assert "AdaptationModel" in logs.zero_factor(rows, number).message
    assert "schedule" in logs.zero_factor(rows, RUN).message


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.5, 0.5, 0.5, 0.5, 0.99, 1.0], "domains-stay-separate"),
        ([1.0, 1.0, 1.0, 1.0, 0.989, 1.0], None),
        ([1.0, 1.0, 1.0, 1.0, 1.0, float("nan")], None),
        ([0.995], "domains-stay-separate"),
    ],
)
def test_separate(accuracies, expected):
    rows = epochs(domain_accuracy=accuracies)
    assert topic(logs.separate(rows, RUN)) == expected
    assert logs.separate(rows, Run()) is None
    # Nearly all samples are of one domain.
    skewed = Run(aligns=True, largest_domain=0.99)
    assert logs.separate(rows, skewed) is None


def test_the_message_does_not_round_up():
    rows = epochs(domain_accuracy=[0.99996])
    assert "99.9 %" in logs.separate(rows, RUN).message


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([LN_2 + 0.101, LN_2 + 0.3], "domain-loss-too-high"),
        ([LN_2 + 0.099, LN_2 + 0.3], None),
        ([float("nan"), 2.0], None),
        ([], None),
    ],
)
def test_too_high(losses, expected):
    rows = epochs(domain_loss=losses)
    assert topic(logs.too_high(rows, RUN)) == expected
    # The losses of the user have other values.
    assert logs.too_high(rows, Run(aligns=True)) is None


def test_too_high_depends_on_the_domains():
    three = Run(aligns=True, chance_loss=smoothed_entropy([32, 32, 32], 0.0))
    rows = epochs(domain_loss=[1.19])
    assert logs.too_high(rows, three) is None
    assert logs.too_high(epochs(domain_loss=[1.2]), three) is not None


@pytest.mark.parametrize(
    ("label", "domain", "expected"),
    [
        ([1.1, 1.32], [0.6, 0.70], "collapsed-features"),
        ([1.1, 3.00], [0.6, 0.70], "collapsed-features"),
        # .95 · ln 4 = 1.317.
        ([1.1, 1.31], [0.6, 0.70], None),
        ([1.1, 1.32], [0.6, 0.75], None),
        ([1.1, 1.32], [0.6, 0.64], None),
        # Nothing was learned yet: .8 · ln 4 = 1.109.
        ([1.12, 1.32], [0.6, 0.70], None),
    ],
)
def test_collapsed(label, domain, expected):
    rows = epochs(label_loss=label, domain_loss=domain)
    assert topic(logs.collapsed(rows, RUN)) == expected


def test_collapsed_needs_to_know_the_losses():
    rows = epochs(label_loss=[0.5, 1.39], domain_loss=[0.6, 0.69])
    assert logs.collapsed(rows, RUN)
    regression = Run(aligns=True, chance_loss=LN_2)
    one_class = Run(aligns=True, chance_loss=LN_2, uninformed=0.0)
    for run in (regression, one_class, Run(uninformed=LN_4)):
        assert logs.collapsed(rows, run) is None
    assert logs.collapsed(epochs(loss=[1.0, 2.0]), RUN) is None


def test_outputs_are_looked_at_if_the_logs_are_those_of_a_guess():
    def look(accuracy, run=RUN):
        return logs.may_ignore_inputs(epochs(domain_accuracy=accuracy), run)

    assert look([0.9, 0.9, 0.9, 0.9, 0.481, 0.519])
    assert not look([0.5, 0.5, 0.53])
    assert not look([0.5, 0.5, 0.47])
    assert look([0.76], Run(aligns=True, largest_domain=0.75))
    assert not look([0.5], Run())
    rows = epochs(label_loss=[1.39], domain_loss=[0.7], domain_accuracy=[0.6])
    assert logs.may_ignore_inputs(rows, RUN)


def test_the_source_is_learned_below_the_loss_of_a_guess():
    """.8 · ln 4 = 1.109, .5 · ln 4 = .693."""
    shares = np.full(4, 0.25)
    assert logs.source_is_learned({"label_loss": 1.10}, shares)
    assert not logs.source_is_learned({"label_loss": 1.11}, shares)
    assert logs.source_is_learned({"label_loss": 0.69}, shares, 0.5)
    assert not logs.source_is_learned({"label_loss": 0.70}, shares, 0.5)
    assert not logs.source_is_learned({"label_loss": float("nan")}, shares)
    assert not logs.source_is_learned({}, shares)


@pytest.mark.parametrize(
    ("first", "last", "total", "expected"),
    [
        (0, 49, 100, "horizon-and-run-differ"),
        (0, 50, 100, None),
        (0, 200, 100, None),
        (0, 201, 100, "horizon-and-run-differ"),
        # A part of a longer run, and no horizon.
        (1, 49, 100, None),
        (150, 300, 100, None),
        (0, 49, 0, None),
    ],
)
def test_horizon(first, last, total, expected):
    assert topic(horizon(first, last, total)) == expected


def test_the_fix_of_the_horizon_is_the_number_of_steps():
    assert "`total_steps=49`" in horizon(0, 49, 100).message
