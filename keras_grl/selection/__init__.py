"""Chooses which of several models to keep, without target labels."""

from keras_grl.selection.choosing import select
from keras_grl.selection.result import Selection

__all__ = ["Selection", "select"]


def __dir__() -> list[str]:
    return sorted(__all__)
