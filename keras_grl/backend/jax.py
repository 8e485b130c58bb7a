"""JAX."""

import functools
import os
from collections.abc import Callable

import jax
import keras

from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import StepFunction
from keras_grl.types import StepResult
from keras_grl.types import Structure

# YNNPACK's convolutions and their gradients take up to twice the time of
# XLA's own, which the default of this option has since they are in XLA (seen
# on jaxlib 0.10.2). Its products stay: they are faster.
_OPTION = "xla_cpu_experimental_ynn_fusion_type"
_OPTIONS = {_OPTION: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"}


@jax.custom_jvp
def scale_gradient(x: jax.Array, scale: float | jax.Array) -> jax.Array:
    """x, whose derivative is `scale`.

    `keras.ops.custom_gradient` would do for one gradient. In a gradient of a
    gradient JAX differentiates the function it wraps, an identity, and so
    forgets the scale; a rule for the derivative holds at every order.
    """
    return x


@scale_gradient.defjvp
def _derivative(
    primals: tuple[jax.Array, float | jax.Array],
    tangents: tuple[jax.Array, jax.Array],
) -> tuple[jax.Array, jax.Array]:
    x, scale = primals
    tangent, _ = tangents
    # Half precision in float32, where a scale does not overflow.
    dtype = jax.numpy.promote_types(tangent.dtype, "float32")
    factor = jax.numpy.asarray(scale, dtype)
    scaled = (factor * tangent.astype(dtype)).astype(tangent.dtype)
    return scale_gradient(x, scale), scaled


def trace(function: Callable[[jax.Array], jax.Array | float]) -> None:
    """Calls a function of a scalar that has no value."""
    jax.eval_shape(function, jax.ShapeDtypeStruct((), "float32"))


def kept_variables(model: keras.Model) -> Callable[[], None]:
    """Holds on to a model's variables while Keras's trainer has them.

    The trainer takes the arrays out of the variables before the first step,
    and does not put them back if that step fails: after a label of the wrong
    shape the model would have lost all its weights (Keras 3.15.1). Holding
    the arrays costs no memory: a step that succeeds frees them.

    Args:
        model: A built Keras model.

    Returns:
        A function that puts the arrays back into variables left empty.
    """
    variables = [*model.variables, *model.metrics_variables]
    # A model that is not compiled can still predict.
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        variables += optimizer.variables
    kept = [(variable, variable.value) for variable in variables]

    def give_back() -> None:
        for variable, array in kept:
            if _is_empty(variable) and not array.is_deleted():
                variable.assign(array)

    return give_back


def _is_empty(variable: keras.Variable) -> bool:
    try:
        return variable.value is None
    except TypeError:  # It would call an initializer, which is gone.
        return True


def pools_by_slices() -> bool:
    """Whether slices pool faster than XLA's windows: on a CPU."""
    return jax.default_backend() == "cpu"


def max_pool(
    x: jax.Array,
    pool_size: tuple[int, int],
    strides: tuple[int, int],
    pads: list[tuple[int, int]],
) -> jax.Array:
    """Max pooling of images as a maximum of strided slices.

    On a CPU the gradient of XLA's maximum over a window is slow (jaxlib
    0.10.2). First over rows, then over columns: two times three slices for a
    window of nine pixels.
    """
    for axis, window, stride, pad in zip(
        (1, 2), pool_size, strides, pads, strict=True
    ):
        size = sum(pad) + x.shape[axis]
        around = [(0, 0)] * 4
        around[axis] = pad
        x = jax.numpy.pad(x, around, constant_values=-jax.numpy.inf)
        stop = (size - window) // stride * stride + 1
        x = functools.reduce(
            jax.numpy.maximum,
            [
                jax.lax.slice_in_dim(x, first, first + stop, stride, axis)
                for first in range(window)
            ],
        )
    return x


def make_function(
    model: keras.Model,
    name: str,
    make: Callable[[bool], StepFunction],
    force: bool,
) -> StepFunction:
    """Has Keras's trainer make the function of a step, which is compiled here.

    Keras compiles it as a whole when `jit_compile` is true, without a way to
    pass options to XLA. So Keras makes the function that is not compiled, and
    it is compiled here just like that, but with options.
    """
    made = getattr(model, name) is not None and not force
    if made or not _compiles(model):
        return make(force)
    given = model.jit_compile
    model.jit_compile = False
    try:
        returned = make(force)
    finally:
        model.jit_compile = given
    function = getattr(model, name)

    def step(state: Structure[jax.Array], batch: Batch) -> StepResult:
        return function(state, iter((batch,)))

    compiled = jax.jit(step, donate_argnums=0, compiler_options=_OPTIONS)
    setattr(model, name, lambda state, batches: compiled(state, next(batches)))
    return returned


def _compiles(model: keras.Model) -> bool:
    """Whether Keras would compile a single step, for a CPU."""
    return (
        model.jit_compile
        and not model.run_eagerly
        and model.steps_per_execution == 1
        and keras.distribution.distribution() is None
        and not keras.config.is_nnx_enabled()
        and jax.default_backend() == "cpu"
        # A user who has set it has a reason.
        and _OPTION not in os.environ.get("XLA_FLAGS", "")
        and _has_options()
    )


@functools.cache
def _has_options() -> bool:
    """Whether this jaxlib knows the option, which is experimental."""
    try:
        jax.jit(lambda x: x, compiler_options=_OPTIONS).lower(0.0).compile()
    except (RuntimeError, TypeError, ValueError):
        return False
    return True


def to_device(array: Array) -> jax.Array:
    """A copy on the device, with the dtype that a compiled step gives it."""
    try:
        # Not `device_put`, which shares the memory on a CPU, even with
        # `may_alias=False` (https://github.com/jax-ml/jax/issues/37830). The
        # copy is made in the background.
        return jax.numpy.array(array, copy=True).block_until_ready()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise MemoryError(str(error)) from error


class GatherBy:
    """See `keras_grl.backend.on_device`.

    A compiled function gathers the rows. Where they begin is counted on the
    device too: a number passed to that function would be copied there.
    """

    def __init__(self, rows: Array, data: Structure[jax.Array]):
        self._rows = jax.numpy.asarray(rows, "int32")
        self._data = data
        self._next: int | None = None
        self._next_on_device: jax.Array = None

    def __call__(self, start: int, size: int) -> Batch:
        if start != self._next:
            self._next_on_device = jax.numpy.asarray(start, "int32")
        batch, self._next_on_device = _gathered(
            self._data, self._rows, self._next_on_device, size
        )
        self._next = start + size
        return batch


@functools.partial(jax.jit, static_argnames="size")
def _gathered(
    data: Structure[jax.Array], rows: jax.Array, start: jax.Array, size: int
) -> tuple[Batch, jax.Array]:
    chosen = jax.lax.dynamic_slice_in_dim(rows, start, size)
    batch = jax.tree.map(
        lambda array: array.at[chosen].get(mode="promise_in_bounds"), data
    )
    return batch, start + size


def process() -> tuple[int, int]:
    """The number of this process, and how many JAX has joined."""
    return jax.process_index(), jax.process_count()
