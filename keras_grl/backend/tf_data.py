"""tf.data, which is read on every backend."""

from collections.abc import Callable

from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Data


def with_checked_labels(dataset: Data, check: Callable[[Batch], None]) -> Data:
    """A tf.data dataset that checks the labels of each batch it yields.

    Args:
        dataset: A `tf.data.Dataset`. One without labels is returned as it is.
        check: Function of a batch with labels and sample weights as NumPy
            arrays (None if they are ragged or sparse), and the specs of the
            inputs in place of these. The error that it raises is quoted by
            tf.data's.
    """
    import tensorflow as tf

    specs = dataset.element_spec
    if not isinstance(specs, tuple) or len(specs) < 2:
        return dataset
    x, *rest = specs
    dense = [isinstance(s, tf.TensorSpec) for s in tf.nest.flatten(rest)]

    def run(*arrays: Array) -> None:
        given = iter(arrays)
        leaves = [next(given) if each else None for each in dense]
        check((x, *tf.nest.pack_sequence_as(rest, leaves)))

    def passed(*batch: tf.Tensor) -> Batch:
        leaves = zip(tf.nest.flatten(list(batch[1:])), dense, strict=True)
        tf.numpy_function(run, [leaf for leaf, each in leaves if each], [])
        return batch

    return dataset.map(passed)
