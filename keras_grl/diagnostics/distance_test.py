"""The proxy A-distance and its uncertainty."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_grl.diagnostics.domain_classifiers import CLASSIFIERS
from keras_grl.diagnostics.domain_classifiers import halves
from keras_grl.diagnostics.domain_classifiers import held_out_errors
from keras_grl.diagnostics.domain_classifiers import two_domains
from keras_grl.diagnostics.intervals import Errors
from keras_grl.diagnostics.intervals import check_confidence
from keras_grl.diagnostics.intervals import mean_rate
from keras_grl.diagnostics.intervals import mean_rate_interval
from keras_grl.types import Array
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer

# Two halves of two samples each are the smallest domains.
_MINIMUM = 8


class DistanceTest(NamedTuple):
    """A proxy A-distance, its interval, and its null distribution.

    Args:
        distance: Float, -2 to 2, the distance between source and target.
        low: Float, the lower end of its interval.
        high: Float, the upper end.
        null: Tuple of floats, in ascending order: the distances between random
            halves of the source. Empty without repeats.
    """

    distance: float
    low: float
    high: float
    null: tuple[float, ...]

    @property
    def differ(self) -> bool:
        """Whether the domains differ by more than chance explains.

        The interval is above 0, and no two halves of the source are as far
        from each other as the domains.
        """
        return self.low > 0 and all(self.distance > each for each in self.null)

    def __str__(self) -> str:
        text = f"{self.distance:.3f} [{self.low:.3f}, {self.high:.3f}]"
        if self.null:
            text += (
                f"; halves of the source {self.null[0]:.3f} to "
                f"{self.null[-1]:.3f}"
            )
        return text


def proxy_a_distance_test(
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    *,
    classifier: str = "linear",
    confidence: float = 0.95,
    repeats: int = 20,
    seed: int = 0,
) -> DistanceTest:
    """The proxy A-distance, with an interval and a null distribution.

    `distance = 2 (1 - 2 error)`

    where error is the mean over the domains of the error rates on held-out
    halves. With `classifier="linear"` it is `proxy_a_distance`. The interval
    is that of two independent error rates (Newcombe, 1998): with few samples
    it is wide, even if every sample is classified correctly.

    The null contains the distances that the same procedure finds without a
    difference: between two random halves of the source, several times. A half
    has fewer samples than the source, so that the null is, if anything, too
    wide.

    The interval applies to this classifier, trained on these samples: it covers
    the distance on new samples of the two domains. A better classifier, of
    another kind or with more samples, would find a larger distance. Frames of
    one film are not independent samples: the interval is then too narrow.

    Args:
        source: Array of shape `(n, …)`, n at least 8: features.
        target: Array of shape `(m, …)`, m at least 4, with as many features.
        classifier: "linear", a logistic regression, or "mlp", a network with
            one hidden layer, which also finds differences that no hyperplane
            separates.
        confidence: Float in (0, 1), of the interval.
        repeats: Integer, how often the source is halved; 0 for no null.
        seed: Integer, of all random halves and initial weights.

    Returns:
        A `DistanceTest`.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> random = np.random.default_rng(0)
    >>> source, target = random.normal(size=(2, 200, 3))
    >>> proxy_a_distance_test(source, target).differ
    False
    >>> found = proxy_a_distance_test(source, target + 9)
    >>> found.distance, round(found.low, 2), found.differ
    (2.0, 1.9, True)

    Reference:
        Ben-David et al. (2007), "Analysis of Representations for Domain
        Adaptation".
    """
    check_choice("classifier", classifier, CLASSIFIERS)
    confidence = check_confidence(confidence)
    repeats = check_integer("repeats", repeats, minimum=0)
    seed = check_integer("seed", seed, minimum=0)
    x_source, x_target = two_domains(source, target, _MINIMUM)

    def errors(one: Array, other: Array, seed: int) -> list[Errors]:
        return held_out_errors(
            one, other, classifier, seed, "proxy_a_distance_test"
        )

    null = []
    for repeat in range(repeats):
        random = np.random.default_rng((seed, repeat))
        found = errors(*halves(random, x_source), seed=seed + repeat + 1)
        null.append(_distance(mean_rate(found)))
    found = errors(x_source, x_target, seed)
    low, high = mean_rate_interval(found, confidence)
    return DistanceTest(
        _distance(mean_rate(found)),
        _distance(high),
        _distance(low),
        tuple(sorted(null)),
    )


def _distance(error: float) -> float:
    return 2.0 * (1.0 - 2.0 * error)
