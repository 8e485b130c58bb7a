"""What the predicted classes of the target tell, without its labels."""

from collections.abc import Sequence

import numpy as np

from keras_grl.monitor.findings import Finding
from keras_grl.scores.arrays import predicted_shares
from keras_grl.scores.entropy import entropy
from keras_grl.scores.label_shift import LabelShift
from keras_grl.scores.label_shift import by_likelihood
from keras_grl.scores.label_shift import shift_from
from keras_grl.types import Array
from keras_grl.types import Logs

# Fewer samples say little about frequencies.
FEWEST_SAMPLES = 64
_LITTLE_ENTROPY = 0.4
_MOST = 0.9
_MORE_THAN_SOURCE = 0.3
# Of the largest possible distance. Less may be noise or the effect of wrong
# predictions. (The signs of GTSRB differ from equally frequent ones by .37.)
_FAR = 0.6
# Domain accuracy beyond what different frequencies explain.
_OTHER_DIFFERENCES = 0.1

FIGURES = (
    "target_class_entropy",
    "target_largest_class",
    "target_label_shift",
)


def figures(p: Array, class_shares: Array) -> Logs:
    """The logged figures of predictions for target samples.

    Args:
        p: Probabilities, `(n, classes)`. If the model predicts NaN, all
            figures are NaN.
        class_shares: How often each class occurs in the source.
    """
    if not np.isfinite(p).all():
        return dict.fromkeys(FIGURES, float("nan"))
    predicted = predicted_shares(p)
    shift = shift_from(class_shares, estimate(p, class_shares))
    values = (float(entropy(predicted)), float(predicted.max()), shift.distance)
    return dict(zip(FIGURES, values, strict=True))


def estimate(p: Array, class_shares: Array) -> Array:
    """The estimated frequencies of the classes in the target.

    Args:
        p: Probabilities, `(n, classes)`.
        class_shares: How often each class occurs in the source.
    """
    # A model may be trained with outputs that are not probabilities.
    return by_likelihood(np.clip(p, 0.0, None), class_shares)


def one_class(predicted: Array, class_shares: Array) -> Finding | None:
    """Far fewer classes are predicted for the target than the source has.

    Args:
        predicted: How often each class is predicted for the target.
        class_shares: How often each class occurs in the source.
    """
    found, expected = entropy(predicted), entropy(class_shares)
    largest = int(predicted.argmax())
    takes_most = predicted[largest] >= max(
        _MOST, class_shares.max() + _MORE_THAN_SOURCE
    )
    if not takes_most and found >= _LITTLE_ENTROPY * expected:
        return None
    return Finding(
        "one-predicted-class",
        f"The model predicts class {largest} for "
        f"{100 * predicted[largest]:.0f} % of the target samples; the entropy "
        f"of the predicted classes is {found:.2g} nats, that of the source's "
        f"labels {expected:.2g}. Unless the target has such classes, the model "
        "maps the target to a few classes: lower the adaptation factor, "
        "`domain_loss_weight` or the learning rate, compare with a model that "
        "is not adapted, and check that both domains have the same "
        "preprocessing.",
    )


def label_shift(
    estimates: Sequence[Array],
    class_shares: Array,
    domain_accuracy: float = 0.0,
    largest_domain: float = 0.5,
) -> Finding | None:
    """The class frequencies seem to differ in the target.

    The estimate assumes that classes look the same in both domains. Then no
    domain classifier is right more often than the frequencies allow: if one
    is, the predictions are wrong and not the frequencies.

    Args:
        estimates: The estimated shares of the target's classes, of one or more
            epochs in which the source was learned.
        class_shares: How often each class occurs in the source.
        domain_accuracy: Float, that of the last epoch.
        largest_domain: Float, the share of the largest domain in a batch.
    """
    if not estimates:
        return None
    shift = shift_from(class_shares, np.mean(list(estimates), axis=0))
    possible = 1.0 - class_shares.min()
    explained = largest_domain + (1.0 - largest_domain) * shift.distance
    if (
        shift.distance < max(_FAR * possible, 1e-6)
        or domain_accuracy > explained + _OTHER_DIFFERENCES
    ):
        return None
    return Finding("label-shift", _message_of(shift))


def _message_of(shift: LabelShift) -> str:
    change = shift.target - shift.source
    rarer, more = int(change.argmin()), int(change.argmax())
    return (
        "The class frequencies seem to differ in the target: "
        f"class {more} in {_percent(shift.target[more])} of the samples "
        f"(source {_percent(shift.source[more])}), class {rarer} in "
        f"{_percent(shift.target[rarer])} (source "
        f"{_percent(shift.source[rarer])}); {_percent(shift.distance)} of the "
        "target would have to be of other classes. Aligning the features "
        "anyway makes some of them wrong. Weight or resample the source to the "
        "target's frequencies (`scores.estimate_label_shift`), lower the "
        "adaptation factor, and compare with a model that is not adapted."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
