"""The first rows of a batch, for `DANNModel`."""

from typing import Any

import keras


class FirstRows(keras.layers.Layer):
    """The first `count` samples of a batch, and of its mask if it has one.

    A slice `x[:count]` would forget the mask.

    Args:
        count: Integer or integer scalar tensor.
    """

    def __init__(self, count: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.count = count

    def call(self, inputs: Any) -> Any:
        return inputs[: self.count]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None if previous_mask is None else previous_mask[: self.count]
