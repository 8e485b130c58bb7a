import numpy as np
import pytest

from keras_grl import diagnostics


def samples(shift, count=400, features=6):
    source, target = np.random.default_rng(1).normal(size=(2, count, features))
    target[:, 0] += shift
    return source, target


def test_equal_domains_have_the_error_of_guessing():
    # The error of guessing: 0.5 ± 0.025 over 2 x 200 tested samples.
    assert diagnostics.domain_error(*samples(0.0)) == pytest.approx(
        0.5, abs=0.1
    )
    assert abs(diagnostics.proxy_a_distance(*samples(0.0))) < 0.4


def test_the_error_is_that_of_the_best_linear_classifier():
    # Two normal distributions at distance 2 have the error Φ(-1) = 0.1587.
    assert diagnostics.domain_error(*samples(2.0, 4000)) == pytest.approx(
        0.1587, abs=0.015
    )


def test_the_larger_domain_counts_no_more_than_the_smaller():
    source, target = samples(20.0)
    target[::2, 0] -= 20.0  # half of the target is as the source
    # Those it takes for source: wrong for half of the target, 0.25 of both.
    error = diagnostics.domain_error(source, np.tile(target, (5, 1)))
    assert error == pytest.approx(0.25, abs=0.05)


def test_any_rank_and_the_same_number_for_the_same_seed():
    source, target = samples(1.0)
    flat = diagnostics.domain_error(source, target, seed=3)
    ranked = diagnostics.domain_error(
        source.reshape(-1, 2, 3), target.reshape(-1, 3, 2), seed=3
    )
    assert flat == ranked


def test_separable_and_constant_features():
    assert diagnostics.domain_error(*samples(50.0)) == 0.0
    assert diagnostics.proxy_a_distance(*samples(50.0)) == 2.0
    assert diagnostics.domain_error(np.ones((9, 2)), np.ones((8, 2))) == 0.5


@pytest.mark.parametrize("feature", range(6))
def test_one_feature_suffices_to_separate_domains(feature):
    source, target = samples(0.0)
    target[:, feature] += 50.0
    assert diagnostics.domain_error(source, target) == 0.0


def test_the_classifier_is_tested_on_held_out_samples():
    """It can separate any 20 samples of 200 features from 20 others."""
    alike = samples(0.0, count=40, features=200)
    assert diagnostics.domain_error(*alike) > 0.3


@pytest.mark.parametrize(
    ("source", "target", "seed", "message"),
    [
        (np.ones((3, 2)), np.ones((9, 2)), 0, "`source`. Expected features"),
        (np.ones((9, 2)), np.ones(9), 0, "`target`. Expected features"),
        (np.ones((9, 2)), np.ones((9, 3)), 0, "`target`. Expected 2 features"),
        (np.full((9, 2), np.nan), np.ones((9, 2)), 0, "finite features"),
        (np.ones((9, 2)), np.ones((9, 2)), -1, "`seed`. Expected an integer"),
    ],
)
def test_bad_input_gets_one_clear_error(source, target, seed, message):
    with pytest.raises(ValueError, match=message):
        diagnostics.domain_error(source, target, seed)
