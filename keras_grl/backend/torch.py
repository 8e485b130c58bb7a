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


class _ScaleGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, scale: Any) -> Any:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:
        scale = ctx.scale
        if torch.is_tensor(scale):
            scale = scale.to(upstream.dtype)
        return scale * upstream, None


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
