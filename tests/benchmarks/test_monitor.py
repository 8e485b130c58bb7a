"""The command that measures what the monitor costs."""

import numpy as np
import pytest

import keras_grl
from benchmarks import contestants
from benchmarks import monitor


def test_what_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(monitor, "STEPS", 2)
    monkeypatch.setattr(contestants, "IMAGES", 128)
    monitor.main(["--epochs", "3"])
    head, images, *lines = capsys.readouterr().out.splitlines()
    assert head.endswith("2 epochs of 2 steps")
    assert images == "LeNet: 0 target images an epoch"  # it is a short run
    assert [line[:24].strip() for line in lines] == [
        "in every step",
        "at the end of an epoch",
    ]
    shares = [float(line.split()[-2]) for line in lines]
    assert all(0 <= share < 50 for share in shares)


@pytest.mark.backend_free
def test_the_first_epoch_is_left_out(monkeypatch):
    """Each call of the clock is a second later than the one before."""
    clock = iter(range(100))
    for name in ("thread_time", "process_time"):
        monkeypatch.setattr(monitor.time, name, lambda: next(clock))
    base = keras_grl.callbacks.AdaptationMonitor
    for name in ("on_train_batch_begin", "on_train_batch_end", "on_epoch_end"):
        monkeypatch.setattr(base, name, lambda self, *arguments: None)
    timed = monitor.Timed()
    timed._x = np.zeros((7, 2))
    for epoch in range(3):
        for batch in range(2):
            timed.on_train_batch_begin(batch)
            timed.on_train_batch_end(batch)
        timed.on_epoch_end(epoch)
    # Ten calls an epoch; four intervals of a second in steps, one at its end.
    assert (timed.of_all, timed.of_steps, timed.of_epochs) == (20, 8, 2)
    assert timed.predicted == 7
