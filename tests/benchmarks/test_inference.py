"""The command that compares `evaluate` and `predict`."""

import numpy as np

from benchmarks import inference


def test_both_models_are_timed(capsys):
    inference.main(["--network", "LeNet", "--batches", "1", "--chunks", "1"])
    header, names, network, *lines = capsys.readouterr().out.splitlines()
    assert "1 chunks of 1 batches of 128 images" in header
    assert names.split() == ["DANNModel", "keras.Model", "ratio", "CPU"]
    assert network == "LeNet"
    assert [line.split()[0] for line in lines] == ["evaluate", "predict"]
    figures = np.array(
        [line.replace(",", "").split()[1:] for line in lines], float
    )
    assert figures.min() > 0
    # Of one round: the ratio of the rates.
    np.testing.assert_allclose(
        figures[:, 2], figures[:, 0] / figures[:, 1], rtol=0.05
    )
