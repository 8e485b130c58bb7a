"""The base class of the losses of target predictions."""

from keras import ops

from keras_grl.types import Config
from keras_grl.types import Predictions
from keras_grl.types import Tensor
from keras_grl.validation import check_boolean
from keras_grl.validation import invalid


class TargetLoss:
    """Base class of the losses of predictions on unlabeled rows.

    Subclass it and implement `loss(rows)` with `keras.ops`. A loss with further
    arguments also needs a `get_config()`. To save it with a model, register it
    with `keras.saving.register_keras_serializable`.

    Args:
        from_logits: Boolean. If False (the default), predictions are
            probabilities; if True, logits.

    Call arguments:
        predictions: Floating point tensor of shape `(..., classes)`. The last
            axis is the classes; all others are rows. One class is one sigmoid
            unit: p stands for `(1 − p, p)`, the logit z for `(0, z)`. Any dtype
            is cast to float32.

    Returns of a call:
        A float32 scalar tensor.

    Raises:
        ValueError: If `from_logits` is not a boolean; in a call, if the
            predictions are not a single tensor, or have no axis of classes.

    Example:

    >>> class GiniImpurity(TargetLoss):
    ...     def loss(self, rows):
    ...         p = self.probabilities(rows)
    ...         return ops.mean(1.0 - ops.sum(p * p, axis=-1))
    >>> float(GiniImpurity()(np.array([[0.5, 0.5], [1.0, 0.0]])))
    0.25
    """

    def __init__(self, from_logits: bool = False):
        self.from_logits = check_boolean("from_logits", from_logits)

    def __call__(self, predictions: Predictions) -> Tensor:
        return self.loss(_as_rows(predictions, self.from_logits))

    def loss(self, rows: Tensor) -> Tensor:
        """The loss of probabilities or logits of shape `(rows, classes)`.

        `rows` is float32, and `classes` at least 2.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `loss(rows)`."
        )

    def probabilities(self, rows: Tensor) -> Tensor:
        """The probabilities in `rows`, or of the logits in `rows`."""
        return ops.softmax(rows, axis=-1) if self.from_logits else rows

    def get_config(self) -> Config:
        return {"from_logits": self.from_logits}

    @classmethod
    def from_config(cls, config: Config) -> "TargetLoss":
        return cls(**config)


def _as_rows(predictions: Predictions, from_logits: bool) -> Tensor:
    """Predictions of shape `(rows, classes)`, at least two classes."""
    if predictions is None or isinstance(predictions, (dict, list, tuple, str)):
        raise ValueError(
            invalid(
                "predictions",
                "one tensor of shape (..., classes)",
                predictions,
                "For a label predictor with several outputs, use one loss for "
                "each output, and call it with that output.",
            )
        )
    predictions = ops.convert_to_tensor(predictions)
    shape = tuple(predictions.shape)
    if not shape or not shape[-1]:
        raise ValueError(
            invalid(
                "predictions",
                "a tensor of shape (..., classes), with a known number of "
                "classes in its last axis",
                predictions,
                f"Its shape is {shape}.",
            )
        )
    rows = ops.reshape(predictions, (-1, shape[-1]))
    rows = ops.cast(rows, "float32")
    if shape[-1] > 1:
        return rows
    # One sigmoid unit.
    other = ops.zeros_like(rows) if from_logits else 1.0 - rows
    return ops.concatenate([other, rows], axis=-1)
