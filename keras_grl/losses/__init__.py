"""Losses of the label predictor's predictions on unlabeled rows.

Each is a function of the predictions alone, without labels, that returns a
scalar. Except for `PredictionEntropy`, it is not a mean over rows: it compares
the rows of a batch with each other.
"""

from keras_grl.losses.entropy import InformationMaximization
from keras_grl.losses.entropy import PredictionEntropy
from keras_grl.losses.minimum_class_confusion import MinimumClassConfusion
from keras_grl.losses.nuclear_norm import NuclearNorm
from keras_grl.losses.target_loss import TargetLoss

__all__ = [
    "InformationMaximization",
    "MinimumClassConfusion",
    "NuclearNorm",
    "PredictionEntropy",
    "TargetLoss",
]


def __dir__() -> list[str]:
    return sorted(__all__)
