"""Callbacks."""

from keras_grl.callbacks.adaptation_factor import AdaptationFactorScheduler
from keras_grl.callbacks.checkpoint import TrainingCheckpoint
from keras_grl.callbacks.learning_rate import LearningRateAnnealing
from keras_grl.callbacks.monitor import AdaptationMonitor
from keras_grl.callbacks.target_scores import TargetScores
from keras_grl.monitor.findings import AdaptationWarning

__all__ = [
    "AdaptationFactorScheduler",
    "AdaptationMonitor",
    "AdaptationWarning",
    "LearningRateAnnealing",
    "TargetScores",
    "TrainingCheckpoint",
]


def __dir__() -> list[str]:
    return sorted(__all__)
