"""keras-grl adapt as a process: killed, two at once, a full disk, Ctrl-C."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from keras_grl.adapting import training
from keras_grl.commands import files
from keras_grl.commands.main import main
from keras_grl.files import write_json
from keras_grl.locking import locked
from tests.commands.generated import write_source
from tests.commands.generated import write_target

OPTIONS = "--steps 5 --image-size 8 --batch-size 8 --methods mcc".split()
SECONDS = 240  # until a process is given up


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    write_source(folder / "source")
    write_target(folder / "target")
    return folder


def words(data, output, *options):
    return [
        "adapt",
        str(data / "source"),
        str(data / "target"),
        *OPTIONS,
        "--output",
        str(output),
        *options,
    ]


def start(arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "keras_grl", *arguments],
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ends(process):
    out, error = process.communicate(timeout=SECONDS)
    return process.returncode, out, error


def wait_for(path, process):
    until = time.monotonic() + SECONDS
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def untrained(monkeypatch):
    """Trainings end at once, for tests of what is before and after them."""
    monkeypatch.setattr(training.Trainer, "fit", lambda *args: ({}, []))


def predictions(output):
    with open(output / "predictions.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_killed_process_resumes_as_if_it_had_not_been(data, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(words(data, killed))
    wait_for(killed / "runs" / "source_only-0" / "run.json", process)
    # Not between two runs, but within one.
    process.send_signal(signal.SIGKILL)
    assert ends(process)[0] == -signal.SIGKILL
    assert not (killed / "predictions.csv").exists()
    assert main(words(data, killed, "--resume")) == 0
    result = json.loads((killed / "adaptation.json").read_text())
    resumed = [run["resumed"] for run in result["runs"]]
    assert resumed[0] and not resumed[-1]
    assert main(words(data, whole)) == 0
    for one, other in zip(predictions(killed), predictions(whole), strict=True):
        assert one["file"] == other["file"] and one["class"] == other["class"]
        assert float(one["probability"]) == pytest.approx(
            float(other["probability"]), abs=2e-5
        )


def test_a_folder_that_another_process_writes(data, tmp_path, capsys):
    """One clear error for the second, with --resume and without."""
    output = tmp_path / "output"
    output.mkdir()
    write_json(output / "started.json", {})
    before = sorted(output.rglob("*"))
    with locked(output) as alone:
        assert alone
        for options in ((), ("--resume",)):
            assert main(words(data, output, *options)) == 2
            error = capsys.readouterr().err
            assert f"--output: another process writes to {output}" in error
            assert len(error.splitlines()) == 1
    assert sorted(output.rglob("*")) == before
    # The lock has ended with the block.
    assert main(words(data, output)) == 2
    assert "has files already" in capsys.readouterr().err


def test_two_that_begin_at_the_same_time(tmp_path):
    """Both have found an empty folder, and read the images until now."""
    with files.started(tmp_path / "output", {"--seed": 0}, False):
        with pytest.raises(files.CommandError, match="another process"):
            with files.started(tmp_path / "output", {"--seed": 1}, False):
                raise AssertionError("two at once")
    with pytest.raises(files.CommandError, match="has files by now"):
        with files.started(tmp_path / "output", {"--seed": 1}, False):
            raise AssertionError("the folder of another run")
    text = (tmp_path / "output" / "started.json").read_text()
    assert json.loads(text) == {"--seed": 0}


@pytest.mark.parametrize("where", ["run", "model", "report"])
def test_a_full_disk_gets_one_line(
    data, tmp_path, where, monkeypatch, capsys, untrained
):
    full = OSError(errno.ENOSPC, "No space left on device")

    def fails(*args, **kwargs):
        raise full

    with monkeypatch.context() as patch:
        if where == "run":
            patch.setattr(np, "savez", fails)
        elif where == "model":
            patch.setattr(keras.Model, "save", fails)
        else:
            patch.setattr("keras_grl.commands.adapt.write_report", fails)
        assert main(words(data, tmp_path / "output")) == 2
    error = capsys.readouterr().err
    assert "error: --output: cannot write to " in error
    assert "(No space left on device)" in error and "--resume" in error
    assert len(error.splitlines()) == 1
    if where == "report":
        assert main(words(data, tmp_path / "output", "--resume")) == 0
        assert (tmp_path / "output" / "report.html").exists()


@pytest.mark.parametrize("place", ["images", "training", "report"])
def test_ctrl_c_says_whether_it_can_continue(
    data, tmp_path, place, monkeypatch, capsys, untrained
):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    name = {
        "images": "keras_grl.commands.images.load",
        "training": "keras_grl.adapting.training.Trainer.fit",
        "report": "keras_grl.commands.adapt.write_report",
    }[place]
    monkeypatch.setattr(name, interrupt)
    output = tmp_path / "output"
    assert main(words(data, output)) == 130
    error = capsys.readouterr().err
    assert ("with --resume continues" in error) == (place != "images")
    assert output.exists() == (place != "images")


def test_what_must_be_the_same_to_resume(tmp_path):
    """Also where --weights names the same file, with another content."""
    asked = {"KERAS_BACKEND": "jax", "a file of --weights": "01ab", "--seed": 0}
    output = tmp_path / "output"
    with files.started(output, asked, False):
        pass
    with files.started(output, asked, True):
        pass
    for name, value in (
        ("KERAS_BACKEND", "torch"),
        ("a file of --weights", "02ab"),
        ("--seed", 1),
    ):
        expected = f"started with {name} {asked[name]}, received {value}"
        with pytest.raises(files.CommandError, match=expected):
            with files.started(output, {**asked, name: value}, True):
                raise AssertionError("it resumes another run")
    for text in ("{", "[1]", "null"):
        (output / "started.json").write_text(text)
        with pytest.raises(files.CommandError, match="is broken"):
            with files.started(output, asked, True):
                raise AssertionError("it resumes what it cannot read")


def test_runs_that_are_not_those_of_the_folder(
    data, tmp_path, monkeypatch, capsys
):
    output = tmp_path / "output"

    def ends_here(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training.Trainer, "fit", ends_here)
        assert main(words(data, output)) == 130
    asked = json.loads((output / "started.json").read_text())
    assert asked["KERAS_BACKEND"] == keras.backend.backend()
    capsys.readouterr()
    for text in ("{", "[]", '{"asked": {}, "plan": [2, 5, 2]}'):
        (output / "runs" / "settings.json").write_text(text)
        assert main(words(data, output, "--resume")) == 2
        error = capsys.readouterr().err
        assert f"--resume: the runs in {output} were trained other" in error
        assert len(error.splitlines()) == 1


def test_too_little_memory_gets_one_line(data, tmp_path, monkeypatch, capsys):
    def fails(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("keras_grl.commands.images.load", fails)
    assert main(words(data, tmp_path / "output")) == 2
    error = capsys.readouterr().err
    assert "not enough memory" in error and "--image-size" in error
