"""Models."""

from keras_grl.models.adaptation import AdaptationModel
from keras_grl.models.dann import DANNModel
from keras_grl.models.symmetric_difference import (
    symmetric_difference_classifier,
)

__all__ = ["AdaptationModel", "DANNModel", "symmetric_difference_classifier"]


def __dir__() -> list[str]:
    return sorted(__all__)
