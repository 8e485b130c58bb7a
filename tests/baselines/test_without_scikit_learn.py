import sys

import pytest

from keras_grl import baselines


def test_public_names():
    assert set(baselines.__all__) <= set(dir(baselines))
    for name in baselines.__all__:
        assert getattr(baselines, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'SVM'"):
        _ = baselines.SVM


# That the package itself can be imported without: tests/test_package.py.
@pytest.mark.parametrize(
    "name", ["SubspaceAlignment", "GeodesicFlowKernel", "LastLayerSVM"]
)
def test_names_that_need_scikit_learn_raise(monkeypatch, name):
    for module in (
        "subspaces",
        "subspace_alignment",
        "geodesic_flow_kernel",
        "linear_svm",
    ):
        monkeypatch.delitem(
            sys.modules, f"keras_grl.baselines.{module}", raising=False
        )
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    assert baselines.DiscrepancyModel and baselines.last_hidden_features
    message = rf"`{name}` needs.*pip install scikit-learn"
    with pytest.raises(ImportError, match=message):
        getattr(baselines, name)
