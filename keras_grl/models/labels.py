"""Checks labels against the loss and the label predictor, before training.

For a wrong label, TensorFlow and torch raise their own errors; JAX raises
none: the loss of a class that does not exist is 0 there.
"""

from typing import TypeAlias

import keras
from keras import tree

from keras_grl.models.label_kinds import check_values
from keras_grl.models.label_losses import resolve
from keras_grl.models.label_values import as_numbers
from keras_grl.streams.unpacking import describe
from keras_grl.types import AnyArray
from keras_grl.types import Labels
from keras_grl.types import LossLike
from keras_grl.types import OneLoss
from keras_grl.types import Structure
from keras_grl.types import Symbolic
from keras_grl.types import T

# Path, labels, losses and symbolic output of one output of the predictor.
_Aligned: TypeAlias = tuple[
    str, AnyArray, list[OneLoss | None], keras.KerasTensor | None
]


def check_labels(
    name: str,
    labels: Labels,
    loss: LossLike | None,
    outputs: Symbolic | None = None,
) -> None:
    """Refuses labels that the loss cannot learn from.

    Text, dates and objects are refused for any loss. All other checks are for
    Keras's own losses: another loss may allow NaN or -1.

    Args:
        name: Subject of the errors, such as "The labels of the source stream".
        labels: Array of any library, or a structure of them.
        loss: The `loss` of `compile`: a loss, its name or a structure.
        outputs: The symbolic outputs of the label predictor. With None they
            are not known yet, and the labels are checked only against the loss.

    Raises:
        ValueError: If the labels are not numbers, not finite, out of the range
            of the classes, or do not match the shape of the predictions; if
            those of an output are missing.

    Warns:
        UserWarning: If one-hot labels do not sum to 1.
    """
    _check_structure(name, labels, loss, outputs)
    for path, array, losses, output in _aligned(labels, loss, outputs):
        where = f"{name}{path}"
        values = as_numbers(where, array)
        if values is None or values.size == 0:
            continue
        for each in losses:
            known = resolve(each)
            if known is not None:
                shape = None if output is None else tuple(output.shape)
                check_values(where, values, known, shape)


def _check_structure(
    name: str, labels: Labels, loss: LossLike | None, outputs: Symbolic | None
) -> None:
    """Refuses labels that are not in the structure of the outputs.

    An output without a loss needs no labels.
    """
    if isinstance(labels, (list, tuple)) and any(
        isinstance(leaf, (bool, int, float)) for leaf in tree.flatten(labels)
    ):
        raise ValueError(
            f"{name} must be an array. Received: {describe(labels)}\n"
            "Convert them: `y = np.asarray(y)`."
        )
    if outputs is None or labels is None:
        return
    if not tree.is_nested(outputs):
        right = not tree.is_nested(labels) or (
            not isinstance(labels, dict) and len(labels) == 1
        )
        expected = "one array, since the label predictor has one output"
        hint = "Pass it alone: `(x, y)`."
    else:
        names = list(
            outputs if isinstance(outputs, dict) else range(len(outputs))
        )
        with_loss = [
            each
            for index, each in enumerate(names)
            if _has_loss(loss, each, index)
        ]
        right = _is_complete(labels, names, with_loss)
        expected = f"one array for each output of the label predictor: {names}"
        if isinstance(outputs, dict):
            parts = ", ".join(f"{each!r}: y_{each}" for each in with_loss)
            hint = f"Pass them by name: `y = {{{parts}}}`."
        else:
            parts = ", ".join(f"y_{each}" for each in names)
            hint = f"Pass them in this order: `y = ({parts})`."
        hint += " An output without a loss in `compile` needs none."
    if not right:
        raise ValueError(
            f"{name} must be {expected}. Received: {describe(labels)}\n{hint}"
        )


def _has_loss(loss: LossLike | None, name: str | int, index: int) -> bool:
    if isinstance(loss, dict):
        return loss.get(name) is not None
    if isinstance(loss, (list, tuple)):
        return index < len(loss) and loss[index] is not None
    return loss is not None


def _is_complete(
    labels: Labels, names: list[str | int], with_loss: list[str | int]
) -> bool:
    """Whether there are labels for all outputs that have a loss."""
    if isinstance(labels, dict):
        return set(with_loss) <= set(labels) <= set(names)
    if isinstance(labels, (list, tuple)):
        return len(labels) == len(names) or len(with_loss) < len(names)
    return len(with_loss) < 2


def _aligned(
    labels: Labels,
    loss: LossLike | None,
    outputs: Symbolic | None,
) -> list[_Aligned]:
    """Path, labels, losses and output of each output of the predictor.

    Labels whose losses cannot be found by key or index have none.
    """
    if isinstance(labels, (dict, list, tuple)):
        keys = list(labels if isinstance(labels, dict) else range(len(labels)))
        flat = []
        for key in keys:
            part = _at(outputs, key)
            for path, *rest in _aligned(labels[key], _loss_at(loss, key), part):
                flat.append((f"[{key!r}]{path}", *rest))
        return flat
    if tree.is_nested(outputs):
        outputs = None
    if isinstance(loss, dict):
        loss = []
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    return [("", labels, losses, outputs)]


def _at(structure: Structure[T] | None, key: str | int) -> Structure[T] | None:
    try:
        if tree.is_nested(structure):
            return structure[key]  # type: ignore[index]
        return None
    except (KeyError, IndexError, TypeError):
        return None


def _loss_at(loss: LossLike | None, key: str | int) -> LossLike | None:
    if not isinstance(loss, (dict, list, tuple)):
        return loss
    if isinstance(loss, dict) == isinstance(key, str):
        return _at(loss, key)
    return None
