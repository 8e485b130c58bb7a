"""Checks the outputs for a few batches, at the end of training."""

from collections.abc import Iterable
from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from keras import tree

from keras_grl.methods.rows import Rows
from keras_grl.monitor.findings import Finding
from keras_grl.monitor.seen import rows
from keras_grl.streams import TARGET
from keras_grl.types import Array
from keras_grl.types import PairedInputs
from keras_grl.types import Tensor

# Target samples that are enough.
_SAMPLES = 128
# Relative to the size of the values.
_CONSTANT = 1e-4
# Probabilities that differ by less for all samples do not depend on them.
_SAME_PREDICTION = 0.02


class Probe(NamedTuple):
    """Outputs for samples of both domains.

    Attributes:
        features: Array of shape `(n, d)`, of all samples.
        labels: Array of shape `(n, …)`, the predictions for all samples.
        target: Array of shape `(m, …)`, those for the unlabeled target.
        logits: Array of shape `(n, units)`, of the domain classifier; None if
            the model has none.
    """

    features: Array
    labels: Array
    target: Array
    logits: Array | None

    def predictions_are_equal(self) -> bool:
        """Whether the predicted probabilities are those of every sample."""
        return float(np.ptp(self.labels, axis=0).max()) < _SAME_PREDICTION

    def logits_are_constant(self) -> bool:
        """Whether only the domain classifier ignores its inputs."""
        return (
            self.logits is not None
            and is_constant(self.logits)
            and not is_constant(self.features)
        )


def probe(model: keras.Model, batches: Iterable[PairedInputs]) -> Probe:
    """The outputs of a model for a few batches.

    Not compiled, which takes longer than a few calls.

    Args:
        model: A built `AdaptationModel` with one output.
        batches: Paired inputs.
    """
    found: list[Probe] = []
    samples = 0
    for x in batches:
        found.append(_outputs(model, x))
        samples += rows(x[TARGET])
        if samples >= _SAMPLES:
            break
    logits = [each.logits for each in found if each.logits is not None]
    return Probe(
        np.concatenate([each.features for each in found]),
        np.concatenate([each.labels for each in found]),
        np.concatenate([each.target for each in found]),
        np.concatenate(logits) if logits else None,
    )


def is_constant(values: Array) -> bool:
    """Whether all rows are equal, up to rounding.

    Example:

    >>> is_constant(np.ones((3, 2))), is_constant(np.eye(2))
    (True, False)
    """
    spread = np.ptp(values, axis=0).max()
    return bool(spread <= _CONSTANT * max(1e-6, np.abs(values).max()))


def learns_nothing(cause: str) -> Finding:
    """The domain classifier has the same output for all samples.

    Args:
        cause: What is known of it, a sentence.
    """
    return Finding(
        "domain-classifier-does-not-learn",
        f"The domain classifier does not learn. {cause} So the features get no "
        "gradient that aligns the domains. Use a new domain classifier with "
        "trainable layers, for example `keras.Sequential([keras.layers.Dense("
        '1024, "relu"), keras.layers.Dense(1)])`, and a lower learning rate '
        "if its units have died.",
    )


def _outputs(model: keras.Model, x: PairedInputs) -> Probe:
    outputs = model(
        tree.map_structure(ops.convert_to_tensor, x), training=False
    )
    features = outputs["features"]
    labeled = Rows.of(x).labeled
    label = _array(outputs["label"])
    target = _array(model.label_predictor(features[labeled:], training=False))
    logits = outputs.get("domain")
    return Probe(
        _array(features).reshape(len(features), -1),
        np.concatenate([label, target]),
        target,
        None if logits is None else _array(logits),
    )


def _array(tensor: Tensor) -> Array:
    return np.asarray(ops.convert_to_numpy(tensor), "float64")
