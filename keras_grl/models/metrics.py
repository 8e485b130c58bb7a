"""The metrics of `compile`, built before the first step."""

from typing import TYPE_CHECKING

import keras
from keras import ops
from keras import tree

from keras_grl.backend import builds_in_first_step
from keras_grl.types import Labels

if TYPE_CHECKING:
    from keras_grl.models.adaptation import AdaptationModel


def metrics_built(model: "AdaptationModel", labels: Labels) -> bool:
    """Builds the metrics of a model, if Keras would do so in the first step.

    Args:
        model: A compiled model. Where a subclass computes them, perhaps from
            the inputs, they are left to the first step.
        labels: Labels as in a batch, of any size; None if there are none.

    Returns:
        Whether all metrics are built.
    """
    if (
        labels is not None
        and model.built
        and not _built(model)
        and builds_in_first_step(model)
        and type(model).compute_metrics.__module__.startswith("keras_grl.")
    ):
        predictions = tree.map_structure(_one_row, model.classifier.output)
        model.compute_metrics(None, labels, predictions)
        model.reset_metrics()
    return _built(model)


def _built(model: keras.Model) -> bool:
    return all(getattr(each, "built", True) for each in model.metrics)


def _one_row(output: keras.KerasTensor) -> object:
    shape = [1 if size is None else size for size in output.shape]
    return ops.ones(shape, output.dtype)
