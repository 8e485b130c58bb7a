"""Whether the inputs of both domains can pass through one model."""

import functools
from typing import Any

from keras_grl.pairing import PairedDataset
from keras_grl.streams import check_alike


def check_inputs(model: Any, data: Any) -> None:
    """Refuse paired data whose domains the model could not take.

    Args:
        model: An `AdaptationModel`.
        data: What `fit` or `evaluate` was given.
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
