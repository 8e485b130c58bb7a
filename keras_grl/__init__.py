"""Domain-adversarial training for Keras 3, on TensorFlow, JAX and PyTorch."""

from keras_grl import architectures
from keras_grl import baselines
from keras_grl import callbacks
from keras_grl import datasets
from keras_grl import diagnostics
from keras_grl import layers
from keras_grl import models
from keras_grl import schedules
from keras_grl.models import DANNModel
from keras_grl.pairing import PairedDataset
from keras_grl.pairing import pair
from keras_grl.version import __version__

__all__ = [
    "DANNModel",
    "PairedDataset",
    "__version__",
    "architectures",
    "baselines",
    "callbacks",
    "datasets",
    "diagnostics",
    "layers",
    "models",
    "pair",
    "schedules",
]
