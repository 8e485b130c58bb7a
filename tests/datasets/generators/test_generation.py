import functools
import os
import time

import numpy as np
import pytest

pytest.importorskip("loky")
pytest.importorskip("matplotlib")

from keras_grl.datasets.generators import generation
from keras_grl.datasets.generators import house_numbers
from keras_grl.datasets.generators import traffic_signs


@pytest.fixture(autouse=True)
def fast_start(monkeypatch):
    """The processes import Keras without using it: JAX is the fastest."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")


def test_no_more_is_made_than_is_taken_and_no_process_stays(
    tmp_path, monkeypatch
):
    """However many images a set has, few of them are in memory."""
    monkeypatch.setattr(generation, "CHUNK", 2)

    def make(indices):
        (tmp_path / str(indices.start)).touch()
        return os.getpid(), list(indices)

    chunks = generation.generate(make, 1000, processes=2)
    process, taken = next(chunks)
    assert taken == [0, 1] and process != os.getpid()
    # Twice as many wait as there are processes, and the one that was taken.
    for _ in range(600):
        if len(list(tmp_path.iterdir())) >= 5:
            break
        time.sleep(0.1)
    time.sleep(1)  # in which the processes would make more
    assert len(list(tmp_path.iterdir())) == 5
    os.kill(process, 0)  # is there: raises if not
    chunks.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_processes_change_nothing(monkeypatch):
    monkeypatch.setattr(generation, "CHUNK", 25)
    draws = house_numbers.draw, traffic_signs.draw
    make = functools.partial(_both, draws)
    alone = list(generation.generate(make, 210, processes=1))
    several = list(generation.generate(make, 210, processes=2))
    assert [len(chunk[1]) for chunk in alone] == [25] * 8 + [10]
    for chunk, other in zip(alone, several, strict=True):
        for array, same in zip(chunk, other, strict=True):
            np.testing.assert_array_equal(array, same)


def _both(draws, indices):
    return [array for draw in draws for array in draw(indices)]


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [({"count": 0}, "count"), ({"count": 3, "processes": 0}, "processes")],
)
def test_bad_arguments(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*at least 1"):
        next(generation.generate(list, **kwargs))
