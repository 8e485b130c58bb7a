"""How far the domains are apart, and which model to choose."""

from keras_grl.diagnostics.distances import domain_error
from keras_grl.diagnostics.distances import proxy_a_distance

__all__ = ["domain_error", "proxy_a_distance"]
