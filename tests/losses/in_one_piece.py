"""Values and gradients of functions, compiled on JAX.

There each operation that runs alone takes as long to compile as a function.
"""

from collections.abc import Callable

from keras_grl.types import Array
from keras_grl.types import Tensor
from tests.testing import BACKEND
from tests.testing import grad
from tests.testing import to_numpy


def in_one_piece(fn: Callable[..., Tensor]) -> Callable[..., Tensor]:
    if BACKEND != "jax":
        return fn
    import jax

    return jax.jit(fn)


def value(fn: Callable[..., Tensor], *inputs: Array) -> Array:
    return to_numpy(in_one_piece(fn)(*inputs))


def gradient(fn: Callable[[Tensor], Tensor], x: Array) -> Array:
    return to_numpy(in_one_piece(lambda x: grad(fn, x))(x))


def value_and_gradient(
    fn: Callable[[Tensor], Tensor], x: Array
) -> tuple[Array, Array]:
    both = in_one_piece(lambda x: (fn(x), grad(fn, x)))(x)
    return to_numpy(both[0]), to_numpy(both[1])
