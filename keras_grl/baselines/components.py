"""Chooses the number of components of a subspace method."""

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from keras_grl.baselines.linear_svm import LastLayerSVM
from keras_grl.baselines.samples import as_labels
from keras_grl.baselines.samples import as_samples
from keras_grl.baselines.samples import check_width
from keras_grl.baselines.subspace_alignment import SubspaceAlignment
from keras_grl.baselines.subspaces import Subspaces
from keras_grl.baselines.subspaces import most_components
from keras_grl.streams import SOURCE
from keras_grl.types import Array
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

# The paper's range.
_FEWEST, _MOST = 2, 60


@dataclasses.dataclass(frozen=True)
class ComponentChoice:
    """The result of `choose_components`.

    Attributes:
        by_cross_validation: Integer, the number of components chosen with
            source labels only. This choice is possible in practice.
        by_test_accuracy: Integer, the number chosen with the target's test
            labels: an oracle, as in the paper. None without a test set.
        cross_validation: Accuracy on held-out source samples, by number of
            components.
        test_accuracy: Accuracy on the target's test set, by number of
            components. Empty without one.
    """

    by_cross_validation: int
    by_test_accuracy: int | None
    cross_validation: dict[int, float]
    test_accuracy: dict[int, float]


def choose_components(
    source: npt.ArrayLike,
    y_source: npt.ArrayLike,
    target: npt.ArrayLike,
    test: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    candidates: Iterable[int] | None = None,
    svm: ClassifierMixin | None = None,
    transformer: Subspaces | None = None,
    random_state: int = 0,
) -> ComponentChoice:
    """Tries subspace alignment, or another, with several numbers of components.

    It chooses in two ways. *By cross-validation*, as Fernando et al. do: a
    linear SVM is trained on one half of the aligned source samples and tested
    on the other. *By test accuracy*, as in the paper, which favors subspace
    alignment: the SVM is trained on all source samples, and the number with the
    highest accuracy on the labeled test set of the target is chosen. The
    accuracy to report is `choice.test_accuracy[choice.by_cross_validation]`.

    Each domain's principal axes are computed once: the first k of them are
    those of k components. In a tie the smallest number is chosen.

    Args:
        source: Features of the source, shape `(n, d)`.
        y_source: Their labels, shape `(n,)`.
        target: Features of the target, shape `(m, d)`, without labels.
        test: Tuple of features `(l, d)` and labels `(l,)` of the target's test
            set, or None for cross-validation only.
        candidates: Integers, the numbers of components to try. Defaults to 2,
            …, 60, as far as the samples and features allow.
        svm: A scikit-learn classifier, a copy of which is fitted for each.
            Defaults to `LastLayerSVM(standardize=False)`: unlike those of
            features, the scales of the aligned coordinates carry information.
        transformer: A `SubspaceAlignment` or a `GeodesicFlowKernel`, a copy of
            which is fitted; its own `n_components` is ignored. Defaults to
            `SubspaceAlignment()`.
        random_state: Integer, seed of the random halves.

    Returns:
        A `ComponentChoice`.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(40) % 2
    >>> x = rng.normal(size=(40, 5)) + 9 * y[:, None]
    >>> choice = choose_components(x, y, x + 1, test=(x + 1, y))
    >>> choice.by_cross_validation, choice.test_accuracy[2]
    (2, 1.0)

    Reference:
        Ganin & Lempitsky (2015), section 4 ("Baselines"); Fernando et al.
        (2013), section 3.4.
    """
    source = as_samples("source", source)
    y_source = as_labels("y_source", y_source, source)
    target = as_samples("target", target)
    check_width("target", target, source.shape[1])
    seed = check_integer("random_state", random_state, minimum=0)
    numbers = _check_candidates(candidates, most_components(source, target))
    if svm is None:
        svm = LastLayerSVM(standardize=False)
    if transformer is None:
        transformer = SubspaceAlignment()
    if not isinstance(transformer, Subspaces):
        raise ValueError(
            invalid(
                "transformer",
                "a `SubspaceAlignment` or a `GeodesicFlowKernel`",
                transformer,
            )
        )
    halves = list(
        StratifiedKFold(2, shuffle=True, random_state=seed).split(
            source, y_source
        )
    )
    largest = clone(transformer).set_params(n_components=max(numbers))
    largest.fit(source, target)
    if test is not None:
        x_test, y_test = _check_test(test, source.shape[1])

    cross_validation, test_accuracy = {}, {}
    for k in numbers:
        fitted_transformer = largest.with_components(k)
        aligned = fitted_transformer.transform(source, domain=SOURCE)
        cross_validation[k] = float(
            np.mean(
                [
                    clone(svm)
                    .fit(aligned[fitted], y_source[fitted])
                    .score(aligned[held_out], y_source[held_out])
                    for fitted, held_out in halves
                ]
            )
        )
        if test is not None:
            fitted_svm = clone(svm).fit(aligned, y_source)
            aligned_test = fitted_transformer.transform(x_test)
            test_accuracy[k] = float(fitted_svm.score(aligned_test, y_test))
    return ComponentChoice(
        by_cross_validation=_best(cross_validation),
        by_test_accuracy=_best(test_accuracy) if test_accuracy else None,
        cross_validation=cross_validation,
        test_accuracy=test_accuracy,
    )


def _best(accuracies: dict[int, float]) -> int:
    # In a tie, `max` returns the first and thus smallest number.
    return max(accuracies, key=lambda k: accuracies[k])


def _check_candidates(candidates: Iterable[int] | None, most: int) -> list[int]:
    if candidates is None:
        numbers = list(range(_FEWEST, min(_MOST, most) + 1))
        if not numbers:
            raise ValueError(
                "Expected at least three samples of each domain, and two "
                f"features. Received: so few that {most} components are "
                "possible"
            )
        return numbers
    expected = f"integers, at most {most} with these samples and features"
    try:
        given = list(candidates)
    except TypeError:
        raise ValueError(invalid("candidates", expected, candidates)) from None
    numbers = sorted({check_integer("candidates", k) for k in given})
    if not numbers or numbers[-1] > most:
        raise ValueError(invalid("candidates", expected, candidates))
    return numbers


def _check_test(
    test: tuple[npt.ArrayLike, npt.ArrayLike], width: int
) -> tuple[Array, Array]:
    try:
        x_test, y_test = test
    except (TypeError, ValueError):
        raise ValueError(
            invalid("test", "a tuple of features and labels", test)
        ) from None
    x_test = as_samples("test[0]", x_test)
    check_width("test[0]", x_test, width)
    return x_test, as_labels("test[1]", y_test, x_test)
