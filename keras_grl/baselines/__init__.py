"""Baselines to compare domain-adversarial training with.

Names that need scikit-learn are imported at their first use, so that the
package works without it.
"""

import importlib
from typing import TYPE_CHECKING

from keras_grl.baselines.discrepancy_model import DiscrepancyModel
from keras_grl.baselines.last_hidden import LastHidden
from keras_grl.baselines.last_hidden import last_hidden_features
from keras_grl.baselines.samples import sample_rows
from keras_grl.distances import Coral
from keras_grl.distances import Discrepancy
from keras_grl.distances import MaximumMeanDiscrepancy
from keras_grl.distances import MeanDistance

if TYPE_CHECKING:
    from keras_grl.baselines.components import ComponentChoice
    from keras_grl.baselines.components import choose_components
    from keras_grl.baselines.geodesic_flow_kernel import GeodesicFlowKernel
    from keras_grl.baselines.linear_svm import LastLayerSVM
    from keras_grl.baselines.subspace_alignment import SubspaceAlignment

__all__ = [
    "LastHidden",
    "last_hidden_features",
    "sample_rows",
    "LastLayerSVM",
    "SubspaceAlignment",
    "GeodesicFlowKernel",
    "choose_components",
    "ComponentChoice",
    "DiscrepancyModel",
    "Discrepancy",
    "MeanDistance",
    "MaximumMeanDiscrepancy",
    "Coral",
]

_OF_SCIKIT_LEARN = {
    "LastLayerSVM": "linear_svm",
    "SubspaceAlignment": "subspace_alignment",
    "GeodesicFlowKernel": "geodesic_flow_kernel",
    "choose_components": "components",
    "ComponentChoice": "components",
}


def __getattr__(name: str) -> object:
    if name not in _OF_SCIKIT_LEARN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_OF_SCIKIT_LEARN[name]}")
    except ImportError as error:
        raise ImportError(
            f"`{name}` needs scikit-learn. Install it: "
            "`pip install scikit-learn`."
        ) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
