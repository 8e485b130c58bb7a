"""JAX."""

from typing import Any

import jax


@jax.custom_jvp
def reverse_gradient(x: Any, adaptation_factor: Any) -> Any:
    """x, whose derivative is -adaptation_factor.

    `keras.ops.custom_gradient` would do for one gradient. In a gradient of a
    gradient JAX differentiates the function it wraps, an identity, and so
    forgets the reversal; a rule for the derivative holds at every order.
    """
    return x


@reverse_gradient.defjvp
def _derivative(primals: Any, tangents: Any) -> Any:
    x, adaptation_factor = primals
    tangent, _ = tangents
    factor = jax.numpy.asarray(adaptation_factor, tangent.dtype)
    return reverse_gradient(x, adaptation_factor), -factor * tangent
