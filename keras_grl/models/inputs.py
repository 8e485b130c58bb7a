"""Whether the inputs of both domains can pass through one model."""

import functools

import keras

from keras_grl.models import batch
from keras_grl.pairing import PairedDataset
from keras_grl.streams import check_alike
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
