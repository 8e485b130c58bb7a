"""The inputs of a model: one kind for both domains, columns in one order."""

import keras
import numpy as np
from keras import tree

from keras_grl.models import batch
from keras_grl.models.input_specs import symbolic
from keras_grl.pairing import PairedDataset
from keras_grl.streams import Columns
from keras_grl.streams import check_alike
from keras_grl.streams import is_dataset
from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import INPUTS
from keras_grl.streams.unpacking import describe
from keras_grl.types import AnyArray
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import PairedInputs
from keras_grl.types import Symbolic


def check_inputs(model: keras.Model, data: Data, argument: str = "x") -> None:
    """Refuses data whose domains the model cannot take.

    Args:
        model: An `AdaptationModel`.
        argument: The argument of the data.
        data: The data passed to `fit`, `evaluate` or `predict`, or a tuple
            that begins with them.
    """
    if isinstance(data, PairedDataset):
        batch.check_streams(data.stream_names, model.num_sources)
        data.check_inputs(_PairCheck(model, argument))
        return
    x = data[0] if isinstance(data, tuple) and data else data
    if batch.is_paired(x):
        batch.check_streams(x, model.num_sources)
    else:
        batch.check_domain(x, model.num_sources)


class _PairCheck:
    """Checks the inputs of all streams, each combination of shapes once."""

    def __init__(self, model: keras.Model, argument: str):
        self._model = model
        self._argument = argument
        self._passed: set[str] = set()

    def __call__(self, inputs: PairedInputs) -> None:
        model = self._model
        check_alike(
            inputs,
            joint=model.batch_normalization == "joint",
            preprocessed=any(model.preprocessing_layers().values()),
        )
        shapes = tree.map_structure(lambda x: str(x.shape[1:]), inputs)
        if model.built and repr(shapes) not in self._passed:
            check_width(model, self._argument, inputs)
            self._passed.add(repr(shapes))


def check_arrays(
    model: keras.Model, argument: str, x: Inputs | PairedInputs
) -> None:
    """Refuses inputs that are no arrays of numbers, or without a sample.

    Args:
        model: An `AdaptationModel`.
        argument: The argument of the inputs.
        x: Plain or paired inputs, which are no dataset.
    """
    arrays = tree.flatten(x)
    for array in arrays:
        if not (hasattr(array, "shape") or hasattr(array, "__array__")):
            raise ValueError(
                f"Invalid value received for argument `{argument}`. Expected "
                "inputs that are arrays, or a dict of them. Received: "
                f"{describe(x)}\nConvert them: `x = np.asarray(x)`."
            )
        # A model may take text.
        if isinstance(array, np.ndarray) and not _takes_text(model):
            as_array(argument, INPUTS, array)
    if not arrays or any(map(_is_empty, arrays)):
        raise ValueError(
            f"Argument `{argument}` is empty. Expected at least one sample. "
            f"Received: {describe(x)}"
        )


def _takes_text(model: keras.Model) -> bool:
    """Whether the inputs of a model are strings, or are not known yet."""
    return not model.built or any(
        each.dtype == "string" for each in tree.flatten(model.classifier.input)
    )


def _is_empty(array: AnyArray) -> bool:
    shape = getattr(array, "shape", None)
    return shape is not None and len(shape) > 0 and shape[0] == 0


def build_from(model: keras.Model, x: Inputs | PairedInputs) -> None:
    """Builds a model for inputs, or for specs of them, whose shape is known."""
    if not model.built and all(map(_has_rank, tree.flatten(x))):
        model(symbolic(x))


def check_width(
    model: keras.Model, argument: str, x: Inputs | PairedInputs
) -> None:
    """Refuses inputs whose shape the model does not take.

    It builds a model that is not built yet.

    Args:
        model: An `AdaptationModel`.
        argument: The argument of the inputs.
        x: Plain or paired inputs, or specs of them.
    """
    if not all(map(_has_rank, tree.flatten(x))):
        return
    build_from(model, x)
    known = model.classifier.input
    if not any(_differ(part, known) for part in batch.by_domain(x).values()):
        return
    # Only a call knows whether it takes other shapes too.
    try:
        model(symbolic(x))
    except Exception as error:
        expected = tree.map_structure(lambda t: tuple(t.shape), known)
        received = tree.map_structure(lambda array: tuple(array.shape), x)
        raise ValueError(
            f"Invalid value received for argument `{argument}`. Expected "
            f"inputs of shape {expected}. Received: inputs of shape {received}"
            f"\n{_hint(x, known)}({str(error).strip()})"
        ) from error


def _hint(x: Inputs | PairedInputs, known: Symbolic) -> str:
    ranks = [len(each.shape) for each in tree.flatten(x)]
    lowest = min(len(each.shape) for each in tree.flatten(known))
    if max(ranks) == lowest - 1:
        return "Batch single samples: `dataset.batch(64)`, or `x[None]`.\n"
    return ""


def _has_rank(array: object) -> bool:
    """Whether it is an array, or the spec of one with a known rank."""
    shape = getattr(array, "shape", None)
    return shape is not None and getattr(shape, "rank", 0) is not None


def _differ(x: Inputs, known: Symbolic) -> bool:
    arrays, inputs = tree.flatten(x), tree.flatten(known)
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


def sorted_inputs(columns: Columns | None, name: str, x: Data) -> Data:
    """Inputs whose data frames have the columns in the order of the training.

    Args:
        columns: The columns of the training data. None changes nothing.
        name: What the inputs are called in errors.
        x: Plain or paired inputs, those of one domain, or a dataset, which is
            returned as it is.

    Returns:
        The inputs, with arrays in place of data frames.

    Raises:
        ValueError: If a data frame has other columns.
    """
    if columns is None or is_dataset(x, name):
        return x
    if batch.is_paired(x):
        return {
            domain: columns.sorted_inputs(name, inputs)
            for domain, inputs in x.items()
        }
    domain, inputs = batch.one_domain(x)
    inputs_in_order = columns.sorted_inputs(name, inputs)
    return inputs_in_order if inputs is x else {domain: inputs_in_order}
