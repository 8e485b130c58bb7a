"""Distances between samples of two domains."""

import numpy.typing as npt

from keras_grl.diagnostics.domain_classifiers import held_out_errors
from keras_grl.diagnostics.domain_classifiers import two_domains
from keras_grl.diagnostics.intervals import mean_rate


def domain_error(
    source: npt.ArrayLike, target: npt.ArrayLike, seed: int = 0
) -> float:
    """The error of a linear classifier that distinguishes the domains.

    A logistic regression is trained on half of the source and half of the
    target samples, and tested on the other halves. Near 0 the domains are
    linearly separable, near 0.5 a linear classifier cannot distinguish them.
    It compares features of any model, with or without a domain classifier.

    Args:
        source: Array of shape `(n, …)`, n at least 4: features of source
            samples. All but the first axis are flattened.
        target: Array of shape `(m, …)`, m at least 4, with as many features.
        seed: Integer, seed of the random halves.

    Returns:
        Float, 0 to 1: the mean error of the two domains. It is about 0.5 for
        domains that do not differ, rarely more.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> random = np.random.default_rng(0)
    >>> source, target = random.normal(size=(2, 200, 3))
    >>> domain_error(source, target + 9)
    0.0

    Reference:
        Ben-David et al. (2007), "Analysis of Representations for Domain
        Adaptation"; Ganin & Lempitsky (2015), section 3.3.
    """
    domains = two_domains(source, target)
    return mean_rate(held_out_errors(*domains, "linear", seed, "domain_error"))


def proxy_a_distance(
    source: npt.ArrayLike, target: npt.ArrayLike, seed: int = 0
) -> float:
    """The proxy A-distance, 2 (1 - 2 error), with `domain_error` as the error.

    Args:
        source: Array of shape `(n, …)`, n at least 4: features.
        target: Array of shape `(m, …)`, m at least 4.
        seed: Integer.

    Returns:
        Float: 2 for separable domains, about 0 for domains that do not differ.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> random = np.random.default_rng(0)
    >>> source, target = random.normal(size=(2, 200, 3))
    >>> proxy_a_distance(source, target + 9)
    2.0

    Reference:
        Ben-David et al. (2007).
    """
    return 2.0 * (1.0 - 2.0 * domain_error(source, target, seed))
