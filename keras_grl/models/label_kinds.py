"""Whether label values are right for a loss of Keras and its predictions."""

import warnings

import numpy as np

from keras_grl.models import label_losses
from keras_grl.models.label_losses import KerasLoss
from keras_grl.models.label_values import bounds
from keras_grl.models.label_values import first
from keras_grl.models.label_values import parts
from keras_grl.models.label_values import refuse_not_finite
from keras_grl.types import Array
from keras_grl.types import Shape

# Rounding errors may move soft labels out of [0, 1].
_ROUNDING = 1e-3
# And the sum of a thousand of them, in bfloat16 too, away from 1.
_ROUNDING_OF_SUMS = 1e-2


def check_values(
    where: str, values: Array, loss: KerasLoss, output: Shape | None
) -> None:
    """Refuses labels that a loss of Keras cannot learn from.

    Args:
        where: Subject of the errors.
        values: Array of numbers, not empty.
        loss: The loss.
        output: The shape of the predictions; None if it is not known yet.
    """
    if values.dtype.kind not in "biuf":
        # bfloat16 and other dtypes of `ml_dtypes` have none of these kinds.
        values = values.astype("float32")
    low, high = bounds(values)
    if not np.isfinite(low) or not np.isfinite(high):
        refuse_not_finite(where, values)
    if loss.name in label_losses.SPARSE:
        _check_classes(where, values, (low, high), loss, output)
    elif loss.name in label_losses.ONE_HOT:
        _check_probabilities(where, values, (low, high), loss, output)
    elif loss.name in label_losses.ELEMENTWISE:
        if output is not None:
            _check_same_shape(where, values, loss, output)
        if loss.name in label_losses.BINARY:
            _check_binary(where, (low, high), loss)
        elif loss.name in label_losses.NOT_NEGATIVE and low < -_ROUNDING:
            raise ValueError(
                f"{where} must be at least 0 for the loss {loss.name!r}. "
                f"Received: labels from {low:g} to {high:g}\n"
                'For other numbers use a regression loss, "mse".'
            )


# Class indices.


def _check_classes(
    where: str,
    values: Array,
    bounds: tuple[float, float],
    loss: KerasLoss,
    output: Shape | None,
) -> None:
    """Class indices: one integer from 0 to classes - 1 for each prediction."""
    ignored = loss.config.get("ignore_class")
    if values.dtype.kind == "f":
        fractions = first(values, lambda part: part != np.floor(part))
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

    wrong = first(values, outside)
    if wrong is None:
        return
    raise ValueError(
        f"{where} must be integers from 0 to {classes - 1}, since the label "
        f"predictor has {classes} outputs. Received: labels from {low:g} to "
        f"{high:g}, such as {wrong:g}\n{_fix(low, high, classes)}"
    )


def _check_rank(
    where: str, values: Array, output: Shape, loss: KerasLoss
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


def _fix(low: float, high: float, classes: int) -> str:
    if (low, high) == (1, classes):
        return "Count the classes from 0: `y - 1`."
    return (
        "Count the classes from 0, with one unit of the label predictor for "
        "each. If a value means that there is no label, pass it to the loss: "
        "`keras.losses.SparseCategoricalCrossentropy(ignore_class="
        f"{int(low if low < 0 else high)})`."
    )


# Probabilities of classes.


def _check_probabilities(
    where: str,
    values: Array,
    bounds: tuple[float, float],
    loss: KerasLoss,
    output: Shape | None,
) -> None:
    """One number for each class, from 0 to 1; their sum is 1."""
    if output is None or output[loss.axis] in (None, 1):
        return
    _check_width(where, values, loss, output)
    low, high = bounds
    classes = output[loss.axis]
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ValueError(
            f"{where} must be one-hot (or probabilities), from 0 to 1, for the "
            f"loss {loss.name!r}. Received: labels from {low:g} to {high:g}\n"
            "Divide proportions by their sum: "
            f"`y / y.sum(axis={loss.axis}, keepdims=True)`. Weights of samples "
            "are passed as `sample_weight`. For other numbers than classes use "
            'a regression loss, "mse".'
        )
    if values.ndim == 2 and len(values) > 1 and low == high == 0:
        raise ValueError(
            f"{where} must be one-hot (or probabilities), whose sum is 1. "
            f"Received: only zeros, of shape {values.shape}, from which the "
            f"loss {loss.name!r} learns nothing\n"
            "Convert class indices: "
            f"`keras.utils.to_categorical(y, {classes})`."
        )
    if any(_sums_differ(part, loss.axis) for part in parts(values)):
        # Not an error: zeros may be a mask. And always the same words, so that
        # those of many batches are shown once.
        warnings.warn(
            f"{where} do not sum to 1 for every prediction, as probabilities "
            f"of classes do. The loss {loss.name!r} learns more from some than "
            "from others, and nothing from those that are all 0.\nDivide them: "
            f"`y / y.sum(axis={loss.axis}, keepdims=True)`. If a sample may "
            "have several classes, use "
            '`Dense(classes, activation="sigmoid")` and "binary_crossentropy". '
            "(If zeros are a mask, ignore this warning.)",
            UserWarning,
            stacklevel=2,
        )


def _sums_differ(part: Array, axis: int) -> bool:
    # In half precision the sum itself would be rounded.
    sums = part.sum(axis=axis, dtype="float64")
    return bool((np.abs(sums - 1.0) > _ROUNDING_OF_SUMS).any())


def _check_width(
    where: str, values: Array, loss: KerasLoss, output: Shape
) -> None:
    """As many numbers for each prediction as there are classes."""
    classes = output[loss.axis]
    indices = values.ndim == len(output) - 1
    wide = values.ndim == len(output) and values.shape[loss.axis] != classes
    if indices or wide:
        raise ValueError(
            f"{where} must be one-hot (or probabilities), one number for each "
            f"of the label predictor's {classes} outputs. Received: labels of "
            f"shape {values.shape} for predictions of shape {output}\n"
            'Class indices need `loss="sparse_categorical_crossentropy"`, or '
            f"convert them: `keras.utils.to_categorical(y, {classes})`."
        )
    if not _match(values.shape, output):
        raise ValueError(
            f"{where} must be one-hot (or probabilities), one row for each "
            f"prediction: predictions of shape {output} need labels of that "
            f"shape. Received: labels of shape {values.shape}\n"
            "Reshape them, or change the label predictor."
        )


# One number for each prediction.


def _check_same_shape(
    where: str, values: Array, loss: KerasLoss, output: Shape
) -> None:
    """Refuses shapes that would be broadcast, or that do not match at all."""
    shape, wanted = values.shape, output
    # Keras adds or removes a last axis of 1.
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    elif len(shape) + 1 == len(wanted) and wanted[-1] in (1, None):
        wanted = wanted[:-1]
    same_units = len(wanted) < len(output) or output[-1] in (shape[-1], None)
    if _match(shape, wanted) and same_units:
        return
    raise ValueError(
        f"{where} must have one number for each prediction for the loss "
        f"{loss.name!r}: predictions of shape {output} need labels of that "
        f"shape. Received: labels of shape {values.shape}\n"
        f"{_shape_hint(values.shape, output)}"
    )


def _match(shape: tuple[int, ...], output: Shape) -> bool:
    """Whether shapes have the same rank, and no axis would be broadcast.

    The sizes of other axes may depend on the inputs: Keras compares them.
    """
    return len(shape) == len(output) and not any(
        each is not None and size != each and 1 in (size, each)
        for size, each in zip(shape[1:], output[1:], strict=True)
    )


def _shape_hint(shape: tuple[int, ...], output: Shape) -> str:
    units = output[-1]
    if len(output) == 2 and (len(shape) == 1 or shape[1:] == (1,)):
        return (
            "One number for each sample needs one unit, `Dense(1)`. Class "
            'indices need `loss="sparse_categorical_crossentropy"`, or convert '
            f"them: `keras.utils.to_categorical(y, {units})`. If all units "
            "should learn the same number, repeat it: "
            f"`np.repeat(y.reshape(-1, 1), {units}, axis=1)`."
        )
    if len(shape) == len(output) and shape[-1] != units:
        return (
            "Give the label predictor one unit for each number, "
            f"`Dense({shape[-1]})`."
        )
    return "Reshape them: `y.reshape(shape)`."


def _check_binary(
    where: str, bounds: tuple[float, float], loss: KerasLoss
) -> None:
    low, high = bounds
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ValueError(
            f"{where} must be between 0 and 1 for the loss {loss.name!r}. "
            f"Received: labels from {low:g} to {high:g}\n"
            "Number the two classes 0 and 1; more classes need a "
            '`Dense(classes, activation="softmax")` and '
            '"sparse_categorical_crossentropy".'
        )


def _fits(shape: tuple[int, ...], output: Shape) -> bool:
    """Whether the shapes agree, except for the number of samples."""
    return len(shape) == len(output) and all(
        size in (each, None)
        for each, size in zip(shape[1:], output[1:], strict=True)
    )
