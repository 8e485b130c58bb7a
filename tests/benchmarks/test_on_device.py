"""The command that compares batches of the device with those of the host."""

import numpy as np
import pytest

from benchmarks import on_device
from tests.testing import BACKEND


@pytest.mark.skipif(BACKEND == "tensorflow", reason="refused on TensorFlow")
def test_both_are_timed(capsys, monkeypatch):
    monkeypatch.setattr(on_device, "NETWORKS", {"dense": 2})
    on_device.main(["--chunks", "1"])
    header, _, name, *lines = capsys.readouterr().out.splitlines()
    assert header.startswith(BACKEND) and name == "dense"
    assert [line.split()[0] for line in lines] == ["host", "device"]
    figures = np.array([line.split()[1:] for line in lines], float)
    assert figures.shape == (2, 4)
    assert figures.min() > 0
    assert figures[0, 2:].tolist() == [1.0, 1.0]
