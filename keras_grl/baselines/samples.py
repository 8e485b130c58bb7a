"""Checks of feature arrays, for the baselines that are not networks."""

from typing import Any

import numpy as np

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
