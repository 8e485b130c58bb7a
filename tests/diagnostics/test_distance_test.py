import numpy as np
import pytest

from keras_grl import diagnostics
from keras_grl.diagnostics import proxy_a_distance_test


def samples(shift, count=400, features=6, seed=1):
    random = np.random.default_rng(seed)
    source, target = random.normal(size=(2, count, features))
    target[:, 0] += shift
    return source, target


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_is_the_float(seed):
    domains = samples(1.0)
    found = proxy_a_distance_test(*domains, seed=seed, repeats=0)
    assert found.distance == diagnostics.proxy_a_distance(*domains, seed)
    assert found.null == ()


def test_equal_domains_are_at_distance_0_within_the_interval():
    found = proxy_a_distance_test(*samples(0.0))
    assert found.low < 0 < found.high
    assert found.null[0] < 0.1 < found.high
    assert len(found.null) == 20 and list(found.null) == sorted(found.null)
    assert not found.differ


def test_gaussians_of_known_bayes_error():
    # Distance 2 between the means: the error Φ(-1) = 0.15866.
    best = 2 * (1 - 2 * 0.15866)
    found = proxy_a_distance_test(*samples(2.0, 4000), repeats=2)
    assert found.low < best < found.high
    assert found.high - found.low < 0.12
    assert found.differ
    # An MLP has more to learn, and no more to find.
    mlp = proxy_a_distance_test(
        *samples(2.0, 2000), classifier="mlp", repeats=0
    )
    assert best - 0.15 < mlp.distance < best + 0.1


def test_an_mlp_finds_what_no_hyperplane_separates():
    source = np.random.default_rng(0).uniform(-1, 1, size=(400, 2))
    target = source.copy()
    target[:, 0] *= -1
    source[:, 1], target[:, 1] = np.sign(source[:, 0]), np.sign(source[:, 0])
    linear = proxy_a_distance_test(source, target, repeats=0)
    mlp = proxy_a_distance_test(source, target, classifier="mlp", repeats=0)
    # The signs of the two features are equal in the source alone: XOR.
    assert linear.low < 0.1 and mlp.distance > 1.8


def test_the_smaller_domain_counts_as_much_for_an_mlp():
    source, target = samples(20.0)
    target[::2, 0] -= 20.0  # half of the target is as the source
    found = proxy_a_distance_test(
        source, np.tile(target, (5, 1)), classifier="mlp", repeats=0
    )
    # Those it takes for source: wrong for half of the target, 0.25 of both.
    assert found.distance == pytest.approx(1.0, abs=0.2)


def test_few_samples_are_not_enough_for_a_verdict():
    """All of 2 + 2 held-out samples are right: still nothing is known."""
    source = np.array([[0.0], [0.1], [0.2], [0.3]] * 2)
    target = source[:4] + 0.01
    few = proxy_a_distance_test(source, target)
    assert not few.differ and few.high - few.low > 1.5
    separable = proxy_a_distance_test(source, target + 9, repeats=0)
    assert separable.distance == separable.high == 2.0
    assert separable.low < 1.1
    more = proxy_a_distance_test(*samples(9.0, 100), repeats=0)
    assert more.low > 1.7


def test_the_null_is_of_the_source_alone():
    """Whatever the target is, the halves of the source are the same."""
    source, target = samples(0.0, 60)
    one = proxy_a_distance_test(source, target, repeats=5)
    other = proxy_a_distance_test(source, 7 * target + 3, repeats=5)
    assert one.null == other.null and one.distance != other.distance
    # Clusters of the source are in both halves.
    two_clusters = np.concatenate([source, source + 50])
    null = proxy_a_distance_test(two_clusters, target, repeats=5).null
    assert max(null) < 1.0


def test_false_alarms_are_rare():
    alarms = [
        proxy_a_distance_test(*samples(0.0, 20, 3, seed), repeats=5).differ
        for seed in range(20)
    ]
    assert sum(alarms) <= 2


def test_a_higher_confidence_has_a_wider_interval():
    narrow, wide = (
        proxy_a_distance_test(*samples(1.0), repeats=0, confidence=confidence)
        for confidence in (0.5, 0.99)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_it_prints_well():
    text = str(proxy_a_distance_test(*samples(50.0, 100), repeats=2))
    assert (
        text.startswith("2.000 [1.798, 2.000]")
        and "halves of the source" in text
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": np.ones((7, 2))}, "`source`.*at least 8 samples"),
        ({"target": np.ones((1, 2))}, "`target`.*at least 4 samples"),
        ({"target": np.ones((9, 3))}, "`target`. Expected 2 features"),
        ({"target": np.full((9, 2), np.nan)}, "`target`.*NaN"),
        ({"source": np.ones((9, 0))}, "`source`. Expected features"),
        (
            {"source": [["a", "b"]] * 9},
            "`source`. Expected features that are numbers",
        ),
        ({"classifier": "svm"}, '`classifier`.*"linear", "mlp"'),
        ({"confidence": 95}, "`confidence`.*less than 1"),
        ({"confidence": 0}, "`confidence`.*greater than 0"),
        ({"repeats": -1}, "`repeats`. Expected an integer"),
        ({"seed": 0.5}, "`seed`. Expected an integer"),
    ],
)
def test_bad_input_gets_one_clear_error(arguments, message):
    valid = {"source": np.ones((9, 2)), "target": np.ones((9, 2))}
    with pytest.raises(ValueError, match=message):
        proxy_a_distance_test(**{**valid, **arguments})
