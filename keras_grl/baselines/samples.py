"""Feature arrays, checked or fewer, for what is not a network."""

from typing import Any

import numpy as np

from keras_grl.validation import check_integer
from keras_grl.validation import invalid


def as_samples(name: str, value: Any) -> Any:
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


def as_labels(name: str, value: Any, samples: Any) -> Any:
    """`value` as an array of one label for each of `samples`."""
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


def check_width(name: str, samples: Any, width: int) -> None:
    """Refuse samples that have not `width` features."""
    if samples.shape[1] != width:
        raise ValueError(
            invalid(
                f"{name}.shape",
                f"(samples, {width}), as many features as were fitted",
                samples.shape,
            )
        )


def sample_rows(labels: Any, max_samples: int | None, seed: int = 0) -> Any:
    """At most so many samples, of which each class has its share.

    Args:
        labels: Array of shape `(n,)`.
        max_samples: Integer, at least one for each class. None for all.
        seed: Integer, of the choice.

    Returns:
        Sorted integer array: their rows. All if there are not more.

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
    # Of the i-th of n samples of a class, i / n is smaller than q for the
    # same share of every class, and 0 for the first.
    order = np.random.default_rng(seed).permutation(len(labels))
    place = np.empty(len(labels))
    for label in classes:
        rows = order[labels[order] == label]
        place[rows] = np.arange(len(rows)) / len(rows)
    first = order[np.argsort(place[order], kind="stable")]
    return np.sort(first[:max_samples])
