"""Predictions within training, for callbacks."""

import keras
import numpy as np
from keras import tree

from keras_grl.backend import num_devices
from keras_grl.backend import process
from keras_grl.callbacks.target_samples import padded
from keras_grl.scores.models import probabilities_of
from keras_grl.scores.models import two_columns
from keras_grl.types import Array
from keras_grl.types import Inputs


def predicted(model: keras.Model, x: Inputs, size: int) -> Array:
    """Predictions of at least two classes, `(n, classes)`.

    Use it within `backend.kept_state`.

    Args:
        model: A classifier.
        x: Inputs of n samples.
        size: Integer, the size of all batches, since a model is compiled for
            each: see `batch_size`.
    """
    count = rows(x)
    x = tree.map_structure(lambda array: padded(array, size), x)
    if num_devices(model) > 1 and not _shares_with_processes():
        # Of `predict_on_batch` each device would predict the whole batch.
        batches = [model.predict(x, batch_size=size, verbose=0)]
    else:
        # The data pipeline of `predict` takes longer than the forward passes
        # of a small network.
        batches = [
            model.predict_on_batch(_sliced(x, start, start + size))
            for start in range(0, rows(x), size)
        ]
    found = [two_columns(probabilities_of(model, batch)) for batch in batches]
    return np.concatenate(found)[:count]


def check_prediction(model: keras.Model, x: Inputs) -> None:
    """Predicts a batch, and raises what the model raises.

    Args:
        model: A model. If it fails, an `AdaptationModel` keeps its weights.
        x: Inputs, as many as `batch_size` says.
    """
    if _shares_with_processes():
        model.predict_on_batch(x)
    else:
        # On torch it puts the model into the mode of evaluation.
        model.predict(x, batch_size=rows(x), verbose=0)


def _shares_with_processes() -> bool:
    """Whether Keras (3.15.1) cannot return what `predict` computes.

    On JAX a process cannot read the part that another one has computed.
    """
    return process()[1] > 1 and keras.distribution.distribution() is not None


def batch_size(model: keras.Model, size: int) -> int:
    """A size that the devices can share, at least `size`.

    Args:
        model: A model.
        size: Integer, the samples of a batch.
    """
    devices = num_devices(model)
    return -(-size // devices) * devices


def rows(x: Inputs) -> int:
    """The number of samples."""
    return len(tree.flatten(x)[0])


def _sliced(x: Inputs, start: int, stop: int) -> Inputs:
    return tree.map_structure(lambda array: array[start:stop], x)
