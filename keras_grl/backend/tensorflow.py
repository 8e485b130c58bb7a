"""TensorFlow."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import keras
import tensorflow as tf


def num_replicas() -> int:
    """The number of devices that share a batch under `tf.distribute`."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def building(model: keras.Model) -> AbstractContextManager[object]:
    """The scope of the model's strategy, unless there is a strategy already."""
    if tf.distribute.has_strategy():
        return contextlib.nullcontext()
    return model.distribute_strategy.scope()


def trains_on_several_machines(model: keras.Model) -> bool:
    """Whether the model's strategy has more than one task."""
    resolver = getattr(model.distribute_strategy, "cluster_resolver", None)
    if resolver is None:
        return False
    tasks = resolver.cluster_spec().as_dict().values()
    return sum(map(len, tasks)) > 1


def trace(function: Callable[[tf.Tensor], tf.Tensor | float]) -> None:
    """Calls a function of a scalar that has no value."""
    # Without AutoGraph, as Keras compiles its steps. A plain graph is traced in
    # less time than a `tf.function`.
    with tf.Graph().as_default():
        function(tf.compat.v1.placeholder(tf.float32, ()))


def check_export(model: keras.Model, format: str) -> None:
    """Refuse what tf2onnx 1.17 writes as a file that cannot be read."""
    if format == "onnx" and _grouped(model):
        raise ValueError(
            "On TensorFlow a network with grouped convolutions cannot be "
            "exported as ONNX: tf2onnx writes a file that cannot be read. "
            f"Received: format={format!r}\n"
            'Save it with `model.save("model.keras")`, and export that '
            "with KERAS_BACKEND=torch; or export another format."
        )


def _grouped(layer: keras.layers.Layer) -> bool:
    """Whether there is a grouped convolution in a layer or model."""
    inner = getattr(layer, "layers", [])
    return getattr(layer, "groups", 1) > 1 or any(map(_grouped, inner))
