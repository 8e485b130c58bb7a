"""The only code that differs by backend; the rest is `keras.ops`."""

import contextlib
import random
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_grl.types import StepFunction
from keras_grl.types import Tensor


def kept_variables(model: keras.Model) -> Callable[[], None]:
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
    """Whether `compile` takes a `steps_per_execution` above 1."""
    if keras.backend.backend() != "torch":
        return True
    from keras_grl.backend import torch

    return torch.takes_several_steps_per_execution()


def compiles_by_default() -> bool:
    """Whether `compile` with `jit_compile="auto"` may compile the step."""
    return keras.backend.backend() != "torch"


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


@contextlib.contextmanager
def kept_state(*models: object) -> Iterator[None]:
    """After this context, random numbers continue as if it had not been.

    On torch `predict` takes a number of the stream that dropout uses (Keras
    3.15.1: for the seed of a `DataLoader`), so that training would continue
    with other random numbers. Kept are the states of Python, NumPy and torch
    (also if it only loads data), and of the seed generators of the models.

    Args:
        *models: Keras models; other objects have no seed generators.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()
    uses_torch = "torch" in sys.modules
    if uses_torch:
        from keras_grl.backend import torch

        of_torch = torch.random_state()
    seeds = [
        (seed, ops.convert_to_numpy(seed))
        for model in models
        if isinstance(model, keras.Model)
        for seed in _seeds(model)
    ]
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)
        if uses_torch:
            torch.set_random_state(of_torch)
        for seed, value in seeds:
            seed.assign(value)


def _seeds(model: keras.Model) -> list[keras.Variable]:
    """The states of seed generators: the variables that are not weights."""
    weights = {id(weight) for weight in model.weights}
    return [each for each in model.variables if id(each) not in weights]


def scale_gradient(x: Tensor, scale: float | Tensor) -> Tensor:
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
    def identity(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        def grad(upstream: Tensor) -> Tensor:
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


def trace(function: Callable[[Tensor], Tensor | float]) -> None:
    """Calls a function as a compiled step does, without values.

    Args:
        function: Function of a float32 scalar.

    Raises:
        Exception: Of the backend, if the function asks for the value of a
            tensor, as NumPy and Python's `if` do.
    """
    if keras.backend.backend() == "jax":
        from keras_grl.backend import jax

        jax.trace(function)
    elif keras.backend.backend() == "torch":
        from keras_grl.backend import torch

        torch.trace(function)
    else:
        from keras_grl.backend import tensorflow

        tensorflow.trace(function)


def make_function(
    model: keras.Model,
    name: str,
    make: Callable[[bool], StepFunction],
    force: bool,
) -> StepFunction:
    """Has Keras's trainer make the function of a step.

    On JAX's CPU the step is then compiled with its own options.

    Args:
        model: Compiled Keras model.
        name: Of the attribute that `make` sets, such as "train_function".
        make: Keras's method, such as `keras.Model.make_train_function`.
        force: Whether the function is made again if there is one.

    Returns:
        What `make` returns.
    """
    if keras.backend.backend() == "jax":
        from keras_grl.backend import jax

        return jax.make_function(model, name, make, force)
    return make(force)


def num_replicas() -> int:
    """The number of devices over which TensorFlow distributes a batch, or 1.

    Under `tf.distribute` a step runs on each device with its share of the
    batch. Keras divides its compiled loss by the number of devices, whose
    gradients are added up; what is added to that loss must be divided alike.
    JAX runs one step with the whole batch on all devices.
    """
    if keras.backend.backend() != "tensorflow":
        return 1
    from keras_grl.backend import tensorflow

    return tensorflow.num_replicas()


def building(model: keras.Model) -> AbstractContextManager[object]:
    """A context in which variables of a model and its optimizer are made.

    On TensorFlow Keras enters the scope of the strategy in which the model was
    made only within `fit`.
    """
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    from keras_grl.backend import tensorflow

    return tensorflow.building(model)


def num_devices(model: keras.Model) -> int:
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


def process() -> tuple[int, int]:
    """The number of this process among those that share a batch, and theirs.

    On JAX those of a `keras.distribution.DataParallel` that is set, on torch
    those of `torch.distributed`, if its group exists. On TensorFlow Keras
    (3.15.1) has none.

    Returns:
        Two integers; (0, 1) for a process by itself.
    """
    if keras.backend.backend() == "torch":
        from keras_grl.backend import torch

        return torch.process()
    if keras.backend.backend() == "jax" and isinstance(
        keras.distribution.distribution(), keras.distribution.DataParallel
    ):
        from keras_grl.backend import jax

        return jax.process()
    return 0, 1


def trains_on_several_machines(model: keras.Model) -> bool:
    """Whether TensorFlow is to train the model on several machines."""
    if keras.backend.backend() != "tensorflow":
        return False
    from keras_grl.backend import tensorflow

    return tensorflow.trains_on_several_machines(model)


def builds_in_first_step(model: keras.Model) -> bool:
    """Whether Keras builds metrics and optimizer within the first step.

    On TensorFlow Keras 3.15.1 does, unless several devices share a batch. The
    trace of the step then makes variables, for which TensorFlow traces it a
    second time.
    """
    return keras.backend.backend() == "tensorflow" and num_devices(model) == 1


def check_export(model: keras.Model, format: str) -> None:
    """Refuse an export that would write an invalid file.

    Args:
        model: Keras model.
        format: Of `keras.Model.export`.
    """
    if keras.backend.backend() == "tensorflow":
        from keras_grl.backend import tensorflow

        tensorflow.check_export(model, format)
