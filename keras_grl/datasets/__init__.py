"""Datasets."""

from keras_grl.datasets import digits

__all__ = ["digits"]
