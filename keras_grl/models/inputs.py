"""The inputs of a model: one kind for both domains, columns in one order."""

import functools

import keras

from keras_grl.models import batch
from keras_grl.pairing import PairedDataset
from keras_grl.streams import Columns
from keras_grl.streams import check_alike
from keras_grl.streams import is_dataset
from keras_grl.types import Data


def check_inputs(model: keras.Model, data: Data) -> None:
    """Refuses data whose domains the model cannot take.

    Args:
        model: An `AdaptationModel`.
        data: The data passed to `fit`, `evaluate` or `predict`, or a tuple
            that begins with them.
    """
    if isinstance(data, PairedDataset):
        batch.check_streams(data.stream_names, model.num_sources)
        preprocessed = any(model.preprocessing_layers().values())
        data.check_inputs(
            functools.partial(
                check_alike,
                joint=model.batch_normalization == "joint",
                preprocessed=preprocessed,
            )
        )
        return
    x = data[0] if isinstance(data, tuple) and data else data
    if batch.is_paired(x):
        batch.check_streams(x, model.num_sources)
    else:
        batch.check_domain(x, model.num_sources)


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
    if columns is None or is_dataset(x):
        return x
    if batch.is_paired(x):
        return {
            domain: columns.sorted_inputs(name, inputs)
            for domain, inputs in x.items()
        }
    domain, inputs = batch.one_domain(x)
    inputs_in_order = columns.sorted_inputs(name, inputs)
    return inputs_in_order if inputs is x else {domain: inputs_in_order}
