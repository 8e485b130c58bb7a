"""`adapt`: two domains in, a chosen model out."""

from keras_grl.adapting.result import Adaptation

__all__ = ["Adaptation"]
