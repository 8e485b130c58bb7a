"""How much the domains differ, and where in a network."""

from keras_grl.diagnostics import plots
from keras_grl.diagnostics.bound import DivergenceBound
from keras_grl.diagnostics.bound import h_divergence_bound
from keras_grl.diagnostics.distance_test import DistanceTest
from keras_grl.diagnostics.distance_test import proxy_a_distance_test
from keras_grl.diagnostics.distances import domain_error
from keras_grl.diagnostics.distances import proxy_a_distance
from keras_grl.diagnostics.image_comparison import ImageGap
from keras_grl.diagnostics.image_comparison import StatisticGap
from keras_grl.diagnostics.image_comparison import image_gap
from keras_grl.diagnostics.image_measures import IMAGE_STATISTICS
from keras_grl.diagnostics.image_measures import ImageStatistic
from keras_grl.diagnostics.image_measures import image_statistics
from keras_grl.diagnostics.layer_choice import LayerDistance
from keras_grl.diagnostics.layer_choice import LayerTable
from keras_grl.diagnostics.layer_choice import choose_layer

__all__ = [
    "DistanceTest",
    "DivergenceBound",
    "IMAGE_STATISTICS",
    "ImageGap",
    "ImageStatistic",
    "LayerDistance",
    "LayerTable",
    "StatisticGap",
    "choose_layer",
    "domain_error",
    "h_divergence_bound",
    "image_gap",
    "image_statistics",
    "plots",
    "proxy_a_distance",
    "proxy_a_distance_test",
]


def __dir__() -> list[str]:
    return sorted(__all__)
