"""Figures of a training run and its results.

Every function draws on the Matplotlib axes that it is given, or on new ones,
and returns them: change titles, limits and labels as usual, and save by
`axes.figure.savefig("name.png")`. Colors are safe for color-blind readers, and
no difference is shown by color alone. Matplotlib is imported when a function is
called.
"""

from keras_grl.diagnostics.plots.axes import PALETTE
from keras_grl.diagnostics.plots.axes import SOURCE_COLOR
from keras_grl.diagnostics.plots.axes import TARGET_COLOR
from keras_grl.diagnostics.plots.embeddings import embedding
from keras_grl.diagnostics.plots.predictions import calibration
from keras_grl.diagnostics.plots.predictions import class_frequencies
from keras_grl.diagnostics.plots.predictions import confusion
from keras_grl.diagnostics.plots.telling_images import telling_images
from keras_grl.diagnostics.plots.training_curves import adaptation_factor
from keras_grl.diagnostics.plots.training_curves import losses
from keras_grl.diagnostics.plots.training_curves import scores
from keras_grl.diagnostics.plots.training_curves import training

__all__ = [
    "PALETTE",
    "SOURCE_COLOR",
    "TARGET_COLOR",
    "adaptation_factor",
    "calibration",
    "class_frequencies",
    "confusion",
    "embedding",
    "losses",
    "scores",
    "telling_images",
    "training",
]


def __dir__() -> list[str]:
    return sorted(__all__)
