"""Models."""

from keras_grl.models.adaptation import AdaptationModel
from keras_grl.models.dann import DANNModel

__all__ = ["AdaptationModel", "DANNModel"]
