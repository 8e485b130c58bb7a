"""PyTorch."""

from typing import Any

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
