"""Losses based on the entropy of predictions, in nats."""

import keras
from keras import ops

from keras_grl.losses.target_loss import TargetLoss
from keras_grl.types import Tensor

# Below it a probability counts as this in a logarithm: p · log p is then 0 to
# rounding, and its gradient is finite.
_TINY = 1e-30


@keras.saving.register_keras_serializable(package="keras_grl")
class PredictionEntropy(TargetLoss):
    """Mean entropy of the predictions.

    `loss = mean H(p)` with `H(p) = −Σ_c p_c · ln p_c`

    over all rows p. It is 0 if every row is confident of any class, and
    `ln classes` if every row is uniform. Used alone, it can collapse all rows
    to one class; `InformationMaximization` cannot.

    Args:
        from_logits: Boolean. If False (the default), predictions are
            probabilities; if True, logits.

    Call arguments:
        predictions: Floating point tensor of shape `(..., classes)`. All axes
            except the last are rows. One class is one sigmoid unit.

    Returns of a call:
        A float32 scalar tensor, in nats.

    Raises:
        ValueError: If `from_logits` is not a boolean; in a call, if the
            predictions are not a single tensor, or have no axis of classes.

    Example:

    >>> predictions = np.array([[0.5, 0.5], [1.0, 0.0]])
    >>> round(float(PredictionEntropy()(predictions)), 4)  # ln(2) / 2
    0.3466

    Reference:
        Grandvalet & Bengio (2005), "Semi-supervised Learning by Entropy
        Minimization".
    """

    def loss(self, rows: Tensor) -> Tensor:
        return ops.mean(entropy(self.probabilities(rows)))


@keras.saving.register_keras_serializable(package="keras_grl")
class InformationMaximization(TargetLoss):
    """The negative mutual information of rows and predicted classes.

    `loss = mean H(p) − H(mean p)` with `H(p) = −Σ_c p_c · ln p_c`

    over all rows p: it is small if each row is confident and the classes are
    predicted evenly. It lies in `[−ln classes, 0]` and is 0 if all rows are
    equal, so always for a batch of one row.

    Args:
        from_logits: Boolean. If False (the default), predictions are
            probabilities; if True, logits.

    Call arguments:
        predictions: Floating point tensor of shape `(..., classes)`. All axes
            except the last are rows. One class is one sigmoid unit.

    Returns of a call:
        A float32 scalar tensor, in nats.

    Raises:
        ValueError: If `from_logits` is not a boolean; in a call, if the
            predictions are not a single tensor, or have no axis of classes.

    Example:

    >>> predictions = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> round(float(InformationMaximization()(predictions)), 4)  # -ln(2)
    -0.6931

    Reference:
        Krause, Perona & Gomes (2010), "Discriminative Clustering by Regularized
        Information Maximization"; Liang, Hu & Feng (2020), "Do We Really Need
        to Access the Source Data? Source Hypothesis Transfer for Unsupervised
        Domain Adaptation".
    """

    def loss(self, rows: Tensor) -> Tensor:
        p = self.probabilities(rows)
        return ops.mean(entropy(p)) - entropy(ops.mean(p, axis=0))


def entropy(p: Tensor) -> Tensor:
    """The entropy, in nats, of the probabilities in the last axis."""
    return -ops.sum(p * ops.log(ops.maximum(p, _TINY)), axis=-1)
