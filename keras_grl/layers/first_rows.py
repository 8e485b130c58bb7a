"""The first rows of a batch, for `PairedModel`."""

from typing import Any

import keras
from keras import ops


class FirstRows(keras.layers.Layer):
    """The rows of the labelled samples, and of their mask if there is one.

    Call arguments:
        inputs: List of the features of all samples, and of tensors which have,
            together, as many rows as there are labelled samples.
    """

    def __init__(self, **kwargs: Any):
        # What is only counted need not be cast.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        features, *labelled = inputs
        return features[: _rows(labelled)]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        mask = previous_mask[0] if previous_mask else None
        return None if mask is None else mask[: _rows(inputs[1:])]


def _rows(tensors: Any) -> Any:
    return sum(ops.shape(tensor)[0] for tensor in tensors)
