import sys

import numpy as np
import pytest

from keras_grl import diagnostics
from keras_grl.diagnostics import plots

FEATURES = np.random.default_rng(0).normal(size=(2, 20, 3))


# That the package is imported without both: tests/test_package.py.
@pytest.mark.parametrize(
    ("absent", "call", "name"),
    [
        (
            "sklearn.preprocessing",
            lambda: diagnostics.domain_error(*FEATURES),
            "domain_error.*scikit-learn",
        ),
        (
            "sklearn.neural_network",
            lambda: diagnostics.proxy_a_distance_test(
                *FEATURES, classifier="mlp"
            ),
            "proxy_a_distance_test.*scikit-learn",
        ),
        (
            "sklearn.manifold",
            lambda: plots.embedding(*FEATURES),
            "embedding.*scikit-learn",
        ),
        (
            "matplotlib.pyplot",
            lambda: plots.losses({"loss": [1.0]}),
            "losses.*matplotlib",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_extra(
    monkeypatch, absent, call, name
):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ImportError, match=rf"{name}.*keras-grl\[demo\]"):
        call()
