"""How much the domains differ."""

from keras_grl.diagnostics.distances import domain_error
from keras_grl.diagnostics.distances import proxy_a_distance

__all__ = ["domain_error", "proxy_a_distance"]
