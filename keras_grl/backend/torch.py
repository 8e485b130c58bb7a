"""PyTorch."""

from typing import Any

import keras
import torch


# Not compiled by `jit_compile=True`. The scale may be computed from a counter
# that the same step advances, as the adaptation factor is: what is compiled
# computes it anew for the backward pass, then from the advanced counter
# (torch 2.13).
@torch.compiler.disable
def scale_gradient(x: Any, scale: Any) -> Any:
    """x, whose gradient is multiplied by `scale`.

    Not `keras.ops.custom_gradient`, which turns an error into NaNs here.
    """
    return _ScaleGradient.apply(x, scale)


def _scaled(gradient: Any, scale: Any) -> Any:
    if gradient.dtype in (torch.float16, torch.bfloat16):
        # In float32, where a scale does not overflow.
        return (scale * gradient.float()).to(gradient.dtype)
    if torch.is_tensor(scale):
        scale = scale.to(gradient.dtype)
    return scale * gradient


class _ScaleGradient(torch.autograd.Function):
    # With these two, `torch.func` takes it: `grad`, `vmap`, `jacrev`, ….
    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, ctx.scale = inputs

    @staticmethod
    def forward(x: Any, scale: Any) -> Any:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:
        return _scaled(upstream, ctx.scale), None

    @staticmethod
    def jvp(ctx: Any, tangent: Any, _: Any) -> Any:
        return _scaled(tangent, ctx.scale)


def takes_several_steps_per_execution() -> bool:
    """Keras refuses them up to 3.15.1, and takes them in 3.16."""
    probe = keras.Sequential()
    probe.compile(steps_per_execution=2)
    try:
        probe.make_train_function()
    except ValueError:
        return False
    return True


def random_state() -> dict[str, Any]:
    """Keras's dropout takes torch's own random numbers."""
    state = {"torch": torch.get_rng_state().numpy()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state().numpy()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """The GPU's state is left out where there is no GPU, or was none."""
    torch.set_rng_state(torch.from_numpy(state["torch"]))
    if torch.cuda.is_available() and "cuda" in state:
        torch.cuda.set_rng_state(torch.from_numpy(state["cuda"]))
