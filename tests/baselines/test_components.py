import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from keras_grl.baselines import GeodesicFlowKernel
from keras_grl.baselines import LastLayerSVM
from keras_grl.baselines import SubspaceAlignment
from keras_grl.baselines import choose_components


def data(n=60, m=50, d=8):
    """Classes differ along a minor axis: the first few do not show them."""
    rng = np.random.default_rng(0)
    scales = np.array([9.0, 7, 5, 1, 1, 1, 1, 1])[:d]

    def domain(size, shift):
        y = rng.integers(0, 2, size)
        x = rng.normal(size=(size, d)) * scales + shift
        x[:, 3] += 6 * y
        return x, y

    return domain(n, 0.0), domain(m, 2.0), domain(40, 2.0)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("method", [SubspaceAlignment, GeodesicFlowKernel])
def test_each_accuracy_is_that_of_its_own_alignment(method, standardize):
    (source, y_source), (target, _), test = data()
    choice = choose_components(
        source,
        y_source,
        target,
        test,
        candidates=[5, 1, 3],
        transformer=method(standardize=standardize),
    )
    assert list(choice.test_accuracy) == [1, 3, 5]
    halves = StratifiedKFold(2, shuffle=True, random_state=0)
    for k in (1, 3, 5):
        alignment = method(k, standardize).fit(source, target)
        aligned = alignment.transform(source, domain="source")
        svm = LastLayerSVM(standardize=False)
        assert choice.test_accuracy[k] == pytest.approx(
            svm.fit(aligned, y_source).score(
                alignment.transform(test[0]), test[1]
            )
        )
        assert choice.cross_validation[k] == pytest.approx(
            np.mean(
                [
                    svm.fit(aligned[a], y_source[a]).score(
                        aligned[b], y_source[b]
                    )
                    for a, b in halves.split(aligned, y_source)
                ]
            )
        )


def test_the_best_and_smallest_is_chosen_in_both_ways():
    (source, y_source), (target, _), test = data()
    choice = choose_components(source, y_source, target, test)
    assert list(choice.cross_validation) == list(range(2, 9))
    for accuracies, chosen in (
        (choice.cross_validation, choice.by_cross_validation),
        (choice.test_accuracy, choice.by_test_accuracy),
    ):
        best = max(accuracies.values())
        assert chosen == min(k for k, a in accuracies.items() if a == best)
    # The first two axes do not show the classes.
    assert choice.cross_validation[choice.by_cross_validation] > 0.9
    assert choice.cross_validation[2] < 0.8


def test_without_a_test_set():
    (source, y_source), (target, _), test = data()
    choice = choose_components(source, y_source, target)
    whole = choose_components(source, y_source, target, test)
    assert choice.by_cross_validation == whole.by_cross_validation
    assert choice.by_test_accuracy is None
    assert choice.test_accuracy == {}


def test_another_classifier():
    (source, y_source), (target, _), test = data()
    choice = choose_components(
        source, y_source, target, test, [4], svm=KNeighborsClassifier(1)
    )
    alignment = SubspaceAlignment(4).fit(source, target)
    neighbors = KNeighborsClassifier(1).fit(
        alignment.transform(source, domain="source"), y_source
    )
    assert choice.test_accuracy[4] == neighbors.score(
        alignment.transform(test[0]), test[1]
    )


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"candidates": [2, 9]}, r"`candidates`.*at most 8.*\[2, 9\]"),
        ({"candidates": []}, "`candidates`.*integers"),
        ({"candidates": [0]}, "`candidates`.*at least 1"),
        ({"candidates": 3}, "`candidates`.*integers.*=3"),
        ({"test": np.zeros((3, 8))}, "`test`.*tuple"),
        (
            {"test": (np.zeros((3, 2)), [0, 1, 0])},
            r"`test\[0\].shape`.*8.*\(3, 2\)",
        ),
        ({"test": (np.zeros((3, 8)), [0])}, r"`test\[1\].shape`"),
        ({"y_source": [0, 1]}, r"`y_source.shape`.*\(60,\)"),
        ({"target": np.zeros((9, 2))}, r"`target.shape`.*8.*\(9, 2\)"),
        ({"random_state": -1}, "`random_state`"),
        ({"transformer": "gfk"}, "`transformer`.*a `GeodesicFlowKernel`.*gfk"),
    ],
)
def test_bad_arguments(kwargs, message):
    (source, y_source), (target, _), _ = data()
    arguments = {"source": source, "y_source": y_source, "target": target}
    with pytest.raises(ValueError, match=message):
        choose_components(**{**arguments, **kwargs})


def test_too_few_samples():
    (source, y_source), (target, _), _ = data()
    with pytest.raises(ValueError, match="three samples of each domain"):
        choose_components(source, y_source, target[:2])
