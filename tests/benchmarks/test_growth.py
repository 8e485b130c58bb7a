"""The command that shows what grows with data, steps and models."""

import math
import mmap

import numpy as np
import pytest

from benchmarks import growth
from benchmarks import usage


def test_data_are_timed(capsys):
    growth.main(["--part", "data", "--quick"])
    _, _, *lines = capsys.readouterr().out.splitlines()
    figures = np.array([row.replace(" s", "").split() for row in lines], float)
    assert figures[:, :2].tolist() == [[32, 200], [32, 400]]
    assert figures[:, 2:5].min() > 0
    # The smallest data set is at 1.
    assert figures[0, 5] == 1


def test_steps_are_timed_with_all_callbacks(capsys):
    growth.main(["--part", "steps", "--quick"])
    *lines, last = capsys.readouterr().out.splitlines()
    steps = [int(line.split()[0]) for line in lines[-3:]]
    assert steps == [2, 4, 6]
    # Of the two thousands after the first, both are first and last.
    assert last.startswith("last against first: wall 1.000, processor 1.000")


@pytest.mark.parametrize("part", ["models", "keras-models"])
def test_dropped_models_are_counted(part, capsys):
    growth.main(["--part", part, "--quick"])
    *_, first, second, last = capsys.readouterr().out.splitlines()
    for line, count in ((first, 1), (second, 2)):
        models, *_, alive = line.split()
        assert int(models) == count
        assert int(alive) == 0
    assert last.startswith("of each of the last 1: ")


@pytest.mark.backend_free
def test_what_is_held(tmp_path):
    before = usage.usage(collect=False)
    if math.isnan(before.memory):
        pytest.skip("only Linux tells what a process holds")
    # Not an array, which may get memory that this process has freed and kept.
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, 2**26, flags) as kept, open(tmp_path / "file", "w"):
        kept[:] = bytes(2**26)
        after = usage.usage(collect=False)
    assert after.memory - before.memory == pytest.approx(64, abs=4)
    assert after.files == before.files + 1
    assert after.threads >= 1
    assert usage.peak() > 64


@pytest.mark.backend_free
def test_images_that_are_mapped(tmp_path, monkeypatch):
    """Equal blocks or not: all images are written."""
    monkeypatch.setattr(growth, "BLOCK", 3)
    path = growth.write(tmp_path / "images.npy", 7, seed=0)
    images = np.load(path, mmap_mode="r")
    assert images.shape == (7, 16, 16, 1)
    assert (images.reshape(7, -1).max(axis=1) > 0).all()
