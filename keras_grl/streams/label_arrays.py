"""Labels and sample weights in a form that every backend takes."""

import numpy as np

from keras_grl.types import Labels


def for_every_backend(labels: Labels) -> Labels:
    """Labels, or sample weights, without uint64 and without lists.

    PyTorch computes with no uint64; an int64 has the same bits. TensorFlow
    takes a list for a tensor when a `keras.utils.PyDataset` yields it (Keras
    3.15.1).

    Args:
        labels: Array of any library, or a structure of them.

    Returns:
        The same values, with tuples in place of lists.

    Example:

    >>> for_every_backend([np.arange(3, dtype="uint64")])
    (array([0, 1, 2]),)
    """
    if isinstance(labels, dict):
        return {name: for_every_backend(each) for name, each in labels.items()}
    if isinstance(labels, (list, tuple)):
        return tuple(map(for_every_backend, labels))
    if isinstance(labels, np.ndarray) and labels.dtype == np.uint64:
        return labels.view("int64")
    return labels
