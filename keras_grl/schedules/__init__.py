"""Schedules: adaptation factor and learning rate over training.

All of them are functions of training progress p, `at(p)`. p grows linearly from
0 at the first training step to 1 after the last. Schedules are computed on the
device from a step counter, so they also work in compiled training steps.
"""

from keras_grl.schedules.composed import Join
from keras_grl.schedules.composed import Scaled
from keras_grl.schedules.composed import WarmUp

# Not public: for files of earlier versions, and for plain Keras models.
from keras_grl.schedules.fitted import FitSchedule as FitSchedule
from keras_grl.schedules.learning_rates import FunctionSchedule
from keras_grl.schedules.learning_rates import InverseDecay
from keras_grl.schedules.learning_rates import ProgressSchedule
from keras_grl.schedules.progress import progress
from keras_grl.schedules.ramps import Constant
from keras_grl.schedules.ramps import LinearRamp
from keras_grl.schedules.ramps import Schedule
from keras_grl.schedules.ramps import SigmoidRamp
from keras_grl.schedules.resolving import get
from keras_grl.schedules.resolving import serialize

__all__ = [
    "Constant",
    "FunctionSchedule",
    "InverseDecay",
    "Join",
    "LinearRamp",
    "ProgressSchedule",
    "Scaled",
    "Schedule",
    "SigmoidRamp",
    "WarmUp",
    "get",
    "progress",
    "serialize",
]


def __dir__() -> list[str]:
    return sorted(__all__)
