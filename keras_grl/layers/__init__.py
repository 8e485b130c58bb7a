"""Layers."""

from keras_grl.layers.convolution import Conv2D
from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.layers.gradient_scaling import GradientScaling
from keras_grl.layers.local_response_normalization import (
    LocalResponseNormalization,
)
from keras_grl.layers.max_pooling import MaxPooling2D
from keras_grl.layers.mean_subtraction import MeanSubtraction

__all__ = [
    "GradientReversal",
    "GradientScaling",
    "MeanSubtraction",
    "LocalResponseNormalization",
    "Conv2D",
    "MaxPooling2D",
]


def __dir__() -> list[str]:
    return sorted(__all__)
