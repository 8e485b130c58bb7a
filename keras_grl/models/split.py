"""Cuts a Keras model into feature extractor and label predictor."""

import difflib
from typing import Any
from typing import NamedTuple

import keras
from keras import tree

from keras_grl.types import Symbolic
from keras_grl.validation import invalid


def at_layer(
    model: keras.Model, at: str | keras.layers.Layer
) -> tuple[keras.Model, keras.Model]:
    """Cuts a model after one of its layers.

    Args:
        model: Built Functional or Sequential model.
        at: Name of the layer, or the layer. The model is cut at its output.

    Returns:
        Two Functional models that share the layers of `model`: from its inputs
        to the cut, and from the cut to its outputs.

    Raises:
        ValueError: If the model is not Functional or Sequential, or not
            built; if it has no such layer, or the layer is its last one; if a
            path of the network bypasses the layer.

    Example:

    >>> model = keras.Sequential([
    ...     keras.Input((2,)),
    ...     keras.layers.Dense(8, name="features"),
    ...     keras.layers.Dense(3),
    ... ])
    >>> head, tail = at_layer(model, "features")
    >>> head.output_shape, tail.output_shape
    ((None, 8), (None, 3))
    """
    inputs, outputs, layer, cut = _cut(model, at)
    if any(output is cut for output in tree.flatten(outputs)):
        raise ValueError(
            invalid(
                "at",
                "a layer before the last one, so that the label predictor has "
                "layers",
                layer.name,
            )
        )
    feature_extractor = keras.Model(inputs, cut, name="feature_extractor")
    try:
        label_predictor = keras.Model(cut, outputs, name="label_predictor")
    except ValueError as error:
        raise ValueError(
            f"The model cannot be cut at {layer.name!r}: a path bypasses the "
            "layer (a skip connection or a second branch), so that layers "
            "after it also depend on layers before it. Received: "
            f"at={layer.name!r}\n"
            "Choose a layer after the point where the branches merge."
        ) from error
    return feature_extractor, label_predictor


def up_to(model: keras.Model, at: str | keras.layers.Layer) -> keras.Model:
    """The part of a model from its inputs to the output of one of its layers.

    Args:
        model: As in `at_layer`.
        at: As in `at_layer`; may be the last layer, and part of a branch.

    Returns:
        A Functional model that shares the layers of `model`.

    Raises:
        ValueError: If the model is not Functional or Sequential, or not built,
            or has no such layer.
    """
    inputs, _, _, cut = _cut(model, at)
    return keras.Model(inputs, cut)


def before(model: keras.Model, layer: keras.layers.Layer) -> keras.Model:
    """The part of a model from its inputs to the inputs of one of its layers.

    Args:
        model: As in `at_layer`.
        layer: One of its layers. If it is called several times, the part ends
            at its last call.

    Returns:
        A Functional model that shares the layers of `model`.

    Raises:
        AttributeError, ValueError: If the model is not Functional or
            Sequential, or not built.
    """
    inputs, _, calls = _traced(model, layer)
    return keras.Model(inputs, calls[-1].inputs)


def layer_names(part: keras.layers.Layer) -> list[str]:
    """The names of the layers of a model; empty for a single layer."""
    return [layer.name for layer in getattr(part, "layers", [])]


def suggested(name: object, names: list[str]) -> str:
    """The names that an error lists: those like `name`, and the last ones."""
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4)
    # A network has hundreds of layers; most are cut near the end.
    named = [each for each in names if each in near] + names[-8:]
    return ", ".join(map(repr, dict.fromkeys(named)))


def inputs_of(model: keras.Model) -> Symbolic:
    """The symbolic inputs of a Functional or built Sequential model.

    Raises:
        AttributeError: If the model is neither.
    """
    if isinstance(model, keras.Sequential):
        return model.inputs[0]
    return model.input


def _cut(
    model: keras.Model, at: str | keras.layers.Layer
) -> tuple[
    Symbolic,
    Symbolic,
    keras.layers.Layer,
    keras.KerasTensor,
]:
    """Inputs and outputs of a model, one of its layers and its output."""
    layer = _find(model, at)
    try:
        inputs, outputs, calls = _traced(model, layer)
    except (AttributeError, ValueError) as error:
        raise ValueError(
            "Only a built Functional or Sequential model can be cut. "
            f"Received: classifier={model.name!r} ({type(model).__name__})\n"
            f"({error})"
        ) from error
    if len(calls) != 1:
        raise ValueError(
            invalid(
                "at",
                f"a layer that is called once in {model.name!r}",
                layer.name,
            )
        )
    cut = calls[0].outputs
    if not isinstance(cut, keras.KerasTensor):
        raise ValueError(
            invalid("at", "a layer with one output tensor", layer.name)
        )
    return inputs, outputs, layer, cut


class Call(NamedTuple):
    """One call of a layer: its first argument and what it returns."""

    layer: keras.Operation
    inputs: Symbolic
    outputs: Symbolic


def calls_in(model: keras.Model) -> tuple[Symbolic, Symbolic, list[Call]]:
    """The model's graph, built again with the same layers.

    Not `layer.output`: for a model within the model, such as a backbone, it
    belongs to the graph of the inner model.

    Returns:
        The inputs and outputs of the model, and all calls in order.
    """
    calls = []

    def call(called: keras.Operation, *args: Any, **kwargs: Any) -> Symbolic:
        outputs = called(*args, **kwargs)
        calls.append(Call(called, (*args, *kwargs.values())[0], outputs))
        return outputs

    if isinstance(model, keras.Sequential):
        inputs = outputs = inputs_of(model)
        for each in model.layers:
            outputs = call(each, outputs)
        return inputs, outputs, calls
    again = keras.models.clone_model(
        model, clone_function=lambda each: each, call_function=call
    )
    return again.input, again.output, calls


def _traced(
    model: keras.Model, layer: keras.layers.Layer
) -> tuple[Symbolic, Symbolic, list[Call]]:
    """The inputs and outputs of the model, and the calls of `layer`."""
    inputs, outputs, calls = calls_in(model)
    return inputs, outputs, [each for each in calls if each.layer is layer]


def _find(
    model: keras.Model, at: str | keras.layers.Layer
) -> keras.layers.Layer:
    names = layer_names(model)
    if not names:
        raise ValueError(
            invalid("classifier", "a Functional or Sequential model", model)
        )
    name = at.name if isinstance(at, keras.layers.Layer) else at
    same = isinstance(at, str) or any(each is at for each in model.layers)
    if name not in names or not same:
        raise ValueError(
            invalid(
                "at",
                f"the name of a layer of {model.name!r}, such as "
                + suggested(name, names),
                name,
                "All of them: `[layer.name for layer in classifier.layers]`.",
            )
        )
    return model.get_layer(name)
