"""Layers."""

from keras_grl.layers.gradient_reversal import GradientReversal

__all__ = ["GradientReversal"]
