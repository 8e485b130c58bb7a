"""Callbacks."""

from keras_grl.callbacks.adaptation_factor import AdaptationFactorScheduler
from keras_grl.callbacks.checkpoint import TrainingCheckpoint
from keras_grl.callbacks.learning_rate import LearningRateAnnealing

__all__ = [
    "AdaptationFactorScheduler",
    "LearningRateAnnealing",
    "TrainingCheckpoint",
]


def __dir__() -> list[str]:
    return sorted(__all__)
