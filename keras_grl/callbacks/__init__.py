"""Callbacks."""

from keras_grl.callbacks.adaptation_factor import AdaptationFactorScheduler
from keras_grl.callbacks.learning_rate import LearningRateAnnealing

__all__ = ["AdaptationFactorScheduler", "LearningRateAnnealing"]


def __dir__() -> list[str]:
    return sorted(__all__)
