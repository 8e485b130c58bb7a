"""The rows of a joint batch, joined and separated again with their masks."""

from typing import Any

import keras
from keras import ops

from keras_grl.types import Tensor


class _RowsLayer(keras.layers.Layer):
    """Base class of both layers: tensors pass unchanged, with their masks."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.supports_masking = True


class JoinedRows(_RowsLayer):
    """The rows of several batches, one below the other.

    Call arguments:
        inputs: List of tensors whose shapes differ in the first axis alone.
    """

    def call(self, inputs: list[Tensor]) -> Tensor:
        return inputs[0] if len(inputs) == 1 else ops.concatenate(inputs, 0)

    def compute_mask(
        self,
        inputs: list[Tensor],
        previous_mask: list[Tensor | None] | None = None,
    ) -> Tensor:
        masks = previous_mask or []
        known = next((mask for mask in masks if mask is not None), None)
        if known is None:
            return None
        # A batch without a mask has no padding.
        return ops.concatenate(
            [
                ops.ones((ops.shape(rows)[0], *known.shape[1:]), "bool")
                if mask is None
                else mask
                for rows, mask in zip(inputs, masks, strict=True)
            ],
            0,
        )


class FirstRows(_RowsLayer):
    """The rows of the labeled samples, and of their mask if there is one.

    Call arguments:
        inputs: List of the features of all samples, and of tensors which have,
            together, as many rows as there are labeled samples.
    """

    def call(self, inputs: list[Tensor]) -> Tensor:
        features, *labeled = inputs
        return features[: _rows(labeled)]

    def compute_mask(
        self,
        inputs: list[Tensor],
        previous_mask: list[Tensor | None] | None = None,
    ) -> Tensor:
        mask = previous_mask[0] if previous_mask else None
        return None if mask is None else mask[: _rows(inputs[1:])]


def _rows(tensors: list[Tensor]) -> int | Tensor:
    return sum(ops.shape(tensor)[0] for tensor in tensors)
