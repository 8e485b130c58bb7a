"""How often each class occurs in the target, estimated without its labels."""

from typing import NamedTuple

import numpy as np

from keras_grl.scores.arrays import as_labels
from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.arrays import check_classes
from keras_grl.streams.names import wrong
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.validation import check_choice

_MOST_ROUNDS = 1000
_SETTLED = 1e-6
# The inverse of a confusion matrix with a smaller singular value amplifies the
# noise of a few hundred samples beyond use.
_SINGULAR = 1e-2


class LabelShift(NamedTuple):
    """How often each class occurs in both domains.

    Attributes:
        source: Array of shape `(classes,)`, the shares of the classes.
        target: Array of that shape, the estimated shares.
        distance: Float, 0 (the same) to 1: the share of the target that would
            have to be of another class to match the source.
    """

    source: Array
    target: Array
    distance: float


def estimate_label_shift(
    probabilities: AnyArray,
    source_labels: AnyArray,
    source_probabilities: AnyArray | None = None,
    method: str | None = None,
) -> LabelShift:
    """Estimates how often each class occurs in the unlabeled target.

    Features of the same distribution in both domains *must* have errors if the
    classes occur with different frequencies: then align less, or not at all.

    "em" (Saerens et al.) maximizes the likelihood of the shares π of the
    target. With the shares s of the source and n target samples it repeats

    `π_k ← (1/n) Σ_i p_ik · (π_k / s_k) / Σ_j p_ij · (π_j / s_j)`

    "bbse" (Lipton et al.) solves `C w = μ`, where `C_jk` is the share of the
    held-out source samples that are of class k and predicted as j, and μ the
    shares of the classes predicted for the target. Then
    `π_k ∝ max(w_k, 0) · s_k`.

    Both assume that a class looks the same in both domains. Otherwise, wrong
    predictions look like a shift. "em" also needs probabilities that are not
    overconfident; fully confident predictions give the shares of the predicted
    classes. A model that is trained to align the domains hides a shift: use
    one that is not.

    Args:
        probabilities: Array of shape `(n, classes)`: predictions for target
            samples.
        source_labels: Array of shape `(m,)`, class numbers of source samples:
            for "em" those of the training set, for "bbse" those of the samples
            of `source_probabilities`.
        source_probabilities: Array of shape `(m, classes)`, predictions for
            source samples that were held out of training. "bbse" needs them.
        method: "em" or "bbse". Defaults to "bbse" with `source_probabilities`
            and "em" without.

    Returns:
        A `LabelShift`: `source`, `target`, `distance`.

    Raises:
        ValueError: If probabilities are labels, logits, NaN or empty; if
            labels are not class numbers; if shapes do not match; for "bbse", if
            predictions for the source do not distinguish its classes, so that C
            has no inverse.

    Example:

    >>> p = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    >>> shift = estimate_label_shift(p, source_labels=[0, 1])
    >>> shift.target.round(3).tolist(), round(shift.distance, 3)
    ([0.812, 0.188], 0.312)

    Reference:
        Saerens, Latinne & Decaestecker (2002), "Adjusting the Outputs of a
        Classifier to New a Priori Probabilities", Neural Computation 14;
        Lipton, Wang & Smola (2018), "Detecting and Correcting for Label Shift
        with Black Box Predictors", ICML. Zhao et al. (2019), "On Learning
        Invariant Representations for Domain Adaptation", ICML: why aligning
        must then fail.
    """
    p = as_probabilities("probabilities", probabilities)
    classes = p.shape[1]
    if method is None:
        method = "em" if source_probabilities is None else "bbse"
    check_choice("method", method, ("em", "bbse"))
    labels = as_labels(
        "source_labels", source_labels, classes, len(np.asarray(source_labels))
    )
    if len(labels) == 0:
        raise ValueError(
            wrong("source_labels", "at least one label", "an empty array")
        )
    shares = np.bincount(labels, minlength=classes) / len(labels)
    if method == "em":
        return shift_from(shares, by_likelihood(p, shares))
    if source_probabilities is None:
        raise ValueError(
            wrong(
                "source_probabilities",
                'predictions for held-out source samples with method="bbse"',
                "None",
                'Pass `model.predict(x_source_test)`, or use `method="em"`.',
            )
        )
    q = as_probabilities(
        "source_probabilities", source_probabilities, rows=len(labels)
    )
    check_classes("source_probabilities", q, classes)
    return shift_from(shares, _by_confusion(p, q, labels, shares))


def shift_from(source: Array, target: Array) -> LabelShift:
    """The shares of both domains, and the distance of total variation.

    Args:
        source: Array of shape `(classes,)` whose sum is 1.
        target: Array of that shape and sum.
    """
    distance = 0.5 * np.abs(source - target).sum()
    return LabelShift(source, target, float(distance))


def by_likelihood(p: Array, shares: Array) -> Array:
    """The estimate "em".

    Args:
        p: Probabilities of shape `(n, classes)`.
        shares: Array of shape `(classes,)`, those of the source. A class that
            does not occur there cannot be estimated: 0.
    """
    known = shares > 0
    # What a class adds to the likelihood of a sample, up to a constant.
    likelihood = p[:, known] / shares[known]
    likelihood = likelihood[likelihood.sum(axis=1) > 0]
    estimate = shares[known]
    for _ in range(_MOST_ROUNDS if len(likelihood) else 0):
        before = estimate
        joint = likelihood * estimate
        total = joint.sum(axis=1, keepdims=True)
        # A class that was given up may have been the only one of a sample.
        joint = joint[total[:, 0] > 0] / total[total[:, 0] > 0]
        estimate = joint.mean(axis=0)
        if np.abs(estimate - before).max() < _SETTLED:
            break
    target = np.zeros(len(shares))
    target[known] = estimate
    return target


def _by_confusion(p: Array, q: Array, labels: Array, shares: Array) -> Array:
    """The estimate "bbse"."""
    classes = p.shape[1]
    known = np.flatnonzero(shares)
    predicted = q.argmax(axis=1)
    confusion = np.stack(
        [
            np.bincount(predicted[labels == k], minlength=classes) / len(labels)
            for k in known
        ],
        axis=1,
    )
    # As shares of a class, whose singular values do not depend on their number.
    conditional = confusion / shares[known]
    smallest = np.linalg.svd(conditional, compute_uv=False).min()
    if smallest < _SINGULAR:
        raise ValueError(
            wrong(
                "source_probabilities",
                "predictions that distinguish the classes of the source",
                "some whose confusion matrix has no inverse (smallest singular "
                f"value {smallest:.2g})",
                "Some class is never predicted, or two are confused. Use a "
                'better model, or `method="em"`.',
            )
        )
    found = np.bincount(p.argmax(axis=1), minlength=classes) / len(p)
    ratio, *_ = np.linalg.lstsq(confusion, found, rcond=None)
    target = np.zeros(classes)
    target[known] = np.maximum(ratio, 0.0) * shares[known]
    total = target.sum()
    # 0 if the target is predicted as classes that the source does not have.
    return target / total if total > 0 else shares
