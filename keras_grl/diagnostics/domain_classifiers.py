"""Classifiers that distinguish the domains, tested on held-out samples."""

import warnings
from typing import Protocol

import numpy as np
import numpy.typing as npt

from keras_grl.diagnostics.intervals import Errors
from keras_grl.diagnostics.optional import optional
from keras_grl.streams.arrays import as_array
from keras_grl.types import Array
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

CLASSIFIERS = ("linear", "mlp")
# Enough for a curved boundary, small enough for some hundred samples.
_UNITS = 64


class _Classifier(Protocol):
    def predict(self, x: Array) -> Array: ...


def two_domains(
    source: npt.ArrayLike, target: npt.ArrayLike, minimum: int = 4
) -> tuple[Array, Array]:
    """The features of both domains, checked, as float64 `(n, d)`.

    Args:
        source: Array of shape `(n, …)`.
        target: Array of shape `(m, …)`.
        minimum: Integer, the least number of samples of the source.
    """
    x_source = _flat("source", source, minimum)
    x_target = _flat("target", target, 4)
    if x_source.shape[1] != x_target.shape[1]:
        raise ValueError(
            invalid(
                "target",
                f"{x_source.shape[1]} features, as many as the source has",
                x_target.shape,
            )
        )
    return x_source, x_target


def held_out_errors(
    source: Array,
    target: Array,
    classifier: str,
    seed: int,
    needed_by: str,
) -> list[Errors]:
    """The errors in each domain of a classifier trained on halves of both.

    Args:
        source: Array `(n, d)`.
        target: Array `(m, d)`.
        classifier: "linear" or "mlp".
        seed: Integer, seed of the random halves, and of the initial weights.
        needed_by: The function that needs scikit-learn, for the error.
    """
    preprocessing = optional("sklearn.preprocessing", needed_by)
    random = np.random.default_rng(check_integer("seed", seed, minimum=0))
    trained, tested = zip(
        *(halves(random, each) for each in (source, target)), strict=True
    )
    scaler = preprocessing.StandardScaler().fit(np.concatenate(trained))
    fit = _mlp if classifier == "mlp" else _linear
    fitted = fit([scaler.transform(each) for each in trained], seed, needed_by)
    return [
        Errors(
            int(np.sum(fitted.predict(scaler.transform(each)) != domain)),
            len(each),
        )
        for domain, each in enumerate(tested)
    ]


def halves(random: np.random.Generator, samples: Array) -> tuple[Array, Array]:
    """Two random halves; the second has one sample more if n is odd."""
    order = random.permutation(len(samples))
    middle = len(samples) // 2
    return samples[order[:middle]], samples[order[middle:]]


def _linear(trained: list[Array], seed: int, needed_by: str) -> _Classifier:
    linear_model = optional("sklearn.linear_model", needed_by)
    # A stronger penalty than the default: a few samples with many features are
    # always separable.
    classifier = linear_model.LogisticRegression(
        C=0.1, max_iter=200, class_weight="balanced"
    )
    classifier.fit(
        np.concatenate(trained),
        np.repeat([0, 1], [len(each) for each in trained]),
    )
    return classifier


def _mlp(trained: list[Array], seed: int, needed_by: str) -> _Classifier:
    neural_network = optional("sklearn.neural_network", needed_by)
    exceptions = optional("sklearn.exceptions", needed_by)
    classifier = neural_network.MLPClassifier(
        (_UNITS,), alpha=0.1, max_iter=100, random_state=seed % 2**32
    )
    # Repeated, the smaller domain is as large as the other one.
    most = max(map(len, trained))
    rows = [each[np.arange(most) % len(each)] for each in trained]
    with warnings.catch_warnings():
        # It is tested on other samples: further steps would rather hurt.
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        classifier.fit(np.concatenate(rows), np.repeat([0, 1], most))
    return classifier


def _flat(name: str, samples: npt.ArrayLike, minimum: int) -> Array:
    array = as_array(name, "features", samples).astype("float64")
    if array.ndim < 2 or len(array) < minimum or array.size == 0:
        raise ValueError(
            invalid(
                name,
                f"features of at least {minimum} samples, shape (n, …)",
                array.shape,
            )
        )
    if not np.isfinite(array).all():
        raise ValueError(
            invalid(name, "finite features", "an array with NaN or infinity")
        )
    return array.reshape(len(array), -1)
