"""What must be known of a run to read its logs."""

import dataclasses

import keras
import numpy as np
from keras import tree

from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.methods.dann import DANN
from keras_grl.monitor.seen import Seen
from keras_grl.schedules import Constant
from keras_grl.scores.entropy import entropy
from keras_grl.types import Array

# The losses whose value shows whether predictions use the inputs.
_CROSS_ENTROPIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)


@dataclasses.dataclass
class Run:
    """The facts of a run that do not change in training.

    Attributes:
        aligns: Boolean, whether a domain classifier is trained against the
            features.
        is_frozen: Boolean, whether the domain classifier has weights, none of
            which is trained.
        constant_factor: Boolean, whether the adaptation factor is a number.
        chance_loss: Float, the domain loss of a classifier at chance, which
            knows only how often each domain occurs; None if the loss is the
            user's.
        largest_domain: Float, the share of the largest domain in a batch.
        class_shares: Array, how often each class occurs in the source; None if
            it is not known, or the task is not classification.
        uninformed: Float, the label loss of predictions that know only
            `class_shares`; None as for these.
    """

    aligns: bool = False
    is_frozen: bool = False
    constant_factor: bool = False
    chance_loss: float | None = None
    largest_domain: float = 1.0
    class_shares: Array | None = None
    uninformed: float | None = None

    @classmethod
    def of(cls, model: keras.Model, seen: Seen) -> "Run":
        """The facts of a model in training.

        Args:
            model: A built and compiled `AdaptationModel`.
            seen: The first batches. Empty if the data are not of `pair`.
        """
        run = cls()
        method = model.method
        layers = gradient_reversal_layers(model)
        run.aligns = isinstance(method, DANN) and _is_weighted(model)
        run.constant_factor = all(
            isinstance(layer.schedule, Constant) for layer in layers
        )
        if run.aligns:
            classifier = method.domain_classifier
            run.is_frozen = bool(
                classifier.weights and not classifier.trainable_weights
            )
            sizes = (
                seen.domain_sizes()
                if seen.batches
                # The largest of all entropies.
                else [1] * ((model.num_sources or 1) + 1)
            )
            run.largest_domain = max(sizes) / sum(sizes)
            if _is_cross_entropy_of_domains(method):
                run.chance_loss = smoothed_entropy(
                    sizes, method.domain_label_smoothing
                )
        classes = number_of_classes(model)
        if classes is not None:
            run.class_shares = seen.class_shares(classes)
        if run.class_shares is not None:
            run.uninformed = float(entropy(run.class_shares))
        return run


def smoothed_entropy(sizes: list[int], smoothing: float) -> float:
    """The least loss of a domain classifier with one output for all samples.

    Args:
        sizes: Samples of each domain in a batch.
        smoothing: `domain_label_smoothing` of the method.

    Example:

    >>> round(smoothed_entropy([64, 64], 0.2), 4)  # ln 2
    0.6931
    >>> round(smoothed_entropy([96, 32], 0.0), 4)
    0.5623
    """
    shares = np.array(sizes) / sum(sizes)
    shares = shares * (1 - smoothing) + smoothing / len(shares)
    return float(entropy(shares))


def number_of_classes(model: keras.Model) -> int | None:
    """The classes that a model predicts; None if it is not a classifier.

    Args:
        model: A built and compiled `AdaptationModel`.
    """
    output = model.classifier.output
    if tree.is_nested(output) or len(output.shape) != 2:
        return None
    loss = model.loss
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None)
    if name not in _CROSS_ENTROPIES:
        return None
    units = int(output.shape[-1])
    if units == 1:
        return 2 if name == "binary_crossentropy" else None
    return None if name == "binary_crossentropy" else units


def _is_cross_entropy_of_domains(method: DANN) -> bool:
    """Whether its loss has the values that docs/logs.md explains."""
    losses = method.adversarial_loss
    return type(method).loss is DANN.loss and (
        losses is None or losses.losses == "swapped"
    )


def _is_weighted(model: keras.Model) -> bool:
    """Whether the domain loss counts: with weight 0 it is only logged."""
    return bool(model._domain_loss_weight > 0)
