"""Datasets: every domain by its name."""

import contextlib

from keras_grl.datasets import digits
from keras_grl.datasets.loading import Info
from keras_grl.datasets.loading import info
from keras_grl.datasets.loading import load
from keras_grl.datasets.loading import names
from keras_grl.datasets.loading import register

__all__ = ["load", "info", "Info", "names", "register", "digits"]

with contextlib.suppress(ImportError):  # they are optional
    register()


def __dir__() -> list[str]:
    return sorted(__all__)
