"""NuclearNorm: predictions that are confident and diverse."""

import keras
import numpy as np
from keras import ops

from keras_grl.losses.target_loss import TargetLoss
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class NuclearNorm(TargetLoss):
    """The negative nuclear norm of the batch of predictions.

    `loss = −‖P‖* / n`, with the n rows of probabilities P and the sum of its
    singular values `‖P‖*`. It is small if each row is confident (a large
    Frobenius norm) and the rows use many classes (a high rank). It is at least
    `−√(min(n, classes) / n)`.

    The gradient is `−U Vᵀ / n` with the singular vectors U and V of the
    singular values that are not 0: finite, and the same on every backend, also
    for equal singular values and rows, where the derivative of the singular
    vectors is not defined.

    Args:
        from_logits: Boolean. If False (the default), predictions are
            probabilities; if True, logits.

    Call arguments:
        predictions: Floating point tensor of shape `(..., classes)`. All axes
            except the last are rows. One class is one sigmoid unit.

    Returns of a call:
        A float32 scalar tensor.

    Raises:
        ValueError: If `from_logits` is not a boolean; in a call, if the
            predictions are not a single tensor, or have no axis of classes.

    Example:

    >>> float(NuclearNorm()(np.eye(4)))
    -1.0
    >>> float(NuclearNorm()(np.array([[0.0, 1.0]] * 4)))  # only one class
    -0.5

    Reference:
        Cui et al. (2020), "Towards Discriminability and Diversity: Batch
        Nuclear-norm Maximization under Label Insufficient Situations", CVPR.
    """

    def loss(self, rows: Tensor) -> Tensor:
        p = self.probabilities(rows)
        # The norm is the inner product of P with U Vᵀ, which is its derivative.
        norm = ops.sum(_polar_factor(p) * p)
        return -norm / ops.cast(ops.shape(p)[0], "float32")


def _polar_factor(p: Tensor) -> Tensor:
    """U Vᵀ over the singular values of P that are not 0, a constant."""
    p = ops.stop_gradient(p)
    # PyTorch refuses the SVD of NaN. The loss still becomes NaN, of P itself.
    p = ops.where(ops.isfinite(p), p, ops.zeros_like(p))
    u, s, vt = ops.svd(p, full_matrices=False)
    # What is 0 except for rounding, by the rule of NumPy's `matrix_rank`. The
    # singular vectors of 0 are arbitrary.
    size = ops.cast(ops.max(ops.shape(p)), "float32")
    rounding = ops.max(s) * size * float(np.finfo("float32").eps)
    kept = ops.cast(s > rounding, "float32")
    return ops.matmul(u * kept, vt)
