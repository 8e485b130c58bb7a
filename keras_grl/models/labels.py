"""Labels against the loss and the label predictor, before training.

A framework answers a wrong label with a traceback of its own or, on JAX, not
at all: a class that does not exist is a loss of 0 there.
"""

from typing import Any
from typing import NamedTuple

import keras
import numpy as np
from keras import tree

# Soft labels may be out of [0, 1] by the rounding of whoever computed them.
_ROUNDING = 1e-3
# Elements looked at in one go, so that no large copy is made.
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
    config: dict[str, Any]

    @property
    def axis(self) -> int:
        return self.config.get("axis", -1)


def check_labels(
    name: str, labels: Any, loss: Any, outputs: Any = None
) -> None:
    """Refuse labels that the loss cannot learn from.

    Text, dates and objects are refused under any loss, the rest under Keras's
    own losses alone: what another loss makes of NaN or of -1 is not known.

    Args:
        name: What the labels are, to begin an error with: "The labels of the
            source stream".
        labels: Array of any library, or a structure of them.
        loss: What `compile` was given: a loss, its name or a structure.
        outputs: The symbolic outputs of the label predictor. With None they
            are not known yet, and the labels are compared with the loss alone.

    Raises:
        ValueError: If the labels are not numbers, not finite, out of the range
            of the classes or of another shape than the predictions.
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
    labels: Any, loss: Any, outputs: Any
) -> list[tuple[str, Any, list[Any], Any]]:
    """Path, labels, losses and output of each output of the predictor.

    What cannot be told by its key or index is left without losses.
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


def _at(structure: Any, key: Any) -> Any:
    try:
        return structure[key] if tree.is_nested(structure) else None
    except (KeyError, IndexError, TypeError):
        return None


def _loss_at(loss: Any, key: Any) -> Any:
    if not isinstance(loss, (dict, list, tuple)):
        return loss
    if isinstance(loss, dict) == isinstance(key, str):
        return _at(loss, key)
    return None


def _resolve(loss: Any) -> _Loss | None:
    """A loss of Keras by its name; None for any other."""
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            # Keras says so itself.
            return None
    own = vars(keras.losses)
    kind = type(loss)
    if own.get(kind.__name__) is kind:
        return _Loss(kind.__name__, loss.get_config())
    name = getattr(loss, "__name__", "")
    return _Loss(name, {}) if own.get(name) is loss is not None else None


def _as_numbers(where: str, labels: Any) -> Any:
    """The labels as a NumPy array; None if they cannot be looked at."""
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
    where: str, values: Any, loss: _Loss, output: tuple[Any, ...] | None
) -> None:
    if values.dtype.kind not in "biuf":
        # ml_dtypes, such as bfloat16, are of no kind of NumPy's.
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
            f"{where} must lie between 0 and 1 for the loss {loss.name!r}. "
            f"Received: labels from {low:g} to {high:g}\n"
            "Number the two classes 0 and 1; more classes need a "
            '`Dense(classes, activation="softmax")` and '
            '"sparse_categorical_crossentropy".'
        )


def _bounds(values: Any) -> tuple[float, float]:
    """The smallest and the largest value; NaN if there is one."""
    lows, highs = [], []
    for part in _parts(values):
        lows.append(np.min(part))
        highs.append(np.max(part))
    return float(np.min(lows)), float(np.max(highs))


def _parts(values: Any) -> Any:
    """Parts along the first axis, which a memory-mapped array can afford."""
    rows = max(1, _CHUNK * len(values) // values.size)
    for start in range(0, len(values), rows):
        yield values[start : start + rows]


def _refuse_not_finite(where: str, values: Any) -> None:
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
    values: Any,
    bounds: tuple[float, float],
    loss: _Loss,
    output: tuple[Any, ...] | None,
) -> None:
    """Integers 0 … classes - 1, in one number for each prediction."""
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
        # Keras refuses other shapes itself. The classes may be another axis.
        return
    low, high = bounds
    if low >= 0 and high < classes:
        return

    def outside(part: Any) -> Any:
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
        "Count the classes from 0, and give the label predictor one unit for "
        "each. A value that stands for no label is named to the loss: "
        "`keras.losses.SparseCategoricalCrossentropy(ignore_class="
        f"{int(low if low < 0 else high)})`."
    )


def _first(values: Any, wrong: Any) -> Any:
    """The first of the values that are wrong; None if there is none."""
    for part in _parts(values):
        found = part[wrong(part)]
        if found.size:
            return found.flat[0]
    return None


def _fits(shape: tuple[int, ...], output: tuple[Any, ...]) -> bool:
    """Whether the shapes agree, but for the number of samples."""
    return len(shape) == len(output) and all(
        size in (each, None)
        for each, size in zip(shape[1:], output[1:], strict=True)
    )


def _check_rank(
    where: str, values: Any, output: tuple[Any, ...], loss: _Loss
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
    where: str, values: Any, loss: _Loss, output: tuple[Any, ...] | None
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
        'Class indices need `loss="sparse_categorical_crossentropy"`; else '
        f"`keras.utils.to_categorical(y, {classes})`."
    )
