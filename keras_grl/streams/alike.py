"""Whether the samples of all streams can pass through one network."""

from typing import Any

import keras
from keras import tree

from keras_grl.streams.names import LABELED_TARGET
from keras_grl.streams.names import SOURCE
from keras_grl.streams.names import TARGET


def check_alike(
    inputs: dict[str, Any], joint: bool = True, preprocessed: bool = False
) -> None:
    """Refuse domains that one feature extractor could not take.

    Args:
        inputs: Name of the stream to its x, arrays or structures of them.
        joint: Boolean, whether source and target samples are concatenated
            before the feature extractor. Where each domain passes separately,
            sizes may differ, except that of the channels.
        preprocessed: Boolean, whether each domain has a layer of its own, which
            may make unlike samples alike. Labeled target samples share that
            of the target.

    Raises:
        ValueError: If structures, kinds of dtype or shapes differ.
    """
    if TARGET in inputs and LABELED_TARGET in inputs:
        _compare(inputs, TARGET, LABELED_TARGET, joint=True)
    others = [name for name in inputs if name != SOURCE]
    if SOURCE in inputs and others and not preprocessed:
        _compare(inputs, SOURCE, others[0], joint)


def _compare(inputs: dict[str, Any], a: str, b: str, joint: bool) -> None:
    kinds = [
        tree.map_structure(lambda array: _kind(array, joint), inputs[name])
        for name in (a, b)
    ]
    if kinds[0] == kinds[1]:
        return
    shown = ", ".join(
        f"{name}: {tree.map_structure(_shown, inputs[name])}" for name in (a, b)
    )
    raise ValueError(
        "The domains must have samples of the same shape and kind of dtype. "
        f"Received: {shown}\n{_hint(inputs[a], inputs[b])}"
    )


def _kind(array: Any, joint: bool) -> tuple[Any, ...]:
    """What must be equal."""
    shape = tuple(array.shape[1:])
    if joint or (len(shape) == 1 and array.dtype.kind == "f"):
        return array.dtype.kind, shape
    # Of integers, the tokens of texts, the one axis is time.
    has_channels = (
        len(shape) > 1 and keras.config.image_data_format() == "channels_last"
    )
    return array.dtype.kind, len(shape), shape[-1] if has_channels else None


def _shown(array: Any) -> str:
    return f"{array.dtype.name} {tuple(array.shape[1:])}"


def _hint(a: Any, b: Any) -> str:
    if tree.is_nested(a) or tree.is_nested(b):
        return (
            "Give both domains the same inputs under the same names, and no "
            "labels among them."
        )
    if abs(len(a.shape) - len(b.shape)) == 1:
        return (
            "Give both the same number of axes. If one of them comes in single "
            "samples, batch them, `dataset.batch(64)`, or make them one array, "
            "`np.stack([np.asarray(sample) for sample in dataset])`."
        )
    series = len(a.shape) == len(b.shape) == 3 and a.shape[2] == b.shape[2]
    if series and a.dtype.kind == b.dtype.kind:
        return (
            "Pad or cut the series to one length; or let each domain pass "
            "separately, in a model with "
            '`batch_normalization="separate"` that takes any length.'
        )
    return (
        "Resize or convert one of them; keep raw 0-255 images as uint8 in "
        "both. Inputs that only a layer for each domain makes alike need a "
        "`DANNModel(…, preprocessing={…})`."
    )
