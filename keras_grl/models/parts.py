"""The parts of a model: their inputs, and the steps through them."""

from typing import Any

import keras
from keras import tree

from keras_grl.models import split
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.validation import check_layer
from keras_grl.validation import invalid


def check_preprocessing(preprocessing: Any) -> dict[str, Any]:
    """The layers that were given, by domain."""
    if preprocessing is None:
        return {}
    if not isinstance(preprocessing, dict) or set(preprocessing) != {
        SOURCE,
        TARGET,
    }:
        raise ValueError(
            invalid(
                "preprocessing",
                f'a dict with a layer for "{SOURCE}" and for "{TARGET}"',
                preprocessing,
                "What is the same for both belongs in the feature extractor.",
            )
        )
    layers = {n: part for n, part in preprocessing.items() if part is not None}
    for name, layer in layers.items():
        check_layer(f"preprocessing[{name!r}]", layer)
    return layers


def as_shapes(shapes: Any) -> Any:
    """Shapes read from JSON, where tuples have become lists."""
    if isinstance(shapes, dict):
        return {name: as_shapes(shape) for name, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return tuple(shapes)
    return [as_shapes(shape) for shape in shapes]


def inputs_of_shapes(shapes: Any) -> Any:
    """`keras.Input`s of the given shapes."""
    return tree.map_shape_structure(
        lambda shape: keras.Input(shape=shape[1:]), shapes
    )


def inputs_like(feature_extractor: Any, shapes: Any) -> Any:
    """`keras.Input`s like those of the extractor, or of the given shapes."""
    try:
        like = split.inputs_of(feature_extractor)
    except (AttributeError, ValueError):
        return inputs_of_shapes(shapes)
    return tree.map_structure(
        lambda t: keras.Input(shape=t.shape[1:], dtype=t.dtype, name=t.name),
        like,
    )


def steps_up_to(
    feature_extractor: Any, label_predictor: Any, at: str | None
) -> list[Any]:
    """What the inputs pass through up to the outputs of a layer.

    Args:
        feature_extractor: Keras model or layer.
        label_predictor: Keras model or layer.
        at: Name of a layer of one of them; with None, all of the extractor.

    Returns:
        List of models: the extractor, or part of it, and what of the label
        predictor comes before the outputs of the layer.

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


def any_batch_size(shapes: Any) -> Any:
    """Shapes of batches, without their sizes."""
    return tree.map_shape_structure(lambda shape: (None, *shape[1:]), shapes)


def common_shape(a: Any, b: Any) -> Any:
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


def _shapes(shapes: Any) -> list[Any]:
    found: list[Any] = []
    tree.map_shape_structure(found.append, shapes)
    return found
