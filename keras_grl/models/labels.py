"""Checks labels against the loss and the label predictor, before training.

For a wrong label, TensorFlow and torch raise errors of their own; JAX raises
none: the loss of a class that does not exist is 0 there.
"""

from collections.abc import Callable
from collections.abc import Iterator
from typing import NamedTuple
from typing import TypeAlias

import keras
import numpy as np
from keras import tree

from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Config
from keras_grl.types import Labels
from keras_grl.types import LossLike
from keras_grl.types import OneLoss
from keras_grl.types import Shape
from keras_grl.types import Structure
from keras_grl.types import Symbolic
from keras_grl.types import T

# Rounding errors may move soft labels out of [0, 1].
_ROUNDING = 1e-3
# Elements checked at once, so that no large copy is made.
_CHUNK = 2**22

_SPARSE = (
    "CategoricalGeneralizedCrossEntropy",
    "SparseCategoricalCrossentropy",
    "sparse_categorical_crossentropy",
)
_ONE_HOT = (
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
)
_BINARY = (
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
)


class _Loss(NamedTuple):
    """A loss of Keras."""

    name: str
    config: Config

    @property
    def axis(self) -> int:
        return self.config.get("axis", -1)


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
            of the classes, or do not match the shape of the predictions.
    """
    for path, array, losses, output in _aligned(labels, loss, outputs):
        where = f"{name}{path}"
        values = _as_numbers(where, array)
        if values is None or values.size == 0:
            continue
        for each in losses:
            known = _resolve(each)
            if known is not None:
                shape = None if output is None else tuple(output.shape)
                _check(where, values, known, shape)


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


def _resolve(loss: OneLoss | None) -> _Loss | None:
    """Name and config of a Keras loss; None for any other loss."""
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            # Keras refuses it.
            return None
    own = vars(keras.losses)
    kind = type(loss)
    if own.get(kind.__name__) is kind:
        config = loss.get_config()  # type: ignore[union-attr]
        return _Loss(kind.__name__, config)
    name = getattr(loss, "__name__", "")
    return _Loss(name, {}) if own.get(name) is loss is not None else None


def _as_numbers(where: str, labels: AnyArray) -> Array | None:
    """The labels as a NumPy array; None if they cannot be read."""
    if labels is None:
        return None
    if hasattr(labels, "detach"):
        labels = labels.detach().cpu()
    if hasattr(labels, "tocoo"):
        return None
    try:
        array = np.asarray(labels)
    except Exception:
        # Ragged and sparse tensors, and torch's bfloat16.
        return None
    kind = array.dtype.kind
    first = array.flat[0] if array.size else None
    if kind in "US" or isinstance(first, (str, bytes)):
        raise ValueError(
            f"{where} must be numbers. Received: strings (text), the first of "
            f"them {first!r}\n"
            "Number the classes: `names, y = np.unique(y, "
            "return_inverse=True)`."
        )
    if kind in "OMm":
        raise ValueError(
            f"{where} must be numbers. Received: an array of dtype "
            f"{array.dtype}, the first of them {first!r}\n"
            'Convert them: `y = np.asarray(y.tolist(), dtype="int64")` for '
            'classes, `dtype="float32"` for a regression.'
        )
    return array


def _check(
    where: str, values: Array, loss: _Loss, output: Shape | None
) -> None:
    if values.dtype.kind not in "biuf":
        # bfloat16 and other dtypes of `ml_dtypes` have none of these kinds.
        values = values.astype("float32")
    low, high = _bounds(values)
    if not np.isfinite(low) or not np.isfinite(high):
        _refuse_not_finite(where, values)
    if loss.name in _SPARSE:
        _check_classes(where, values, (low, high), loss, output)
    elif loss.name in _ONE_HOT:
        _check_width(where, values, loss, output)
    elif loss.name in _BINARY and (low < -_ROUNDING or high > 1 + _ROUNDING):
        raise ValueError(
            f"{where} must be between 0 and 1 for the loss {loss.name!r}. "
            f"Received: labels from {low:g} to {high:g}\n"
            "Number the two classes 0 and 1; more classes need a "
            '`Dense(classes, activation="softmax")` and '
            '"sparse_categorical_crossentropy".'
        )


def _bounds(values: Array) -> tuple[float, float]:
    """The smallest and the largest value; NaN if any value is NaN."""
    lows, highs = [], []
    for part in _parts(values):
        lows.append(np.min(part))
        highs.append(np.max(part))
    return float(np.min(lows)), float(np.max(highs))


def _parts(values: Array) -> Iterator[Array]:
    """Parts along the first axis: a memory-mapped array may be large."""
    rows = max(1, _CHUNK * len(values) // values.size)
    for start in range(0, len(values), rows):
        yield values[start : start + rows]


def _refuse_not_finite(where: str, values: Array) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    index = tuple(int(i) for i in wrong[0])
    raise ValueError(
        f"{where} must be finite. Received: {len(wrong)} of {values.size} that "
        f"are NaN or infinite, the first of them {float(values[index])} at "
        f"index {index[0] if len(index) == 1 else index}\n"
        "Leave out the samples without a label, for example "
        "`known = np.isfinite(y); x, y = x[known], y[known]`."
    )


def _check_classes(
    where: str,
    values: Array,
    bounds: tuple[float, float],
    loss: _Loss,
    output: Shape | None,
) -> None:
    """Class indices: one integer from 0 to classes - 1 for each prediction."""
    ignored = loss.config.get("ignore_class")
    if values.dtype.kind == "f":
        fractions = _first(values, lambda part: part != np.floor(part))
        if fractions is not None:
            raise ValueError(
                f"{where} must be whole numbers for the loss {loss.name!r}, "
                f"which rounds them down. Received: {fractions:g}\n"
                "Probabilities of the classes (soft labels) need "
                '"categorical_crossentropy", a regression "mse".'
            )
    if output is None:
        return
    shape = _check_rank(where, values, output, loss)
    classes = output[-1]
    if classes is None or not _fits(shape, output[:-1]):
        # Keras refuses other shapes. The classes may be on another axis.
        return
    low, high = bounds
    if low >= 0 and high < classes:
        return

    def outside(part: Array) -> Array:
        wrong = (part < 0) | (part >= classes)
        return wrong if ignored is None else wrong & (part != ignored)

    wrong = _first(values, outside)
    if wrong is None:
        return
    raise ValueError(
        f"{where} must be integers from 0 to {classes - 1}, since the label "
        f"predictor has {classes} outputs. Received: labels from {low:g} to "
        f"{high:g}, such as {wrong:g}\n{_fix(low, high, classes)}"
    )


def _fix(low: float, high: float, classes: int) -> str:
    if (low, high) == (1, classes):
        return "Count the classes from 0: `y - 1`."
    return (
        "Count the classes from 0, with one unit of the label predictor for "
        "each. If a value means that there is no label, pass it to the loss: "
        "`keras.losses.SparseCategoricalCrossentropy(ignore_class="
        f"{int(low if low < 0 else high)})`."
    )


def _first(values: Array, wrong: Callable[[Array], Array]) -> np.generic | None:
    """The first value that is wrong; None if there is none."""
    for part in _parts(values):
        found = part[wrong(part)]
        if found.size:
            return found.flat[0]
    return None


def _fits(shape: tuple[int, ...], output: Shape) -> bool:
    """Whether the shapes agree, except for the number of samples."""
    return len(shape) == len(output) and all(
        size in (each, None)
        for each, size in zip(shape[1:], output[1:], strict=True)
    )


def _check_rank(
    where: str, values: Array, output: Shape, loss: _Loss
) -> tuple[int, ...]:
    """The labels' shape without a last axis of 1, if their rank is right."""
    shape = values.shape
    if len(shape) == len(output) and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) == len(output) - 1:
        return shape
    raise ValueError(
        f"{where} must be one class index for each prediction: predictions of "
        f"shape {output} need labels of shape {output[:-1]}. Received: labels "
        f"of shape {values.shape}\n"
        'One-hot labels need `loss="categorical_crossentropy"` instead of '
        f"{loss.name!r}."
    )


def _check_width(
    where: str, values: Array, loss: _Loss, output: Shape | None
) -> None:
    """One number for each class."""
    if output is None or output[loss.axis] in (None, 1):
        return
    classes = output[loss.axis]
    indices = values.ndim == len(output) - 1
    wide = values.ndim == len(output) and values.shape[loss.axis] != classes
    if not indices and not wide:
        return
    raise ValueError(
        f"{where} must be one-hot (or probabilities), one number for each of "
        f"the label predictor's {classes} outputs. Received: labels of shape "
        f"{values.shape} for predictions of shape {output}\n"
        'Class indices need `loss="sparse_categorical_crossentropy"`, or '
        f"convert them: `keras.utils.to_categorical(y, {classes})`."
    )
