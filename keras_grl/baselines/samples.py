"""Checks and subsamples arrays of features, for scikit-learn estimators."""

import numpy as np
import numpy.typing as npt

from keras_grl.types import Array
from keras_grl.validation import check_integer
from keras_grl.validation import invalid


def as_samples(name: str, value: npt.ArrayLike) -> Array:
    """`value` as an array of shape `(n, d)`, float64 and finite."""
    try:
        samples = np.asarray(value, "float64")
    except (TypeError, ValueError):
        raise ValueError(
            invalid(name, "numbers, as an array (samples, features)", value)
        ) from None
    if samples.ndim != 2 or 0 in samples.shape:
        raise ValueError(
            invalid(
                f"{name}.shape",
                "(samples, features)",
                samples.shape,
                f"Flatten them: `{name}.reshape(len({name}), -1)`.",
            )
        )
    if not np.isfinite(samples).all():
        raise ValueError(
            f"Invalid value received for argument `{name}`. Expected finite "
            f"numbers. Received: {np.sum(~np.isfinite(samples))} NaN or "
            "infinite ones"
        )
    return samples


def as_labels(name: str, value: npt.ArrayLike, samples: Array) -> Array:
    """`value` as an array with one label for each of `samples`."""
    labels = np.asarray(value)
    if labels.shape != (len(samples),):
        raise ValueError(
            invalid(
                f"{name}.shape",
                f"({len(samples)},), one label for each sample",
                labels.shape,
            )
        )
    return labels


def check_width(name: str, samples: Array, width: int) -> None:
    """Refuses samples without exactly `width` features."""
    if samples.shape[1] != width:
        raise ValueError(
            invalid(
                f"{name}.shape",
                f"(samples, {width}), as many features as were fitted",
                samples.shape,
            )
        )


def sample_rows(
    labels: npt.ArrayLike, max_samples: int | None, seed: int = 0
) -> Array:
    """Chooses at most `max_samples` rows, stratified by class.

    Args:
        labels: Array of shape `(n,)`.
        max_samples: Integer, at least one for each class. None for all.
        seed: Integer, seed of the choice.

    Returns:
        Sorted integer array of rows: all of them if `max_samples` is not less.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> labels = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1])
    >>> labels[sample_rows(labels, max_samples=3)].tolist()
    [0, 0, 1]
    """
    labels = np.asarray(labels)
    if max_samples is None or check_integer("max_samples", max_samples) >= len(
        labels
    ):
        return np.arange(len(labels))
    classes = np.unique(labels)
    if max_samples < len(classes):
        raise ValueError(
            invalid(
                "max_samples",
                f"at least one for each of {len(classes)} classes",
                max_samples,
            )
        )
    # The i-th of n samples of a class ranks at i / n: the smallest ranks
    # contain the same share of every class, and the first of each.
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in classes:
        rows = order[labels[order] == label]
        place[rows] = np.arange(len(rows)) / len(rows)
    first = order[np.argsort(place[order], kind="stable")]
    return np.sort(first[:max_samples])
