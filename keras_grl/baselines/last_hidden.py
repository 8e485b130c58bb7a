"""The activations of a classifier's last hidden layer."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_grl.models.adaptation import AdaptationModel
from keras_grl.models.weights_kept import WeightsKept
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.validation import check_choice
from keras_grl.validation import invalid


def last_hidden_features(
    model: keras.Model,
    x: Any,
    batch_size: int | None = None,
    domain: str = TARGET,
) -> Any:
    """What the last layer that has weights gets to see, in inference.

    Of a `DANNModel` that is what comes into the last layer of the label
    predictor: of one that is a single `Dense` layer, the features of the
    feature extractor.

    Args:
        model: A `DANNModel` or another paired model, or a Functional or
            Sequential classifier. Built.
        x: Inputs of one domain, shape `(n, ...)`, or a dataset of them:
            anything that `predict` takes.
        batch_size: Integer. Defaults to Keras's 32. Not with datasets.
        domain: "source" or "target": by whose preprocessing and running
            statistics, if a paired model has them apart. No matter for
            a plain classifier.

    Returns:
        NumPy array of shape `(n, d)`, float32. What is of higher rank is
        flattened.

    Raises:
        ValueError: If `domain` is neither, or the layer cannot be found: the
            model has no weights yet, or neither is nor ends in a Functional
            or Sequential model or a layer.

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
    """`last_hidden_features` as a model, for who wants them again and again.

    It shares the weights of `model`: `predict` is compiled once, and always
    gives the features as they are by then. It is not to be saved or trained.

    Args:
        model: Like `last_hidden_features`'s.
        domain: Like `last_hidden_features`'s.

    Call arguments:
        inputs: A batch of inputs of the domain.

    Returns of a call:
        Tensor of shape `(batch, d)`, float32.

    Raises:
        ValueError: Like `last_hidden_features`.

    Example:

    >>> hidden = LastHidden(keras_grl.architectures.LeNet(), "source")
    >>> hidden.predict(np.zeros((2, 28, 28, 3), "uint8"), verbose=0).shape
    (2, 100)
    """

    def __init__(self, model: keras.Model, domain: str = TARGET):
        super().__init__(name="last_hidden")
        check_choice("domain", domain, (SOURCE, TARGET))
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
        self.domain = domain
        self.paired = isinstance(model, AdaptationModel)
        self.steps = _steps(model.label_predictor if self.paired else model)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        with self.weights_kept():  # also those of `model`
            return super().predict(*args, **kwargs)

    def call(self, inputs: Any) -> Any:
        if self.paired:
            inputs = self.model.extract_features({self.domain: inputs})
        for step in self.steps:
            inputs = step(inputs, training=False)
        hidden = ops.cast(inputs, "float32")
        return ops.reshape(hidden, (ops.shape(hidden)[0], -1))


def _steps(layer: Any) -> list[Any]:
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
        before = [_up_to(layer, last)]
    return [*before, *_steps(last)]


def _up_to(model: Any, last: Any) -> keras.Model:
    """From the inputs of a Functional model to those of one of its layers."""
    seen = []

    def call(called: Any, *args: Any, **kwargs: Any) -> Any:
        if called is last:
            seen.append(args[0])
        return called(*args, **kwargs)

    try:
        # The graph is made anew with the same layers.
        again = keras.models.clone_model(
            model, clone_function=lambda each: each, call_function=call
        )
        return keras.Model(again.input, seen[-1])
    except (AttributeError, ValueError) as error:
        raise ValueError(
            "The last hidden layer is found in Functional and Sequential "
            f"models alone. Received: {model.name!r} "
            f"({type(model).__name__})\n({error})"
        ) from error
