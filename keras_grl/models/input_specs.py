"""Symbolic inputs of the shapes and dtypes of a batch."""

from typing import Any

import keras
from keras import tree


def integer_dtypes(inputs: Any) -> Any:
    """The dtypes of the integers among inputs, in the structure of these.

    A table that is indexed cannot be built with floats. Pixels (uint8) are not
    among them: they are scaled, and an exported model takes them as floats.

    Args:
        inputs: Array, tensor or a structure of them.

    Returns:
        None if there are no integers; else names of dtypes, and None for the
        other inputs.

    Example:

    >>> integer_dtypes({"ids": np.zeros((2, 3), "int32"), "x": np.zeros(2)})
    {'ids': 'int32', 'x': None}
    """
    if isinstance(inputs, dict):
        named = {name: integer_dtypes(part) for name, part in inputs.items()}
        return named if any(map(_known, named.values())) else None
    if isinstance(inputs, (list, tuple)):
        listed = [integer_dtypes(part) for part in inputs]
        return listed if any(map(_known, listed)) else None
    if not hasattr(inputs, "dtype"):
        return None
    dtype = keras.backend.standardize_dtype(inputs.dtype)
    return dtype if "int" in dtype and dtype != "uint8" else None


def input_specs(
    shapes: Any, dtypes: Any = None, name: str | None = None
) -> Any:
    """`keras.Input`s of the given shapes.

    Args:
        shapes: Shape with the batch size, or a structure of shapes.
        dtypes: What `integer_dtypes` returns.
        name: Of the input. Those in a dict are called as their keys.

    Returns:
        The inputs in that structure, of plain dicts, lists and tuples: on JAX
        those that Keras makes of a model's attributes are not traced.
    """
    if isinstance(shapes, dict):
        return {
            key: input_specs(shape, dtypes and dtypes[key], _joined(name, key))
            for key, shape in shapes.items()
        }
    if all(size is None or isinstance(size, int) for size in shapes):
        return keras.Input(shape=tuple(shapes[1:]), dtype=dtypes, name=name)
    parts = [
        input_specs(
            shape,
            dtypes and dtypes[index],
            name and _joined(name, index),
        )
        for index, shape in enumerate(shapes)
    ]
    return tuple(parts) if isinstance(shapes, tuple) else parts


def symbolic(inputs: Any) -> Any:
    """`KerasTensor`s like the given arrays, for any number of samples."""
    return tree.map_structure(
        lambda array: keras.KerasTensor(
            (None, *array.shape[1:]),
            # A DataFrame has no dtype.
            keras.backend.standardize_dtype(getattr(array, "dtype", None)),
        ),
        inputs,
    )


def _joined(name: str | None, key: Any) -> str:
    return str(key) if name is None else f"{name}_{key}"


def _known(dtypes: Any) -> bool:
    return dtypes is not None
