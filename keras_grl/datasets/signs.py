"""The 43 German traffic signs of GTSRB, at the address they have always had."""

from keras_grl.datasets.generators.signs import NAMES
from keras_grl.datasets.generators.signs import sign

__all__ = ["NAMES", "sign"]
