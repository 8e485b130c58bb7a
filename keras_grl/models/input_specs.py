"""Symbolic inputs with the shapes and dtypes of a batch."""

import keras
from keras import tree

from keras_grl.types import DTypes
from keras_grl.types import Inputs
from keras_grl.types import Shapes
from keras_grl.types import Symbolic


def integer_dtypes(inputs: Inputs) -> DTypes:
    """The dtypes of the integer inputs, in the structure of the inputs.

    An embedding cannot be built with float indices. Pixels (uint8) do not
    count: they are scaled, and an exported model takes them as floats.

    Args:
        inputs: Array, tensor or a structure of them.

    Returns:
        None if there are no integers; else the names of their dtypes, and None
        for the other inputs.

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
    given = getattr(inputs, "dtype", None)
    if given is None:
        return None
    dtype = keras.backend.standardize_dtype(given)
    return dtype if "int" in dtype and dtype != "uint8" else None


def input_specs(
    shapes: Shapes,
    dtypes: DTypes = None,
    name: str | None = None,
) -> Symbolic:
    """`keras.Input`s of the given shapes.

    Args:
        shapes: Shape with the batch axis, or a structure of shapes.
        dtypes: What `integer_dtypes` returns.
        name: Name of the input. Inputs in a dict are named by their keys.

    Returns:
        The inputs in the same structure, with plain dicts, lists and tuples:
        JAX does not trace the wrapped ones that Keras makes of attributes.
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


def symbolic(inputs: Inputs) -> Symbolic:
    """`KerasTensor`s like the given arrays, for any batch size."""
    return tree.map_structure(
        lambda array: keras.KerasTensor(
            (None, *array.shape[1:]),
            # A DataFrame has no dtype.
            keras.backend.standardize_dtype(getattr(array, "dtype", None)),
        ),
        inputs,
    )


def _joined(name: str | None, key: str | int) -> str:
    return str(key) if name is None else f"{name}_{key}"


def _known(dtypes: object) -> bool:
    return dtypes is not None
