"""Methods of domain adaptation, one class each."""

from keras_grl.methods.cdan import CDAN
from keras_grl.methods.dann import DANN
from keras_grl.methods.discrepancy import FeatureDiscrepancy
from keras_grl.methods.method import Method
from keras_grl.methods.rows import Rows

__all__ = ["CDAN", "DANN", "FeatureDiscrepancy", "Method", "Rows"]


def __dir__() -> list[str]:
    return sorted(__all__)
