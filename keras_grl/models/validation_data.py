"""Checks `validation_data` before the first epoch.

Keras reads them after it, when an error wastes a whole epoch.
"""

import warnings

import keras
import numpy as np
from keras import tree

from keras_grl.models import batch
from keras_grl.models.inputs import check_arrays
from keras_grl.models.inputs import check_width
from keras_grl.models.sample_weights import check_sample_weight
from keras_grl.pairing import PairedDataset
from keras_grl.streams import is_dataset
from keras_grl.streams.values import HINT_NOT_FINITE
from keras_grl.streams.values import first_row_not_finite
from keras_grl.types import AnyArray
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import LabelCheck
from keras_grl.types import Labels
from keras_grl.types import PairedInputs
from keras_grl.types import SampleWeight
from keras_grl.types import Structure

_WITHOUT_LABELS = (
    "Without target labels, validate on pairs, for the label loss of source "
    "samples and the domain loss: `validation_data=keras_grl.pair("
    "(x_source_test, y_source_test), x_target_test)`. Or leave out "
    "`validation_data`."
)


def check_validation_data(
    model: keras.Model, data: Data, check_labels: LabelCheck
) -> None:
    """Refuses validation data that the model cannot be evaluated on.

    Args:
        model: The model that is fitted.
        data: The `validation_data` of `fit`.
        check_labels: Called with the name of a stream, or "", and its labels.

    Raises:
        ValueError: If labels are missing or wrong; if the numbers of samples
            differ; if the model does not take inputs of their shape.
    """
    if data is None:
        return
    if isinstance(data, PairedDataset):
        data.check_labels(check_labels)
        return
    if is_dataset(data):
        # `CheckedData` checks them.
        return
    x, y, sample_weight = _unpacked(data)
    if y is None:
        raise ValueError(no_labels(batch.describe(x)))
    if is_dataset(x):
        return
    check_arrays(model, "validation_data", x)
    _check_sizes(x, y, sample_weight)
    check_sample_weight("validation_data", sample_weight)
    _warn_if_not_finite(x)
    batch.check_each_labels(x, y, check_labels)
    check_width(model, "validation_data", x)


def _warn_if_not_finite(x: Inputs) -> None:
    arrays = [leaf for leaf in tree.flatten(x) if isinstance(leaf, np.ndarray)]
    row = first_row_not_finite(arrays)
    if row is not None:
        warnings.warn(
            "The inputs of `validation_data` are not all finite: the first "
            f"sample with a NaN or infinite value is {row}. Its "
            "predictions are wrong: on some backends the values become NaN, "
            f"on others they stay finite. {HINT_NOT_FINITE}",
            UserWarning,
            stacklevel=6,
        )


def no_labels(received: str) -> str:
    """The message for validation data without labels."""
    return (
        "Invalid value received for argument `validation_data`. Expected "
        "inputs with their labels, `(x, y)` or batches `(x, y)`, or pairs. "
        f"Received: {received}, without labels\n{_WITHOUT_LABELS}"
    )


def _unpacked(data: Data) -> tuple[Data, Labels, SampleWeight]:
    if isinstance(data, (tuple, list)) and not 0 < len(data) < 4:
        raise ValueError(
            "Invalid value received for argument `validation_data`. Expected "
            "`(x, y)` or `(x, y, sample_weight)`. Received: "
            f"a {type(data).__name__} of length {len(data)}"
        )
    return keras.utils.unpack_x_y_sample_weight(data)


def _check_sizes(
    x: Inputs | PairedInputs, y: Labels, sample_weight: SampleWeight
) -> None:
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    sizes = {
        name: sorted({len(array) for array in _arrays(part)})
        for name, part in parts.items()
        if part is not None
    }
    if len({size for each in sizes.values() for size in each}) > 1:
        shown = ", ".join(f"{name}: {each}" for name, each in sizes.items())
        raise ValueError(
            "Invalid value received for argument `validation_data`. Expected "
            f"the same number of samples in all arrays. Received: {shown}"
        )


def _arrays(structure: Structure[AnyArray]) -> list[AnyArray]:
    return [leaf for leaf in tree.flatten(structure) if hasattr(leaf, "shape")]
