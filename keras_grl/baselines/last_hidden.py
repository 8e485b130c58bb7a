"""The penultimate features of a classifier."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_grl.models import split
from keras_grl.models.adaptation import AdaptationModel
from keras_grl.models.inputs import sorted_inputs
from keras_grl.models.weights_kept import WeightsKept
from keras_grl.streams import TARGET
from keras_grl.streams import source_names
from keras_grl.types import Array
from keras_grl.types import Data
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import Predictions
from keras_grl.types import Tensor
from keras_grl.validation import check_choice
from keras_grl.validation import invalid


def last_hidden_features(
    model: keras.Model,
    x: Data,
    batch_size: int | None = None,
    domain: Domain = TARGET,
) -> Array:
    """The penultimate features: inputs of the last layer that has weights.

    In a `DANNModel` they are the inputs of the last layer of the label
    predictor: the features of the feature extractor, if the label predictor is
    a single `Dense` layer. They are computed in inference mode.

    Args:
        model: A built `DANNModel` or other `AdaptationModel`, or a built
            Functional or Sequential classifier.
        x: Inputs of one domain, shape `(n, ...)`, or a dataset of them:
            anything that `predict` takes.
        batch_size: Integer. Defaults to Keras's 32. Not with datasets.
        domain: "source" (of several sources "source_0", "source_1", …) or
            "target": whose preprocessing and running statistics are used, if
            the model has them per domain. A plain classifier ignores it.

    Returns:
        NumPy array of shape `(n, d)`, float32. Higher ranks are flattened.

    Raises:
        ValueError: If there is no such domain, or the layer cannot be found:
            the model has no weights yet, or is not Functional or Sequential,
            and does not end in such a model or in a layer.

    Example:

    >>> model = keras_grl.architectures.LeNet()
    >>> images = np.zeros((2, 28, 28, 3), "uint8")
    >>> last_hidden_features(model, images).shape
    (2, 100)

    Reference:
        Ganin & Lempitsky (2015), section 4 ("Baselines").
    """
    last_hidden = LastHidden(model, domain)
    return np.asarray(
        last_hidden.predict(x, batch_size=batch_size, verbose=0), "float32"
    )


class LastHidden(WeightsKept):
    """`last_hidden_features` as a model, for repeated use.

    It shares the weights of `model`: `predict` is compiled once, and always
    returns the current features. Do not save or train it.

    Args:
        model: As in `last_hidden_features`.
        domain: As in `last_hidden_features`.

    Call arguments:
        inputs: A batch of inputs of the domain.

    Returns of a call:
        Tensor of shape `(batch, d)`, float32.

    Raises:
        ValueError: As in `last_hidden_features`.

    Example:

    >>> hidden = LastHidden(keras_grl.architectures.LeNet(), "source")
    >>> hidden.predict(np.zeros((2, 28, 28, 3), "uint8"), verbose=0).shape
    (2, 100)
    """

    def __init__(self, model: keras.Model, domain: Domain = TARGET):
        super().__init__(name="last_hidden")
        if not isinstance(model, keras.Model) or not model.weights:
            raise ValueError(
                invalid(
                    "model",
                    "a Keras model that has weights",
                    model,
                    "Call it on a batch, or `model.build(input_shape)`, first.",
                )
            )
        self.model = model
        self.paired = isinstance(model, AdaptationModel)
        sources = source_names(model.num_sources if self.paired else 1)
        self.domain = check_choice("domain", domain, (*sources, TARGET))
        self.steps = _steps(model.label_predictor if self.paired else model)

    def predict(self, x: Data, *args: Any, **kwargs: Any) -> Predictions:
        columns = getattr(self.model, "fitted_columns", None)
        x = sorted_inputs(columns, "x", x)
        with self.weights_kept():  # also those of `model`
            return super().predict(x, *args, **kwargs)

    def call(self, inputs: Inputs) -> Tensor:
        if self.paired:
            inputs = self.model.extract_features({self.domain: inputs})
        for step in self.steps:
            inputs = step(inputs, training=False)
        hidden = ops.cast(inputs, "float32")
        return ops.reshape(hidden, (ops.shape(hidden)[0], -1))


def _steps(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers and models before the last layer that has weights."""
    if not isinstance(layer, keras.Model):
        return []
    weighted = [each for each in layer.layers if each.weights]
    if not weighted:
        raise ValueError(
            "The last hidden layer is the one before the last layer that has "
            f"weights. Received: {layer.name!r}, in which no layer has any"
        )
    last = weighted[-1]
    if isinstance(layer, keras.Sequential):
        before = list(layer.layers[: layer.layers.index(last)])
    else:
        before = [_before(layer, last)]
    return [*before, *_steps(last)]


def _before(model: keras.Model, last: keras.layers.Layer) -> keras.Model:
    """From the inputs of a Functional model to the inputs of a layer."""
    try:
        return split.before(model, last)
    except (AttributeError, ValueError) as error:
        raise ValueError(
            "The last hidden layer is found only in Functional and Sequential "
            f"models. Received: {model.name!r} "
            f"({type(model).__name__})\n({error})"
        ) from error
