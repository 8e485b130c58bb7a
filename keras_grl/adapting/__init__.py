"""Two domains in, a chosen model and what is known about it out."""

from keras_grl.adapting.adapt import adapt
from keras_grl.adapting.result import Adaptation
from keras_grl.adapting.result import NoModelError

__all__ = ["Adaptation", "NoModelError", "adapt"]


def __dir__() -> list[str]:
    return sorted(__all__)
