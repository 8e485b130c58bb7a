"""MinimumClassConfusion: predictions that do not confuse classes."""

import keras
from keras import ops

from keras_grl.losses.target_loss import TargetLoss
from keras_grl.types import Config
from keras_grl.types import Tensor
from keras_grl.validation import check_number

# The logit of probability 0: finite, and its exponential is 0.
_LOGIT_OF_ZERO = -1e6
# Below it a probability other than 0 counts as this: its logarithm then has a
# finite gradient, also times the loss scale of mixed precision.
_TINY = 1e-30


@keras.saving.register_keras_serializable(package="keras_grl")
class MinimumClassConfusion(TargetLoss):
    """How much the predictions confuse each class with the others.

    With logits z, T the temperature, and n rows:

        y = softmax(z / T)      w = 1 + exp(−H(y)), scaled to sum to n
        M = Yᵀ · diag(w) · Y    loss = Σ_{i≠j} (M_ij / Σ_k M_ik) / classes

    Confident rows have more weight, by their entropy H in nats; no
    gradient flows through the weights. From probabilities p the same y is
    `p^(1/T)`, normalized.

    The loss is 0 if every row is confident and every class is predicted. A
    class that no row predicts counts as confused, `1 / classes`: use batches
    with several rows for each class. For a batch of one row the loss is
    `1 − 1 / classes` for any row, without a gradient.

    Args:
        temperature: Float, greater than 0. Divides the logits. 2.5 is the
            authors' value.
        from_logits: Boolean. If False (the default), predictions are
            probabilities; if True, logits.

    Call arguments:
        predictions: Floating point tensor of shape `(..., classes)`. All axes
            except the last are rows. One class is one sigmoid unit.

    Returns of a call:
        A float32 scalar tensor, between 0 and `1 − 1 / classes`.

    Raises:
        ValueError: If `temperature` is not a finite number greater than 0, or
            `from_logits` is not a boolean; in a call, if the predictions are
            not a single tensor, or have no axis of classes.

    Example:

    >>> sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> unsure = np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> mcc = MinimumClassConfusion()
    >>> float(mcc(sure)), float(mcc(unsure))
    (0.0, 0.5)

    Reference:
        Jin et al. (2020), "Minimum Class Confusion for Versatile Domain
        Adaptation", ECCV, section 3.
    """

    def __init__(self, temperature: float = 2.5, from_logits: bool = False):
        super().__init__(from_logits=from_logits)
        self.temperature = check_number("temperature", temperature, above=0.0)

    def loss(self, rows: Tensor) -> Tensor:
        log_y = ops.log_softmax(self._tempered(rows), axis=-1)
        # Of a logit of -inf.
        log_y = ops.maximum(log_y, _LOGIT_OF_ZERO)
        y = ops.exp(log_y)
        entropy = -ops.sum(y * log_y, axis=-1, keepdims=True)
        log_w = ops.stop_gradient(ops.log1p(ops.exp(-entropy)))
        # A row of M divided by its sum is a mean of the rows of Y, with
        # weights w · y that are divided by their sum: the scale of w cancels.
        # As logarithms, they are also right where w · y underflows, or is 0,
        # in the whole batch. (A softmax would warn of a batch of one row.)
        log_weights = log_w + log_y
        log_sums = ops.logsumexp(log_weights, axis=0, keepdims=True)
        weights = ops.exp(log_weights - log_sums)
        diagonal = ops.sum(weights * y, axis=0)
        return 1.0 - ops.mean(diagonal)

    def _tempered(self, rows: Tensor) -> Tensor:
        """The logits divided by the temperature."""
        if self.from_logits:
            return rows / self.temperature
        logits = ops.log(ops.maximum(rows, _TINY)) / self.temperature
        zero = ops.full_like(logits, _LOGIT_OF_ZERO)
        return ops.where(rows == 0.0, zero, logits)

    def get_config(self) -> Config:
        return {**super().get_config(), "temperature": self.temperature}
