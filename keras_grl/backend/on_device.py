"""Data that stay on the device: a file of each backend that can use them."""

import keras
from keras import tree

from keras_grl.types import Array
from keras_grl.types import Gather
from keras_grl.types import Structure
from keras_grl.types import Tensor


def keeps_batches_on_device() -> bool:
    """Whether `fit` takes tensors of the device without copying them.

    On TensorFlow Keras (3.15.1) reads a `keras.utils.PyDataset` through
    `tf.data.Dataset.from_generator`, on the host.
    """
    return keras.backend.backend() in ("jax", "torch")


def to_device(data: Structure[Array]) -> Structure[Tensor]:
    """Copies of arrays on the device, with the dtypes that `fit` gives them.

    Raises:
        MemoryError: If they do not fit.
    """
    if keras.backend.backend() == "jax":
        from keras_grl.backend import jax

        return tree.map_structure(jax.to_device, data)
    from keras_grl.backend import torch

    return tree.map_structure(torch.to_device, data)


def gather_by(rows: Array, data: Structure[Tensor]) -> Gather:
    """Puts an order of rows on the device.

    Args:
        rows: Integers, rows of the data.
        data: What `to_device` returned.

    Returns:
        Function of a start and a size: the data of `rows[start : start +
        size]`. Calls that follow one another in this order copy nothing to the
        device or from it.
    """
    if keras.backend.backend() == "jax":
        from keras_grl.backend import jax

        return jax.GatherBy(rows, data)
    from keras_grl.backend import torch

    return torch.gather_by(rows, data)
