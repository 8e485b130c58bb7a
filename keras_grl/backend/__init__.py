"""The only code that differs by backend; the rest is `keras.ops`."""

from typing import Any

import keras


def kept_variables(model: Any) -> Any:
    """Holds on to a model's variables where Keras could lose them.

    Args:
        model: A built Keras model.

    Returns:
        A function that gives back to the model what it has lost meanwhile.
    """
    if keras.backend.backend() != "jax":
        return lambda: None
    from keras_grl.backend import jax

    return jax.kept_variables(model)
