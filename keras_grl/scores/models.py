"""The models that scores take, and what they predict."""

from typing import Protocol

import numpy as np
from keras import tree

from keras_grl.losses.from_logits import says_from_logits
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.types import Array
from keras_grl.types import Inputs
from keras_grl.types import Predictions


class Predicts(Protocol):
    """A Keras model, or any object with its `predict`."""

    def predict(self, x: Inputs, *, verbose: int) -> Predictions:
        """The predictions for all samples."""


def check_model(model: object) -> None:
    """Refuses what has no method `predict`."""
    if isinstance(model, type) or not callable(getattr(model, "predict", None)):
        raise ValueError(
            wrong(
                "model",
                "a Keras model, or an object with the method `predict(x, "
                "verbose=0)`",
                describe(model),
            )
        )


def predicted_classes(predictions: Predictions) -> Array:
    """The predicted classes, `(n,)`, of probabilities or logits.

    Args:
        predictions: What `predict` returned: an array `(n, classes)`, or
            `(n, 1)` of one sigmoid unit.
    """
    p = two_columns(predictions)
    if not np.isfinite(p).all():
        raise ValueError(
            wrong(
                "model",
                "a model with finite predictions",
                "one that predicts NaN or infinity",
                "The weights of such a model are lost: train it again with a "
                "lower learning rate.",
            )
        )
    return p.argmax(axis=1)


def probabilities_of(model: object, predictions: Predictions) -> Predictions:
    """Probabilities, if the model's loss says that predictions are logits.

    Args:
        model: A model, compiled or not.
        predictions: What it predicts. Several outputs stay as they are.
    """
    logits = says_from_logits(getattr(model, "loss", None))
    if not logits or tree.is_nested(predictions):
        return predictions
    return _softmax(np.asarray(predictions, "float64"))


def _softmax(logits: Array) -> Array:
    if logits.ndim == 2 and logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def two_columns(predictions: Predictions) -> Array:
    """The predictions as float64, `(n, classes)` of at least two classes.

    Args:
        predictions: What `predict` returned.
    """
    p = np.asarray(predictions)
    # `V`: bfloat16.
    if p.dtype.kind not in "fV" or p.ndim != 2 or p.shape[1] == 0:
        raise ValueError(
            wrong(
                "model",
                "a classifier, which predicts an array of shape (n, classes)",
                f"one that predicts {p.dtype} {p.shape}"
                if p.dtype.kind != "O"
                else f"one that predicts a {type(predictions).__name__}",
                "Score one output of a model with several: `keras.Model("
                "model.inputs, model.outputs[0])`.",
            )
        )
    p = p.astype("float64")
    if p.shape[1] > 1:
        return p
    if ((p < 0) | (p > 1)).any():
        raise ValueError(
            wrong(
                "model",
                "probabilities from its one unit",
                f"predictions from {p.min():.4g} to {p.max():.4g}",
                "If they are logits, end the network with a sigmoid.",
            )
        )
    return np.concatenate([1 - p, p], axis=1)
