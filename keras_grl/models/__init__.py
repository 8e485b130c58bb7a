"""Models."""

from keras_grl.models.dann import DANNModel

__all__ = ["DANNModel"]
