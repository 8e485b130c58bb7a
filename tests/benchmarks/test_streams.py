"""The command that compares how fast each kind of data is read."""

import numpy as np

from benchmarks import streams
from tests.testing import BACKEND

# Without those that import other frameworks.
KINDS = [
    "Keras, float32",
    "pair, uint8",
    "pair, memory-mapped uint8",
    "pair, uint8, on device",
    "pair, PyDataset",
]


def test_each_kind_is_timed(capsys, monkeypatch):
    every = streams.kinds
    monkeypatch.setattr(
        streams,
        "kinds",
        lambda folder: {kind: every(folder)[kind] for kind in KINDS},
    )
    streams.main(["--chunks", "1", "--steps", "2"])
    header, _, names, *lines = capsys.readouterr().out.splitlines()
    assert header.startswith(BACKEND)
    assert names.split() == ["images/s", "ratio", "CPU"]
    assert [line[:26].strip() for line in lines] == KINDS
    if BACKEND == "tensorflow":
        assert lines.pop(3).endswith("not on TensorFlow")
    figures = np.array(
        [line[26:].replace(",", "").split() for line in lines], float
    )
    assert figures.min() > 0
    assert figures[0, 1:].tolist() == [1.0, 1.0]


def test_as_many_images_reach_each_step():
    """Keras's own arrays are compared with as many in pairs."""
    data = streams.images(28)
    keras_reads = streams.of_keras(data)
    pairs = streams.of_pair(data)["x"]
    assert len(keras_reads["x"]) // keras_reads["batch_size"] == len(pairs)
    x, y = pairs[0]
    assert len(x["source"]) + len(x["target"]) == keras_reads["batch_size"]
    assert len(y) == streams.HALF
