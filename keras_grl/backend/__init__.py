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
            dtype = keras.backend.standardize_dtype(upstream.dtype)
            if dtype in ("float16", "bfloat16"):
                # In float32, where a scale does not overflow.
                scaled = ops.cast(scale, "float32") * ops.cast(
                    upstream, "float32"
                )
                return ops.cast(scaled, dtype)
            if ops.is_tensor(scale):
                return ops.cast(scale, dtype) * upstream
            return scale * upstream

        return x, grad

    return identity(x)


def num_replicas() -> int:
    """The number of devices over which TensorFlow distributes a batch.

    Under `tf.distribute` a step runs on each device with its share of the
    batch. Keras divides its compiled loss by the number of devices, whose
    gradients are added up; what is added to that loss must be divided alike.
    JAX runs one step with the whole batch on all devices.

    Returns:
        Integer; 1 without `tf.distribute`.
    """
    if keras.backend.backend() != "tensorflow":
        return 1
    from keras_grl.backend import tensorflow

    return tensorflow.num_replicas()


def num_devices(model: Any) -> int:
    """The number of devices that share a batch, whoever shares it out.

    Args:
        model: Keras model. On TensorFlow it keeps the strategy in whose scope
            it was made.
    """
    if keras.backend.backend() == "tensorflow":
        return int(model.distribute_strategy.num_replicas_in_sync)
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1
    mesh = distribution.device_mesh
    axis = mesh.axis_names.index(distribution.batch_dim_name)
    return int(mesh.shape[axis])


def check_export(model: Any, format: str) -> None:
    """Refuse an export that would write an invalid file.

    Args:
        model: Keras model.
        format: Of `keras.Model.export`.
    """
    if keras.backend.backend() == "tensorflow":
        from keras_grl.backend import tensorflow

        tensorflow.check_export(model, format)
