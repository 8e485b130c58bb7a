"""`class_weight` of `fit`, as sample weights of all labeled streams."""

from typing import Any

import numpy as np

from keras_grl.pairing import PairedDataset
from keras_grl.streams.wrapped import WrappedDataset
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import Labels
from keras_grl.validation import check_number
from keras_grl.validation import invalid


def with_class_weights(
    dataset: Data, options: dict[str, Any]
) -> tuple[Data, dict[str, Any]]:
    """A dataset that yields class weights, and the other options of `fit`.

    Keras's `class_weight` takes one array of labels, but a paired dataset may
    also have labeled target samples.

    Args:
        dataset: The training data.
        options: Arguments of `fit`, maybe with a `class_weight`.

    Returns:
        The dataset and the options; unchanged without a `class_weight`.
    """
    class_weight = options.get("class_weight")
    if class_weight is None or not isinstance(dataset, PairedDataset):
        return dataset, options
    weights = _checked(class_weight)
    rest = {n: value for n, value in options.items() if n != "class_weight"}
    return _ClassWeighted(dataset, weights), rest


class _ClassWeighted(WrappedDataset):
    """The batches of a paired dataset, with sample weights by class."""

    def __init__(self, dataset: PairedDataset, weights: dict[int, float]):
        super().__init__(dataset)
        self._weights = weights

    def __getitem__(self, index: int) -> Batch:
        x, y, *given = self._dataset[index]
        if given:
            raise ValueError(
                "Each sample has one weight. Expected `class_weight` or the "
                "sample weights of the dataset. Received: both\n"
                "Multiply them, and pass them to pair: `(x, y, sample_weight)`."
            )
        if isinstance(y, dict):
            return x, y, {name: self._of(labels) for name, labels in y.items()}
        return x, y, self._of(y)

    def _of(self, labels: Labels) -> Array:
        """Weights of class indices `(n,)` or `(n, 1)`, or of one-hot labels."""
        if not hasattr(labels, "ndim") or labels.ndim > 2:
            raise ValueError(
                "`class_weight` needs one class for each sample. Received: "
                "labels of "
                + (
                    f"shape {labels.shape}"
                    if hasattr(labels, "shape")
                    else "several outputs"
                )
                + "\nPass sample weights to pair instead: `(x, y, "
                "sample_weight)`."
            )
        if labels.ndim == 2 and labels.shape[1] > 1:
            labels = labels.argmax(axis=1)
        classes, index = np.unique(
            np.round(labels).astype("int64").reshape(-1), return_inverse=True
        )
        weights = [self._weights.get(int(each), 1.0) for each in classes]
        return np.asarray(weights, dtype="float32")[index]


def _checked(class_weight: object) -> dict[int, float]:
    if not isinstance(class_weight, dict):
        raise ValueError(
            invalid(
                "class_weight",
                "a dict of class indices to weights",
                class_weight,
                "For example `class_weight={0: 1.0, 1: 5.0}`; the weight of "
                "other classes is 1.",
            )
        )
    return {
        label: check_number(f"class_weight[{label!r}]", weight, minimum=0.0)
        for label, weight in class_weight.items()
    }
