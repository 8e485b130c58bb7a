"""Whether the inputs of both domains can pass through one model."""

import functools

import keras

from keras_grl.pairing import PairedDataset
from keras_grl.streams import check_alike
from keras_grl.types import Data


def check_inputs(model: keras.Model, data: Data) -> None:
    """Refuses paired data whose domains the model cannot take.

    Args:
        model: An `AdaptationModel`.
        data: The data passed to `fit` or `evaluate`.
    """
    if isinstance(data, PairedDataset):
        preprocessed = model.source_preprocessing or model.target_preprocessing
        data.check_inputs(
            functools.partial(
                check_alike,
                joint=model.batch_normalization == "joint",
                preprocessed=preprocessed is not None,
            )
        )
