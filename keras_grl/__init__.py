"""Domain-adversarial training for Keras 3, on TensorFlow, JAX and PyTorch."""

import importlib
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from keras_grl.version import __version__


def _is_command() -> bool:
    """Whether this process is `keras-grl` or `python -m keras_grl`."""
    words = sys.orig_argv[1:3]
    return words == ["-m", "keras_grl"] or (
        os.path.basename("".join(words[:1])) in ("keras-grl", "keras-grl.exe")
    )


# The command imports what it needs when it needs it: Keras and its backend
# take seconds, and `--help` and wrong options should be answered at once. All
# others get everything at once: Keras loads only classes that are registered.
if not _is_command():
    from keras_grl import architectures
    from keras_grl import baselines
    from keras_grl import callbacks
    from keras_grl import diagnostics
    from keras_grl import layers
    from keras_grl import losses
    from keras_grl import methods
    from keras_grl import models
    from keras_grl import schedules
    from keras_grl import scores
    from keras_grl.adapting import Adaptation
    from keras_grl.adapting import adapt
    from keras_grl.models import AdaptationModel
    from keras_grl.models import DANNModel
    from keras_grl.pairing import PairedDataset
    from keras_grl.pairing import pair
    from keras_grl.selection import Selection
    from keras_grl.selection import select

if TYPE_CHECKING:
    from keras_grl import datasets

__all__ = [
    "Adaptation",
    "AdaptationModel",
    "DANNModel",
    "PairedDataset",
    "Selection",
    "__version__",
    "adapt",
    "architectures",
    "baselines",
    "callbacks",
    "datasets",
    "diagnostics",
    "layers",
    "losses",
    "methods",
    "models",
    "pair",
    "schedules",
    "scores",
    "select",
]


def __getattr__(name: str) -> ModuleType:
    # It imports TensorFlow Datasets, which training does not need.
    if name == "datasets":
        return importlib.import_module("keras_grl.datasets")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    # The public names, not the imported ones.
    return sorted({*__all__, *(n for n in globals() if n.startswith("__"))})
