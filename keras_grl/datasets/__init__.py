"""Datasets: every domain by its name.

There are three rooms: this one, with one file for each set; `generators/`,
which makes the images of the synthetic ones; and `tfds/`, by which TensorFlow
Datasets prepares and reads them. A file imports only from those to its left:

    generators, facts ← tfds ← the files of the sets ← catalog ← loading
"""

from keras_grl.datasets import catalog
from keras_grl.datasets import digits
from keras_grl.datasets import gtsrb
from keras_grl.datasets import mnist_m
from keras_grl.datasets import office31
from keras_grl.datasets import signs
from keras_grl.datasets import syn_numbers
from keras_grl.datasets import syn_signs
from keras_grl.datasets.facts import Info
from keras_grl.datasets.loading import info
from keras_grl.datasets.loading import load
from keras_grl.datasets.loading import names
from keras_grl.datasets.loading import register

__all__ = [
    "load",
    "info",
    "Info",
    "names",
    "register",
    # Sets with more than images and labels.
    "catalog",
    "digits",
    "gtsrb",
    "mnist_m",
    "office31",
    "signs",
    "syn_numbers",
    "syn_signs",
]


def __dir__() -> list[str]:
    return sorted(__all__)
