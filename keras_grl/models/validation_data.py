"""`validation_data`, looked at before the first epoch.

Keras looks at them after it, when the time of an epoch is lost.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import tree

from keras_grl.methods.rows import labeled_streams
from keras_grl.models import batch
from keras_grl.models.input_specs import symbolic
from keras_grl.pairing import PairedDataset
from keras_grl.streams import is_dataset

_WITHOUT_LABELS = (
    "Without target labels, validate on pairs, which gives the label loss of "
    "source samples and the figures of the domains: `validation_data="
    "keras_grl.pair((x_source_test, y_source_test), x_target_test)`. Or leave "
    "out `validation_data`."
)


def check_validation_data(
    model: Any, data: Any, check_labels: Callable[[str, Any], None]
) -> None:
    """Refuse validation data that the model cannot be evaluated on.

    Datasets are not iterated: that can take long, and move a generator. Of
    them only what they say themselves is looked at.

    Args:
        model: What is fitted.
        data: What was passed to `fit`.
        check_labels: Called with the name of a stream, or "", and labels.

    Raises:
        ValueError: If labels are missing, or wrong; if the numbers of samples
            differ; if the model does not take inputs of that shape.
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
        return
    if is_dataset(data):
        return
    x, y, sample_weight = _unpacked(data)
    if y is None:
        raise ValueError(_no_labels(batch.describe(x)))
    if is_dataset(x):
        return
    _check_sizes(x, y, sample_weight)
    if batch.is_paired(x):
        batch.check_labels(x, y)
        names = labeled_streams(x)
        for name in names:
            check_labels(name, y if len(names) == 1 else y[name])
    else:
        check_labels("", y)
    if model.built:
        _check_shapes(model, x)


def _no_labels(received: str) -> str:
    return (
        "Invalid value received for argument `validation_data`. Expected "
        "inputs with their labels, `(x, y)`, or pairs. Received: "
        f"{received}, without labels\n{_WITHOUT_LABELS}"
    )


def _unpacked(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, (tuple, list)) and not 0 < len(data) < 4:
        raise ValueError(
            "Invalid value received for argument `validation_data`. Expected "
            "`(x, y)` or `(x, y, sample_weight)`. Received: "
            f"a {type(data).__name__} of length {len(data)}"
        )
    return keras.utils.unpack_x_y_sample_weight(data)


def _check_sizes(x: Any, y: Any, sample_weight: Any) -> None:
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
            f"equally many samples in all arrays. Received: {shown}"
        )


def _check_shapes(model: Any, x: Any) -> None:
    """Whether the model takes the inputs: if in doubt, it is asked."""
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


def _differ(x: Any, known: Any) -> bool:
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


def _arrays(structure: Any) -> list[Any]:
    return [leaf for leaf in tree.flatten(structure) if hasattr(leaf, "shape")]
