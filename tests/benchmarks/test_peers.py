"""Other libraries in the table of training steps.

They are not installed here: a program that answers as theirs do takes part.
"""

import io
import subprocess
import sys
import types

import numpy as np
import pytest

from benchmarks import load
from benchmarks.peers import contestant
from benchmarks.peers import protocol

pytestmark = pytest.mark.backend_free

# Of 64 + 64 images it sleeps a hundredth of a second a step.
PROGRAM = """#!{python}
import sys, time
sys.path.insert(0, {root!r})
sys.argv = sys.argv[2:]  # as after "-m"
from benchmarks.peers import protocol
source, labels, target = protocol.images()
print("noise of a library")
def train(steps):
    print("more noise")
    assert source.max() == 1 and labels.tolist() == [3], "wrong images"
    time.sleep(.01 * steps)
    if steps == 7:
        raise RuntimeError("the graph is empty")
protocol.serve("1.2.3", train)
"""
IMAGES = (
    np.full((1, 2, 2, 3), 255, "uint8"),
    np.array([3]),
    np.zeros((1, 2, 2, 3), "uint8"),
)


@pytest.fixture
def python(tmp_path, monkeypatch):
    file = tmp_path / "python"
    root = str(contestant._ROOT)
    file.write_text(PROGRAM.format(python=sys.executable, root=root))
    file.chmod(0o700)
    monkeypatch.setattr(contestant, "python_of", lambda name: file)


def test_a_peer_takes_part(python):
    peer = contestant.Peer("skada", IMAGES)
    first = peer.start()
    assert peer.version == "1.2.3"
    second = peer.start()
    assert 0.01 <= second.wall < first.wall  # That imports too.
    took = peer.chunk(5)
    peer.close()
    assert took.wall >= 0.05
    assert took.processor < 0.05  # It has slept.
    assert peer.process.returncode == 0


def test_a_peer_s_own_work_is_not_that_of_others(python, monkeypatch):
    busy = iter([100.0, 103.0])
    monkeypatch.setattr(load, "_busy", lambda: next(busy, None))
    peer = contestant.Peer("skada", IMAGES)
    peer.process = types.SimpleNamespace(stdin=io.StringIO())
    monkeypatch.setattr(peer, "_answer", lambda: "5.0 2.5")
    took = peer.chunk(5)
    assert (took.wall, took.processor) == (5.0, 2.5)
    assert took.others == pytest.approx(0.5, abs=0.05)


def test_a_peer_that_fails_says_why(python):
    peer = contestant.Peer("skada", IMAGES)
    peer.start()
    with pytest.raises(contestant.PeerError, match="RuntimeError: the graph"):
        peer.chunk(7)
    peer.close()


def test_an_environment_is_made_once(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(contestant, "_ENVIRONMENTS", tmp_path)

    def run(command, **kwargs):
        calls.append(command)
        (tmp_path / "pytorch_adapt").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    python = contestant.python_of("pytorch_adapt")
    venv, given, alone = calls
    assert venv[-1] == str(python.parent.parent)
    assert str(contestant._CONSTRAINTS) in given
    assert "torch" in given
    assert "--no-deps" in alone
    assert "pytorch-adapt==0.0.83" in alone
    assert contestant.python_of("pytorch_adapt") == python
    assert len(calls) == 3


def test_what_cannot_be_installed_is_said_and_tried_again(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(contestant, "_ENVIRONMENTS", tmp_path)
    errors = "first line\nERROR: No matching distribution found for adapt\n"
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, **kwargs: subprocess.CompletedProcess(
            command, 1, "", errors
        ),
    )
    for _ in range(2):
        with pytest.raises(contestant.PeerError, match="ERROR: No matching"):
            contestant.python_of("adapt")


def test_images_are_scaled_to_minus_one_and_one():
    got = protocol.scaled(np.array([0, 51, 255], "uint8"))
    np.testing.assert_allclose(got, [-1, -0.6, 1], atol=1e-7)
    assert got.dtype == np.float32
