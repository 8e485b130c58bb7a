"""Distances between samples of two domains."""

import numpy as np
import numpy.typing as npt

from keras_grl.types import Array
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


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
    x_source, x_target = _flat("source", source), _flat("target", target)
    if x_source.shape[1] != x_target.shape[1]:
        raise ValueError(
            invalid(
                "target",
                f"{x_source.shape[1]} features, as many as the source has",
                x_target.shape,
            )
        )
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ImportError(
            "This needs scikit-learn: `pip install scikit-learn`."
        ) from error
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    trained, tested = zip(
        *(_halves(random, each) for each in (x_source, x_target)), strict=True
    )
    scaler = StandardScaler().fit(np.concatenate(trained))
    # A stronger penalty than the default: a few samples with many features are
    # always separable.
    classifier = LogisticRegression(
        C=0.1, max_iter=200, class_weight="balanced"
    )
    classifier.fit(
        scaler.transform(np.concatenate(trained)),
        np.repeat([0, 1], [len(each) for each in trained]),
    )
    errors = [
        np.mean(classifier.predict(scaler.transform(each)) != domain)
        for domain, each in enumerate(tested)
    ]
    return float(np.mean(errors))


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


def _flat(name: str, samples: npt.ArrayLike) -> Array:
    array = np.asarray(samples, "float64")
    if array.ndim < 2 or len(array) < 4:
        raise ValueError(
            invalid(
                name,
                "features of at least 4 samples, shape (n, …)",
                array.shape,
            )
        )
    if not np.isfinite(array).all():
        raise ValueError(
            invalid(name, "finite features", "an array with NaN or infinity")
        )
    return array.reshape(len(array), -1)


def _halves(random: np.random.Generator, samples: Array) -> tuple[Array, Array]:
    order = random.permutation(len(samples))
    middle = len(samples) // 2
    return samples[order[:middle]], samples[order[middle:]]
