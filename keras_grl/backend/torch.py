"""PyTorch."""

from collections.abc import Callable
from typing import Any

import keras
import torch
from keras import tree
from torch import distributed
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Gather
from keras_grl.types import Structure

# What PyTorch (2.13) says where a tensor of the device "meta" is read.
_NO_VALUE = (
    "cannot be called on meta tensors",
    "convert meta device type tensor to numpy",
    "copy out of meta tensor",
)


# Not compiled by `jit_compile=True`, a graph break (torch 2.13). The scale may
# be computed from a counter that the same step advances, as the adaptation
# factor is: what is compiled computes it again for the backward pass, then from
# the advanced counter. And within `torch.func`, a compiled `Function` loses its
# backward (pytorch#193279) and its jvp (pytorch#192985). A
# `torch.library.custom_op` would be no way out: `torch.func` refuses it, and
# its forward derivative is 0.
@torch.compiler.disable
def scale_gradient(
    x: torch.Tensor, scale: float | torch.Tensor
) -> torch.Tensor:
    """x, whose gradient is multiplied by `scale`.

    Not `keras.ops.custom_gradient`, which turns an error into NaNs here.
    """
    return _ScaleGradient.apply(x, scale)


def _scaled(
    gradient: torch.Tensor, scale: float | torch.Tensor
) -> torch.Tensor:
    if gradient.dtype in (torch.float16, torch.bfloat16):
        # In float32, where a scale does not overflow.
        return (scale * gradient.float()).to(gradient.dtype)
    if isinstance(scale, torch.Tensor):
        scale = scale.to(gradient.dtype)
    return scale * gradient


class _ScaleGradient(torch.autograd.Function):
    # With these two, `torch.func` takes it: `grad`, `vmap`, `jacrev`, ….
    generate_vmap_rule = True

    @staticmethod
    def setup_context(
        ctx: FunctionCtx,
        inputs: tuple[torch.Tensor, float | torch.Tensor],
        output: torch.Tensor,
    ) -> None:
        _, ctx.scale = inputs

    @staticmethod
    def forward(x: torch.Tensor, scale: float | torch.Tensor) -> torch.Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(
        ctx: FunctionCtx, upstream: torch.Tensor
    ) -> tuple[torch.Tensor, None]:
        return _scaled(upstream, ctx.scale), None

    @staticmethod
    def jvp(ctx: FunctionCtx, tangent: torch.Tensor, _: None) -> torch.Tensor:
        return _scaled(tangent, ctx.scale)


def trace(function: Callable[[torch.Tensor], torch.Tensor | float]) -> None:
    """Calls a function of a scalar that has no value."""
    try:
        # What PyTorch and Keras create within has no value either.
        with torch.device("meta"), keras.device("meta"):
            function(torch.empty(()))
    except Exception as error:
        # Not if the function has tensors of its own, on another device.
        if any(words in str(error) for words in _NO_VALUE):
            raise


def max_pool(
    x: torch.Tensor,
    pool_size: tuple[int, int],
    strides: tuple[int, int],
    pads: list[tuple[int, int]],
) -> torch.Tensor:
    """Max pooling of images whose channels come last, without copies.

    Keras (3.15.1) copies them into a layout with the channels first, where
    `max_pool2d` and its gradient are slow on a CPU, and again to pad them.
    """
    pooled = functional.max_pool2d(
        _as_torch_has_them(x),
        pool_size,
        strides,
        padding=[before for before, _ in pads],
        # The last window reaches beyond the image by the pixel that is padded
        # after the image and not before it.
        ceil_mode=any(after > before for before, after in pads),
    )
    return pooled.permute(0, 2, 3, 1)


def convolve(
    x: torch.Tensor,
    kernel: keras.Variable | torch.Tensor,
    bias: keras.Variable | torch.Tensor | None,
    strides: tuple[int, int],
    padding: str,
    dilation_rate: tuple[int, int],
) -> torch.Tensor:
    """A convolution of images whose channels come last, and its bias.

    Keras (3.15.1) copies the images twice, into a layout with the channels
    first and back, and adds the bias to a copy of the outputs.
    """
    # In the dtype of the layer's computation.
    kernel = keras.ops.convert_to_tensor(kernel)
    outputs = functional.conv2d(
        _as_torch_has_them(x),
        kernel.permute(3, 2, 0, 1).contiguous(
            memory_format=torch.channels_last
        ),
        None if bias is None else keras.ops.convert_to_tensor(bias),
        strides,
        padding,
        dilation_rate,
        groups=x.shape[-1] // kernel.shape[2],
    )
    return outputs.permute(0, 2, 3, 1)


def _as_torch_has_them(x: torch.Tensor) -> torch.Tensor:
    """Images with the channels as their second axis.

    A view where they come last in memory, as after a convolution.
    """
    x = keras.ops.convert_to_tensor(x)  # `stateless_call` leaves arrays.
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def takes_several_steps_per_execution() -> bool:
    """Keras refuses them up to 3.15.1, and takes them in 3.16."""
    probe = keras.Sequential()
    probe.compile(steps_per_execution=2)
    try:
        probe.make_train_function()
    except ValueError:
        return False
    return True


def process() -> tuple[int, int]:
    """The rank in `torch.distributed`'s group, and its size."""
    # A build of torch may lack it.
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def to_device(array: Array) -> torch.Tensor:
    """A copy on the device, with the dtype that Keras gives to batches."""
    try:
        return keras.ops.convert_to_tensor(array)
    except torch.OutOfMemoryError as error:
        raise MemoryError(str(error)) from error


def gather_by(rows: Array, data: Structure[torch.Tensor]) -> Gather:
    """See `keras_grl.backend.on_device`."""
    first, *_ = tree.flatten(data)
    order = torch.tensor(rows, device=first.device)

    def gather(start: int, size: int) -> Batch:
        chosen = order[start : start + size]
        return tree.map_structure(
            lambda array: array.index_select(0, chosen), data
        )

    return gather


def random_state() -> dict[str, Any]:
    """Keras's dropout takes torch's own random numbers."""
    state = {"torch": torch.get_rng_state().numpy()}
    # Where torch only loads data, its state is not created on the GPU.
    computes = keras.backend.backend() == "torch" or torch.cuda.is_initialized()
    if computes and torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state().numpy()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """The GPU's state is left out where there is no GPU, or was none."""
    torch.set_rng_state(torch.from_numpy(state["torch"]))
    if torch.cuda.is_available() and "cuda" in state:
        torch.cuda.set_rng_state(torch.from_numpy(state["cuda"]))
