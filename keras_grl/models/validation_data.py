"""Checks `validation_data` before the first epoch.

Keras reads them after it, when an error wastes a whole epoch.
"""

import warnings
from collections.abc import Iterable

import keras
import numpy as np
from keras import tree

from keras_grl.models import batch
from keras_grl.models.input_specs import symbolic
from keras_grl.pairing import PairedDataset
from keras_grl.streams import is_dataset
from keras_grl.streams.values import HINT_NOT_FINITE
from keras_grl.streams.values import first_row_not_finite
from keras_grl.types import AnyArray
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import LabelCheck
from keras_grl.types import Labels
from keras_grl.types import PairedInputs
from keras_grl.types import SampleWeight
from keras_grl.types import Structure
from keras_grl.types import Symbolic

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

    Of a dataset that can be read again, `keras.utils.PyDataset` or tf.data, the
    labels of the first batch are checked. Others are not iterated: that would
    advance a generator.

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
    specs = getattr(data, "element_spec", None)
    if specs is not None:
        # tf.data
        if not isinstance(specs, tuple) or len(specs) < 2:
            raise ValueError(_no_labels(f"a dataset of {specs}"))
        _check_first(data, check_labels)
        return
    if is_dataset(data):
        if isinstance(data, keras.utils.PyDataset):
            _check_first([data[0]], check_labels)
        return
    x, y, sample_weight = _unpacked(data)
    if y is None:
        raise ValueError(_no_labels(batch.describe(x)))
    if is_dataset(x):
        return
    _check_sizes(x, y, sample_weight)
    _warn_if_not_finite(x)
    batch.check_each_labels(x, y, check_labels)
    if model.built:
        _check_shapes(model, x)


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


def _check_first(batches: Iterable[Batch], check_labels: LabelCheck) -> None:
    """Checks the labels of the first batch, if it is a plain one."""
    for first in batches:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(first)
        if not batch.is_paired(x):
            batch.check_each_labels(x, y, check_labels)
        return


def _no_labels(received: str) -> str:
    return (
        "Invalid value received for argument `validation_data`. Expected "
        "inputs with their labels, `(x, y)`, or pairs. Received: "
        f"{received}, without labels\n{_WITHOUT_LABELS}"
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


def _check_shapes(model: keras.Model, x: Inputs | PairedInputs) -> None:
    """Refuses inputs that the model does not take; calls it if in doubt."""
    known = model.classifier.input
    if batch.is_paired(x) or not _differ(x, known):
        return
    try:
        model(symbolic(x))
    except Exception as error:
        expected = tree.map_structure(lambda t: tuple(t.shape), known)
        received = tree.map_structure(lambda array: tuple(array.shape), x)
        raise ValueError(
            "Invalid value received for argument `validation_data`. Expected "
            f"inputs of shape {expected}. Received: inputs of shape {received}"
            f"\n({str(error).strip()})"
        ) from error


def _differ(x: Inputs, known: Symbolic) -> bool:
    arrays, inputs = _arrays(x), tree.flatten(known)
    return len(arrays) != len(inputs) or any(
        len(array.shape) != len(spec.shape)
        or any(
            wanted not in (size, None)
            for size, wanted in zip(
                array.shape[1:], spec.shape[1:], strict=True
            )
        )
        for array, spec in zip(arrays, inputs, strict=True)
    )


def _arrays(structure: Structure[AnyArray]) -> list[AnyArray]:
    return [leaf for leaf in tree.flatten(structure) if hasattr(leaf, "shape")]
