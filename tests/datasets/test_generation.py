import os
import time

import pytest

pytest.importorskip("loky")

from keras_grl.datasets import generation


def test_no_more_is_drawn_than_is_taken(tmp_path, monkeypatch):
    """However many images a set has, few are in memory."""
    monkeypatch.setattr(generation, "CHUNK", 2)

    def make(indices):
        (tmp_path / str(indices.start)).touch()
        return list(indices)

    chunks = generation.generate(make, 1000, processes=2)
    taken = next(chunks)
    time.sleep(1)
    # Twice as many wait as there are processes, and the one that was taken.
    assert len(list(tmp_path.iterdir())) <= 5
    assert taken + [i for chunk in chunks for i in chunk] == list(range(1000))


def test_who_stops_early_leaves_no_process(monkeypatch):
    monkeypatch.setattr(generation, "CHUNK", 2)
    chunks = generation.generate(lambda _: os.getpid(), 1000, processes=2)
    drawing = next(chunks)
    os.kill(drawing, 0)  # is there: raises if not
    chunks.close()
    with pytest.raises(ProcessLookupError):
        os.kill(drawing, 0)


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [({"count": 0}, "count"), ({"count": 3, "processes": 0}, "processes")],
)
def test_bad_arguments(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*at least 1"):
        next(generation.generate(list, **kwargs))
