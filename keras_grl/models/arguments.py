"""Arguments of `fit` and `evaluate` that a paired dataset has itself.

Keras silently ignores most of them.
"""

import warnings
from typing import Any

from keras_grl.pairing import PairedDataset
from keras_grl.types import Data
from keras_grl.types import Labels
from keras_grl.types import SampleWeight

_PAIR = "keras_grl.pair((x_source, y_source), x_target, {})"


def check_fit_arguments(
    data: Data,
    y: Labels,
    batch_size: int | None,
    shuffle: bool | None,
    options: dict[str, Any],
) -> None:
    """Refuses arguments of `fit` that belong to `pair`, or warns of them.

    Args:
        data: The training data, paired or not.
        y: The argument of `fit`, as the following ones.
        batch_size: Integer or None.
        shuffle: Boolean or None.
        options: The other arguments of `fit`.

    Raises:
        ValueError: If there are labels, sample weights or a batch size in
            addition to a paired dataset.

    Warns:
        UserWarning: If `shuffle` is not that of the dataset, or there is a
            `validation_batch_size` for pairs.
    """
    size = options.get("validation_batch_size")
    if size is not None and isinstance(
        options.get("validation_data"), PairedDataset
    ):
        _warn("validation_batch_size", size)
    if not isinstance(data, PairedDataset):
        return
    _refuse_arrays(y, options.get("sample_weight"))
    if batch_size is not None:
        raise ValueError(
            "The paired dataset already has a batch size. Expected: "
            f"batch_size=None. Received: batch_size={batch_size!r}\n"
            "Pass it to `pair`: `keras_grl.pair(source, target, "
            f"batch_size={batch_size!r})`."
        )
    if None not in (shuffle, data.shuffle) and shuffle != data.shuffle:
        _warn("shuffle", shuffle)


def check_evaluation_arguments(
    data: Data, y: Labels, batch_size: int | None, sample_weight: SampleWeight
) -> None:
    """The same for the arguments of `evaluate`.

    Args:
        data: The data, paired or not.
        y: The argument of `evaluate`, as the following ones.
        batch_size: Integer or None. Pairs have their own: a warning.
        sample_weight: Array or None.
    """
    if isinstance(data, PairedDataset):
        _refuse_arrays(y, sample_weight)
        if batch_size is not None:
            _warn("batch_size", batch_size)


def _refuse_arrays(y: Labels, sample_weight: SampleWeight) -> None:
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                "The paired dataset holds the labels and the sample weights. "
                f"Expected: {name}=None. Received: {name} of type "
                f"{type(value).__name__}\nPass them to `pair`: "
                "`keras_grl.pair((x_source, y_source, sample_weight), "
                "x_target)`."
            )


def _warn(argument: str, value: object) -> None:
    own = f"{argument.removeprefix('validation_')}={value!r}"
    warnings.warn(
        f"Argument `{argument}` is ignored for a paired dataset, which has its "
        f"own. Received: {argument}={value!r}\n"
        f"Pass it to `pair`: `{_PAIR.format(own)}`.",
        UserWarning,
        stacklevel=4,
    )
