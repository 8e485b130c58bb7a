"""The class probabilities in predictions, and whether predictions have them."""

import keras
from keras import ops
from keras import tree

from keras_grl.losses.from_logits import says_from_logits
from keras_grl.methods.domain_classifier import activation_of
from keras_grl.methods.domain_classifier import last_operation
from keras_grl.methods.logits import are_probabilities
from keras_grl.types import LossLike
from keras_grl.types import Shapes
from keras_grl.types import Tensor

# Activations whose outputs are rows of probabilities, and of a single one.
OF_ROWS = ("activation='softmax'", "activation='sparsemax'")
_OF_ONE_UNIT = ("activation='sigmoid'", "activation='hard_sigmoid'")
# Losses of classes that do not exclude each other, if there are several units.
_BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")


def class_probabilities(predictions: Tensor, from_logits: bool) -> Tensor:
    """Predictions as constant probabilities of at least two classes.

    Args:
        predictions: Tensor of shape `(batch, classes)`. One class is one
            sigmoid unit: p stands for `(1 − p, p)`.
        from_logits: Boolean. Whether they are logits.

    Returns:
        Float32 tensor of shape `(batch, max(classes, 2))`. It has no gradient.

    Example:

    >>> p = class_probabilities(np.array([[0.25]]), from_logits=False)
    >>> np.asarray(p).tolist()
    [[0.75, 0.25]]
    """
    rows = ops.stop_gradient(ops.cast(predictions, "float32"))
    if rows.shape[-1] == 1:
        other = ops.zeros_like(rows) if from_logits else 1.0 - rows
        rows = ops.concatenate([other, rows], axis=-1)
    return ops.softmax(rows, axis=-1) if from_logits else rows


def takes_logits(loss: LossLike | None) -> bool:
    """Whether a loss of `compile` is computed from logits.

    Args:
        loss: A loss, its name, a function, or a structure of them.

    Example:

    >>> takes_logits(keras.losses.BinaryCrossentropy(from_logits=True))
    True
    >>> takes_logits("binary_crossentropy")
    False
    """
    return any(says_from_logits(each) for each in tree.flatten(loss))


def check_last_layer(
    label_predictor: keras.layers.Layer, loss: LossLike | None
) -> None:
    """Refuses a label predictor that ends in a linear layer.

    Unless its loss takes logits. It need not be built.

    Args:
        label_predictor: Keras model or layer.
        loss: The loss of `compile`.

    Raises:
        ValueError: If its last layer is a `Dense` without activation.
    """
    if not takes_logits(loss) and _ends_in_linear_layer(label_predictor):
        raise _refused("ends in a linear layer", loss)


def check_probabilities(
    label_predictor: keras.layers.Layer,
    loss: LossLike | None,
    features: keras.KerasTensor,
    predictions: keras.KerasTensor,
) -> None:
    """Refuses a label predictor whose outputs are not class probabilities.

    Args:
        label_predictor: Built Keras model or layer.
        loss: The loss of `compile`.
        features: Its symbolic input.
        predictions: Its symbolic output.

    Raises:
        ValueError: If neither the loss takes logits, nor its last activation
            or its values show that the outputs are probabilities.
    """
    units = predictions.shape[-1]
    if takes_logits(loss):
        binary = any(
            type(one).__name__ in _BINARY for one in tree.flatten(loss)
        )
        if binary and units > 1:
            raise _refused(f"has {units} outputs of two classes each", loss)
        return
    activation = activation_of(last_operation(label_predictor))
    known = OF_ROWS if units > 1 else _OF_ONE_UNIT
    if activation in known or are_probabilities(label_predictor, features):
        return
    raise _refused(
        f"ends in {activation}"
        if activation
        else "has outputs that are not rows of probabilities",
        loss,
    )


def number_of_classes(shape: Shapes) -> int:
    """The number of class probabilities of a sample, at least two.

    Args:
        shape: The shape of the predictions, or a structure of shapes.

    Raises:
        ValueError: If there are several outputs, or their shape is not
            `(batch, classes)`.

    Example:

    >>> number_of_classes((None, 10)), number_of_classes((None, 1))
    (10, 2)
    """
    if isinstance(shape, (list, tuple)) and len(shape) == 2:
        classes = shape[-1]
        if isinstance(classes, int) and classes > 0:
            return max(classes, 2)
    raise ValueError(
        "Conditioning needs one row of class probabilities per sample. "
        "Expected: a label predictor with one output of shape (batch, "
        f"classes). Received: output of shape {shape}\n"
        "Use `conditioning=None`, or a label predictor with that output alone."
    )


def _ends_in_linear_layer(layer: keras.Operation) -> bool:
    """Whether this is certain: the layers of a subclass are in any order."""
    inner = getattr(layer, "operations", None)
    if isinstance(layer, keras.Sequential):
        inner = layer.layers
    if inner:
        return _ends_in_linear_layer(inner[-1])
    linear = (keras.layers.Dense, keras.layers.EinsumDense)
    return type(layer) in linear and activation_of(layer) is None


def _refused(received: str, loss: LossLike | None) -> ValueError:
    return ValueError(
        "Conditioning needs class probabilities. Expected: a label predictor "
        "that ends in a softmax, or in one sigmoid unit; or one that ends in "
        "logits, and a loss with `from_logits=True`. Received: a label "
        f"predictor that {received}, and loss={loss!r}\n"
        "For logits pass `loss=keras.losses.SparseCategoricalCrossentropy("
        "from_logits=True)`. For a regression, or classes that do not exclude "
        "each other, use `conditioning=None`."
    )
