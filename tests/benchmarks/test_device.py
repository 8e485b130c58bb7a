"""The command that checks values and measures speed on a GPU."""

import json

import keras
import numpy as np
import pytest

from benchmarks import by_hand
from benchmarks import contestants
from benchmarks import device
from benchmarks import device_checks
from benchmarks import digits
from tests.testing import BACKEND


@pytest.mark.skipif(
    BACKEND == "tensorflow", reason="the command is for JAX and PyTorch"
)
def test_the_file_has_all_parts(tmp_path, monkeypatch, capsys):
    """Values are checked; loops are replaced, which compile for long."""
    called = []

    def broken():
        raise RuntimeError("no memory")

    monkeypatch.setattr(
        device,
        "loops",
        lambda network, executions: {
            "quick": lambda: called.append,
            "broken": broken,
            "refused": "not on this backend",
        },
    )
    monkeypatch.setattr(device, "adapt", lambda quick: {"seconds": 1.0})
    path = tmp_path / "device.json"
    device.main(["--quick", "--out", str(path)])
    results = json.loads(path.read_text())
    assert json.loads(capsys.readouterr().out) == results
    assert results["left_out"] == {
        "jit_compile": "takes too long for --quick",
        "LeNet, broken": "RuntimeError: no memory",
        "LeNet, refused": "not on this backend",
    }
    checks = {*device_checks.CHECKS} - {"jit_compile"}
    assert {*results["checks"]} == checks
    assert all(each["right"] for each in results["checks"].values())
    (loop,) = results["steps_per_second"]
    assert (loop["network"], loop["loop"]) == ("LeNet", "quick")
    assert loop["steps_per_second"] > 0
    assert called == [1, 1]
    assert results["adapt"] == {"seconds": 1.0}
    assert results["quick"] is True
    assert results["device"]


@pytest.mark.backend_free
def test_a_wrong_value_is_not_right(monkeypatch):
    monkeypatch.setattr(device_checks, "RATE", 0.2)
    expected = device_checks.by_numpy()
    monkeypatch.undo()
    assert device_checks.furthest(expected, device_checks.by_numpy()) > 0.01


@pytest.mark.backend_free
def test_nothing_begins_after_the_time(tmp_path):
    path = tmp_path / "device.json"
    run = device.Run(str(path), seconds=-1, quick=True)
    run.adapt()
    results = json.loads(path.read_text())
    assert results["left_out"] == {"adapt": "no time was left"}
    assert results["adapt"] == {}


def test_a_scan_trains_as_single_steps():
    if keras.backend.backend() != "jax":
        pytest.skip("`lax.scan` is JAX's")
    from benchmarks import by_hand_jax

    def loop():
        network = by_hand.NETWORKS["LeNet"]
        return by_hand_jax.Loop(network, contestants.dann("LeNet"), 0.01)

    source, labels, target = (each[:8] for each in contestants.images(28))
    rows = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    factors = np.array([0.0, 0.5])
    scanned = loop().steps((source, labels, target), (rows, rows), factors)
    single = loop()
    for number, each in enumerate(rows):
        loss = single.step(
            source[each], labels[each], target[each], factors[number]
        )
        np.testing.assert_allclose(scanned[number], loss, rtol=1e-5)


@pytest.mark.backend_free
def test_digits_are_white_or_differ_from_a_background():
    images, labels = digits.source(20, seed=0)
    assert images.shape == (20, 28, 28, 3)
    assert images.dtype == "uint8"
    white = images.max(axis=-1) > 127
    assert (0.02 < white.mean(axis=(1, 2))).all()
    assert (white.mean(axis=(1, 2)) < 0.4).all()
    blended, same = digits.target(20, seed=0)
    assert same.tolist() == labels.tolist()
    # Each color of a digit is the inverse of its background.
    assert (blended.std(axis=(1, 2)) > 20).all()
