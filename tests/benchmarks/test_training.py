"""The command that compares training steps."""

import numpy as np
import pytest

from benchmarks import by_hand
from benchmarks import contestants
from benchmarks import load
from benchmarks import training


@pytest.mark.slow
def test_every_contestant_is_timed(capsys):
    """It fails by itself where the loop by hand trains something else."""
    training.main(["--network", "LeNet", "--steps", "1", "--chunks", "1"])
    header, _, rounds, *lines = capsys.readouterr().out.splitlines()
    assert "1 chunks of 1 steps of 64 + 64 images" in header
    assert rounds.startswith("LeNet: ")
    assert [line[:18].strip() for line in lines] == [
        "DANNModel.fit",
        "no monitor",
        "by hand",
        "keras.Model.fit",
    ]
    figures = np.array(
        [line[18:].replace(" s", "").split() for line in lines], float
    )
    assert figures.shape == (4, 6)
    assert figures[:, 0].min() > 0
    assert figures[0, [1, 3]].tolist() == [1.0, 1.0]


@pytest.mark.slow
def test_another_network_by_hand_is_an_error(monkeypatch):
    lenet = by_hand.NETWORKS["LeNet"]
    monkeypatch.setitem(by_hand.NETWORKS, "LeNet", lenet._replace(pooled=1))
    with pytest.raises(Exception, match=r"(?i)shape|size|dimension|equal"):
        contestants.check_losses("LeNet", contestants.images(28))


@pytest.mark.backend_free
def test_the_adaptation_factor_is_that_of_the_paper():
    assert by_hand.factor(0, 100) == 0
    assert by_hand.factor(50, 100) == pytest.approx(np.tanh(5 * 50 / 100))


@pytest.mark.backend_free
@pytest.mark.parametrize(
    ("others", "disturbed"), [(None, False), (0.0, False), (9.0, True)]
)
def test_what_disturbs(others, disturbed):
    assert load.Took(1.0, 1.0, others).disturbed is disturbed


@pytest.mark.backend_free
def test_work_is_measured():
    with load.measured() as took:
        sum(range(300_000))
    assert 0 < took.processor
    assert 0 < took.wall
    assert took.others is None or took.others >= 0
