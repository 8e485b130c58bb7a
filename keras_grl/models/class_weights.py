"""`class_weight` of `fit`, as sample weights of all labeled streams."""

import functools
import numbers
from typing import Any

import keras
import numpy as np
from keras import ops
from keras import tree

from keras_grl.models import label_losses
from keras_grl.pairing import PairedDataset
from keras_grl.streams.wrapped import WrappedDataset
from keras_grl.types import AnyArray
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import Labels
from keras_grl.types import Tensor
from keras_grl.validation import check_number
from keras_grl.validation import invalid


def with_class_weights(
    dataset: Data, options: dict[str, Any], classes: int | None = None
) -> tuple[Data, dict[str, Any]]:
    """A dataset that yields class weights, and the other options of `fit`.

    Keras's `class_weight` takes one array of labels, but a paired dataset may
    also have labeled target samples.

    Args:
        dataset: The training data.
        options: Arguments of `fit`, maybe with a `class_weight`.
        classes: The number of classes; None if it is not known.

    Returns:
        The dataset and the options; unchanged without a `class_weight`.

    Raises:
        ValueError: If a key is no class, or a weight is wrong.
    """
    class_weight = options.get("class_weight")
    if class_weight is None:
        return dataset, options
    weights = _checked(class_weight, classes)
    if not isinstance(dataset, PairedDataset):
        return dataset, options
    rest = {n: value for n, value in options.items() if n != "class_weight"}
    return _ClassWeighted(dataset, weights), rest


def number_of_classes(model: keras.Model) -> int | None:
    """The classes that labels may have; None if it is not known."""
    loss = label_losses.resolve(getattr(model, "loss", None))
    if not model.built or loss is None:
        return None
    if loss.config.get("ignore_class") is not None:
        return None  # That one is a label too.
    outputs = model.classifier.output
    if tree.is_nested(outputs):
        return None
    if loss.name in (*label_losses.SPARSE, *label_losses.ONE_HOT):
        return outputs.shape[loss.axis]
    binary = loss.name in label_losses.BINARY and outputs.shape[-1] == 1
    return 2 if binary else None


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

    def _of(self, labels: Labels) -> AnyArray:
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
        if not isinstance(labels, np.ndarray):
            return self._on_device(labels)
        classes, index = np.unique(
            np.round(labels).astype("int64").reshape(-1), return_inverse=True
        )
        weights = [self._weights.get(int(each), 1.0) for each in classes]
        return np.asarray(weights, dtype="float32")[index]

    def _on_device(self, labels: Tensor) -> Tensor:
        """The same for class indices on the device."""
        index = ops.cast(ops.round(ops.reshape(labels, -1)), "int32")
        last = len(self._table) - 1
        return ops.take(self._table, ops.clip(index, -1, last - 1), axis=0)

    @functools.cached_property
    def _table(self) -> Tensor:
        """The weights of classes 0, 1, …, of larger ones, of negative ones."""
        classes = range(int(max(self._weights, default=-1)) + 1)
        weights = [self._weights.get(each, 1.0) for each in classes]
        return ops.convert_to_tensor([*weights, 1.0, 1.0], dtype="float32")


def _checked(class_weight: object, classes: int | None) -> dict[int, float]:
    expected = "a dict of class indices to weights"
    hint = (
        "For example `class_weight={0: 1.0, 1: 5.0}`; the weight of other "
        "classes is 1."
    )
    if not isinstance(class_weight, dict):
        raise ValueError(invalid("class_weight", expected, class_weight, hint))
    if classes is not None:
        expected += f", with integers from 0 to {classes - 1} as keys"
    most = float("inf") if classes is None else classes
    for label in class_weight:
        # 2.0 is the key 2 to a dict.
        if (
            not isinstance(label, numbers.Real)
            or not float(label).is_integer()
            or not 0 <= float(label) < most
        ):
            raise ValueError(
                invalid("class_weight", expected, class_weight, hint)
            )
    return {
        label: check_number(f"class_weight[{label!r}]", weight, minimum=0.0)
        for label, weight in class_weight.items()
    }
