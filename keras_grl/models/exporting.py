"""Exports the label path, to predict without Keras."""

from typing import Any

import keras
from keras import ops
from keras import tree

from keras_grl.backend import check_export
from keras_grl.types import PathLike


def export(
    classifier: keras.Model, filepath: PathLike, format: str, **kwargs: Any
) -> None:
    """`classifier.export`, with the preparation that some formats need.

    Args:
        classifier: Functional model from inputs to predictions.
        filepath: Path of the file or folder.
        format: Format, as in `keras.Model.export`.
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
        # Some formats trace the model with the shapes of its last call.
        classifier(
            tree.map_structure(
                lambda t: ops.zeros((1, *t.shape[1:]), t.dtype),
                classifier.input,
            )
        )
    classifier.export(filepath, format=format, **kwargs)
