"""The program of docs/diagnostics.md."""

import numpy as np
import pytest
from PIL import Image

from applications import diagnostics

pytestmark = pytest.mark.backend_free


def test_it_reports_both_networks_and_writes_the_figures(
    tmp_path, capsys, monkeypatch, no_embedding
):
    monkeypatch.setattr(diagnostics, "HELD_OUT", 40)
    monkeypatch.setattr(diagnostics, "SHOWN", 20)
    found = diagnostics.main(
        ["--epochs", "1", "--images", "64", "--output", str(tmp_path)]
    )
    assert list(found) == ["source only", "DANN"]
    # Only one of them has a domain classifier.
    assert "domain_loss" not in found["source only"].logs
    assert len(found["DANN"].logs["domain_loss"]) == 1
    printed = capsys.readouterr().out
    for name, each in found.items():
        layers = [row.layer for row in each.layers]
        assert layers[-3:] == ["relu2", "fc1", "fc2"]
        assert np.isfinite([row.a_distance for row in each.layers]).all()
        assert 0 <= each.bound.source_error <= 1
        assert len(each.distance.null) == 5
        assert f"{name}: accuracy on the target's test images" in printed
        assert str(each.layers) in printed and str(each.bound) in printed
    for name in ("training", "embedding", "predictions"):
        with Image.open(tmp_path / f"diagnostics_{name}.png") as image:
            assert image.width > 600
