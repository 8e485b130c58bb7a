"""The parts of a model: their inputs, and the path through them."""

import keras
from keras import tree

from keras_grl.models import split
from keras_grl.models.input_specs import input_specs
from keras_grl.types import JSON
from keras_grl.types import DTypes
from keras_grl.types import Shape
from keras_grl.types import Shapes
from keras_grl.types import Symbolic
from keras_grl.validation import invalid


def as_shapes(shapes: JSON) -> Shapes:
    """Shapes read from JSON, where tuples have become lists."""
    if isinstance(shapes, dict):
        return {name: as_shapes(shape) for name, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return tuple(shapes)
    return [as_shapes(shape) for shape in shapes]


def inputs_like(
    feature_extractor: keras.layers.Layer,
    shapes: Shapes,
    dtypes: DTypes,
) -> Symbolic:
    """`keras.Input`s like those of the extractor, if it has any.

    Args:
        feature_extractor: Keras model or layer.
        shapes: Shape with the batch axis, or a structure of shapes.
        dtypes: What `integer_dtypes` returns.
    """
    specs = input_specs(shapes, dtypes)
    try:
        like = split.inputs_of(feature_extractor)
    except (AttributeError, ValueError):
        return specs
    if isinstance(specs, dict) and not hasattr(feature_extractor, "inputs"):
        # If it is not Functional, `input` lists the inputs of its last call,
        # without names.
        return specs
    return tree.map_structure(
        lambda t: keras.Input(shape=t.shape[1:], dtype=t.dtype, name=t.name),
        like,
    )


def steps_up_to(
    feature_extractor: keras.layers.Layer,
    label_predictor: keras.layers.Layer,
    at: str | None,
) -> list[keras.layers.Layer]:
    """The models that compute the outputs of a layer from the inputs.

    Args:
        feature_extractor: Keras model or layer.
        label_predictor: Keras model or layer.
        at: Name of a layer of one of them; with None, the whole extractor.

    Returns:
        List of models: the extractor, or part of it, and the part of the label
        predictor up to the layer.

    Raises:
        ValueError: If there is no such layer, or it is called more than once.
    """
    if at is None:
        return [feature_extractor]
    of_extractor = split.layer_names(feature_extractor)
    if at in of_extractor:
        return [split.up_to(feature_extractor, at)]
    of_predictor = split.layer_names(label_predictor)
    if at in of_predictor:
        return [feature_extractor, split.up_to(label_predictor, at)]
    raise ValueError(
        invalid(
            "at",
            "the name of a layer of the feature extractor or the label "
            "predictor, such as "
            + split.suggested(at, of_extractor + of_predictor),
            at,
        )
    )


def any_batch_size(shapes: Shapes) -> Shapes:
    """Shapes of batches of any size."""
    return tree.map_shape_structure(lambda shape: (None, *shape[1:]), shapes)


def common_shape(a: Shapes, b: Shapes) -> Shapes:
    """Shapes of `b`, with None for every size that differs in `a`."""
    return tree.pack_sequence_as(
        tree.map_shape_structure(lambda shape: 0, b),
        [
            tuple(
                size if size == other else None
                for size, other in zip(shape, others, strict=True)
            )
            for shape, others in zip(_shapes(b), _shapes(a), strict=True)
        ],
    )


def _shapes(shapes: Shapes) -> list[Shape]:
    found: list[Shape] = []
    tree.map_shape_structure(found.append, shapes)
    return found
