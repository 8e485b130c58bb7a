"""The only code that differs by backend; the rest is `keras.ops`."""

from typing import Any

import keras
from keras import ops


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


def takes_several_steps_per_execution() -> bool:
    """Whether `compile` may be told a `steps_per_execution` above 1."""
    if keras.backend.backend() != "torch":
        return True
    from keras_grl.backend import torch

    return torch.takes_several_steps_per_execution()


def random_state() -> dict[str, Any]:
    """The state of the backend's own random numbers, as NumPy arrays.

    Those of Keras's seed generators are variables of a model.
    """
    if keras.backend.backend() != "torch":
        return {}
    from keras_grl.backend import torch

    return torch.random_state()


def set_random_state(state: dict[str, Any]) -> None:
    """What `random_state` has returned, possibly on another backend."""
    if keras.backend.backend() == "torch" and state:
        from keras_grl.backend import torch

        torch.set_random_state(state)


def scale_gradient(x: Any, scale: Any) -> Any:
    """x, whose gradient is multiplied by `scale`.

    The forward pass is exact to the bit for every value, inf and NaN included.

    Args:
        x: Tensor of any shape. What is not floating point has no gradient and
            passes as it is.
        scale: Number or scalar tensor.

    Returns:
        A tensor equal to `x`.
    """
    if not keras.backend.is_float_dtype(
        keras.backend.standardize_dtype(x.dtype)
    ):
        return x
    if keras.backend.backend() == "jax":
        from keras_grl.backend import jax

        return jax.scale_gradient(x, scale)
    if keras.backend.backend() == "torch":
        from keras_grl.backend import torch

        return torch.scale_gradient(x, scale)

    @ops.custom_gradient
    def identity(x: Any) -> Any:
        def grad(upstream: Any) -> Any:
            if ops.is_tensor(scale):
                return ops.cast(scale, upstream.dtype) * upstream
            return scale * upstream

        return x, grad

    return identity(x)
