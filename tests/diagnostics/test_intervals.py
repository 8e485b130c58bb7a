import numpy as np
import pytest

from keras_grl.diagnostics.intervals import Errors
from keras_grl.diagnostics.intervals import mean_rate
from keras_grl.diagnostics.intervals import mean_rate_interval
from keras_grl.diagnostics.intervals import rate_interval


@pytest.mark.parametrize(
    ("wrong", "samples", "low", "high"),
    [
        # Newcombe (1998), table I, methods with score intervals.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # 20 of 20: the mirror image of 0 of 20.
        (20, 20, 1 - 0.1611, 1.0),
    ],
)
def test_wilsons_interval_is_that_of_published_examples(
    wrong, samples, low, high
):
    found = rate_interval(Errors(wrong, samples), 0.95)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_a_mean_adds_squares():
    one, other = Errors(3, 30), Errors(20, 40)
    ends = [rate_interval(each, 0.9) for each in (one, other)]
    low, high = mean_rate_interval([one, other], 0.9)
    mean = (0.1 + 0.5) / 2
    assert mean_rate([one, other]) == pytest.approx(mean)
    assert low == pytest.approx(
        mean - np.hypot(0.1 - ends[0][0], 0.5 - ends[1][0]) / 2
    )
    assert high == pytest.approx(
        mean + np.hypot(ends[0][1] - 0.1, ends[1][1] - 0.5) / 2
    )


def test_the_interval_covers_the_true_mean_as_often_as_it_says():
    random = np.random.default_rng(0)
    rates, samples = (0.1, 0.4), (30, 60)
    covered = []
    for _ in range(1000):
        found = [
            Errors(int(random.binomial(n, rate)), n)
            for rate, n in zip(rates, samples, strict=True)
        ]
        low, high = mean_rate_interval(found, 0.9)
        covered.append(low <= 0.25 <= high)
    # The standard error of 1000 trials is .0095.
    assert np.mean(covered) == pytest.approx(0.9, abs=0.04)
