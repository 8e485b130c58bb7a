"""The export of the label path, to predict without Keras."""

from typing import Any

import keras
from keras import ops
from keras import tree

from keras_grl.backend import check_export


def export(
    classifier: keras.Model, filepath: Any, format: str, **kwargs: Any
) -> None:
    """`classifier.export`, with what some formats need first.

    Args:
        classifier: Functional model from inputs to predictions.
        filepath: Where to.
        format: Of `keras.Model.export`.
        **kwargs: Further arguments of `keras.Model.export`.

    Raises:
        ValueError: If the file would be invalid.

    Example:

    >>> classifier = keras_grl.architectures.LeNet().classifier
    >>> export(classifier, "digits", "tf_saved_model")  # doctest: +SKIP
    """
    check_export(classifier, format)
    sizes = [size for t in classifier.inputs for size in t.shape[1:]]
    if None not in sizes:
        # Some formats are traced from the shapes of the last call.
        classifier(
            tree.map_structure(
                lambda t: ops.zeros((1, *t.shape[1:]), t.dtype),
                classifier.input,
            )
        )
    classifier.export(filepath, format=format, **kwargs)
