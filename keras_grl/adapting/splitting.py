"""A classifier as feature extractor and label predictor."""

from collections.abc import Callable
from typing import NamedTuple
from typing import TypeAlias

import keras
import numpy as np
from keras import tree

from keras_grl.adapting.domains import refuse_model_inputs
from keras_grl.adapting.domains import rows_of
from keras_grl.models import AdaptationModel
from keras_grl.models.split import calls_in
from keras_grl.types import Inputs
from keras_grl.validation import invalid

ModelLike: TypeAlias = keras.Model | Callable[[], keras.Model]
_PROBED = 8


class Network(NamedTuple):
    """A classifier and its two parts, which share its layers.

    Args:
        classifier: Inputs to class probabilities.
        feature_extractor: Inputs to the inputs of the last `Dense`.
        label_predictor: The rest.
    """

    classifier: keras.Model
    feature_extractor: keras.Model
    label_predictor: keras.Model


def build(model: ModelLike, x: Inputs) -> Network:
    """A new network; that of a builder, or one that starts from `model`.

    Args:
        model: As in `adapt`. It is not changed.
        x: Samples of the source.
    """
    if isinstance(model, keras.Model):
        classifier = _copied(_plain(model))
    else:
        classifier = _plain(_built(model))
    if not classifier.built:
        try:
            classifier(rows_of(x, np.arange(1)))
        except Exception as error:
            raise refuse_model_inputs(error, x) from error
    return Network(classifier, *_cut(classifier))


def check(network: Network, x: Inputs) -> int:
    """The number of classes, if the network is a classifier for `x`.

    Args:
        network: Untrained, or as the user has trained it.
        x: Samples of the source.
    """
    classifier = network.classifier
    if not classifier.trainable_weights:
        raise ValueError(
            invalid(
                "model",
                "a model with trainable weights",
                classifier.name,
                "Set `layer.trainable = True` on its last layers at least.",
            )
        )
    probed = rows_of(x, np.arange(_PROBED))
    _check_shapes(classifier, x)
    try:
        found = classifier.predict(probed, verbose=0)
    except Exception as error:
        raise refuse_model_inputs(error, x) from error
    if tree.is_nested(found) or found.ndim != 2 or found.shape[1] < 2:
        shape = tree.map_structure(lambda array: array.shape[1:], found)
        raise ValueError(
            invalid(
                "model",
                "a classifier, which predicts (n, classes), at least two",
                f"{classifier.name}, which predicts {shape} for each sample",
                "End it with `keras.layers.Dense(classes, "
                'activation="softmax")`.',
            )
        )
    p = found.astype("float64")
    if not np.isfinite(p).all():
        raise ValueError(
            invalid("model", "finite probabilities", "NaN or infinity")
        )
    if (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=0.02):
        raise ValueError(
            invalid(
                "model",
                "probabilities, which add up to 1",
                f"{classifier.name}, which predicts {p[0].round(3).tolist()}",
                "If these are logits, end the model with a softmax: "
                '`keras.layers.Dense(classes, activation="softmax")`, or '
                "`keras.Sequential([model, keras.layers.Softmax()])`.",
            )
        )
    return int(p.shape[1])


def _built(builder: object) -> keras.Model:
    expected = (
        "a Keras classifier, or a function of no arguments that returns one"
    )
    if isinstance(builder, type) or not callable(builder):
        raise ValueError(invalid("model", expected, builder))
    try:
        model = builder()
    except TypeError as error:
        raise ValueError(
            invalid("model", expected, builder, f"It raised: {error}")
        ) from error
    if not isinstance(model, keras.Model):
        raise ValueError(
            invalid("model", expected, f"a function that returns {model!r}")
        )
    return model


def _plain(model: keras.Model) -> keras.Model:
    """The classifier within an `AdaptationModel`; others as they are."""
    if not isinstance(model, AdaptationModel):
        return model
    layers = list(model.preprocessing_layers().values())
    if any(layer is not layers[0] for layer in layers):
        raise ValueError(
            invalid(
                "model",
                "the same preprocessing for both domains",
                f"{model.name} with a preprocessing layer for each",
                "Pass one number or mean for both domains, or its "
                "`model.classifier`, which has the target's.",
            )
        )
    return model.classifier


def _copied(model: keras.Model) -> keras.Model:
    if not model.built:
        raise ValueError(
            invalid(
                "model",
                "a model that has weights",
                model.name,
                "Begin it with `keras.Input(shape)`, or call it on a batch.",
            )
        )
    try:
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
    except Exception as error:  # layers of the user's may raise any
        raise ValueError(_not_copied(model, error)) from error
    return copy


def _not_copied(model: keras.Model, error: Exception) -> str:
    try:
        calls_in(model)
    except (AttributeError, ValueError):
        return _not_a_graph(model)
    return invalid(
        "model",
        "a model whose layers can be copied, or a function that returns one",
        model.name,
        f"It raised: {error}\n"
        "Pass a function that builds the model, and loads its weights if it "
        "is trained.",
    )


def _cut(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """The parts before and from the last `Dense`."""
    extractor, predictor = _parts(model)
    if extractor is None:
        raise ValueError(
            invalid(
                "model",
                "a layer before the last `Dense`, whose outputs are adapted",
                model.name,
                "Add a hidden layer.",
            )
        )
    return extractor, predictor


def _parts(model: keras.Model) -> tuple[keras.Model | None, keras.Model]:
    """The same; None and the model if nothing is before that layer."""
    try:
        inputs, outputs, calls = calls_in(model)
    except (AttributeError, ValueError) as error:
        raise ValueError(_not_a_graph(model)) from error
    weighted = [n for n, call in enumerate(calls) if _has_weights(call.layer)]
    if not weighted:
        raise ValueError(_no_dense(model, "no layer with weights"))
    call = calls[weighted[-1]]
    features = call.inputs
    if isinstance(call.layer, keras.Model):
        # A head of its own: its layers are cut.
        inner, head = _parts(call.layer)
        if inner is not None:
            features = inner(features)
            outputs = head(features)
            for later in calls[weighted[-1] + 1 :]:
                outputs = later.layer(outputs)
    elif not isinstance(call.layer, keras.layers.Dense):
        raise ValueError(_no_dense(model, type(call.layer).__name__))
    if any(features is each for each in tree.flatten(inputs)):
        return None, model
    try:
        return keras.Model(inputs, features), keras.Model(features, outputs)
    except ValueError as error:
        raise ValueError(_no_dense(model, "a path that bypasses it")) from error


def _has_weights(layer: keras.Operation) -> bool:
    return bool(getattr(layer, "weights", []))


def _no_dense(model: keras.Model, received: str) -> str:
    return invalid(
        "model",
        "a classifier whose last layer with weights is a `Dense`",
        f"{model.name}, which has {received}",
        "The part before that layer becomes the feature extractor. End the "
        "model with `keras.layers.Flatten()` or a global pooling, and "
        '`keras.layers.Dense(classes, activation="softmax")`.',
    )


def _not_a_graph(model: keras.Model) -> str:
    return invalid(
        "model",
        "a built Functional or Sequential model, or a function that returns "
        "one",
        f"{model.name} ({type(model).__name__})",
        "The layers of a subclass of `keras.Model` are known to its `call` "
        "alone. Put it into a Functional model with a last `Dense`.",
    )


def _check_shapes(model: keras.Model, x: Inputs) -> None:
    """Refuses samples of another shape than the model's inputs."""
    given = tree.flatten(x)
    expected = [tensor.shape[1:] for tensor in model.inputs]
    alike = len(given) == len(expected) and all(
        array.ndim - 1 == len(shape)
        and all(
            size in (None, found)
            for size, found in zip(shape, array.shape[1:], strict=True)
        )
        for array, shape in zip(given, expected, strict=True)
    )
    if not alike:
        raise refuse_model_inputs(
            ValueError(f"{model.name} takes {expected}"), x
        )
