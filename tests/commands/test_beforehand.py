"""What the command answers before Keras is imported, which takes seconds."""

import os
import subprocess
import sys

import pytest

import keras_grl
from keras_grl.adapting.candidates import LADDER
from keras_grl.adapting.candidates import REFERENCE
from keras_grl.commands import beforehand
from keras_grl.commands.main import main
from tests.testing import ROOT

pytestmark = pytest.mark.backend_free

# What pip writes for an entry of `[project.scripts]`.
SCRIPT = """\
import sys
from keras_grl.commands.main import main
sys.exit(main())
"""
BACKENDS = {"keras", "tensorflow", "jax", "torch", "matplotlib", "sklearn"}


def imported(lines):
    """Names of the modules, of what PYTHONPROFILEIMPORTTIME writes."""
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("entry", "arguments", "expected"),
    [
        ("script", "--help", "adapt | check"),
        ("module", "adapt --help", "--backbone"),
        ("script", "adapt source --step 5", "error: "),
        (
            "module",
            "check source no_folder",
            "error: TARGET: expected a folder",
        ),
        (
            "module",
            "adapt source target --methods mcd",
            "error: --methods: expected names of mcc, ",
        ),
        (
            "module",
            "adapt source target --backbone VGG16 --weights none.h5",
            "error: --weights: expected imagenet, none or a file",
        ),
        (
            "script",
            "adapt source target --batch-size 8 --output .",
            "error: --output: . has files already",
        ),
    ],
)
def test_no_backend_is_imported(data, entry, arguments, expected):
    script = data / "keras-grl"
    script.write_text(SCRIPT)
    begin = {"module": ["-m", "keras_grl"], "script": [str(script)]}[entry]
    done = subprocess.run(
        [sys.executable, *begin, *arguments.split()],
        cwd=data,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONPROFILEIMPORTTIME": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = done.stderr.splitlines()
    written = [line for line in lines if not line.startswith("import time:")]
    names = imported(line for line in lines if line.startswith("import time:"))
    assert "keras_grl" in names and not names & BACKENDS
    assert expected in "\n".join([done.stdout, *written])
    assert done.returncode == (0 if "--help" in arguments else 2)
    assert len(written) == done.returncode / 2  # an error is one line


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["python", "-m", "keras_grl", "adapt"], True),
        (["python", "/usr/bin/keras-grl", "--help"], True),
        (["python.exe", os.path.join("Scripts", "keras-grl.exe")], True),
        (["python", "-m", "pytest", "keras_grl"], False),
        (["python", "-m", "keras_grl.models"], False),
        (["python", "train.py", "keras-grl"], False),
        (["python", "train.py", "keras_grl"], False),
        (["python", "keras-grl.py"], False),
        (["python"], False),
        ([], False),
    ],
)
def test_all_other_programs_get_every_class_registered(
    words, expected, monkeypatch
):
    monkeypatch.setattr(sys, "orig_argv", words)
    assert keras_grl._is_command() == expected


def test_methods_are_the_candidates():
    assert list(beforehand.METHODS) == [
        name for name in LADDER if name != REFERENCE
    ]


@pytest.mark.parametrize("name", ["openvino", "Torch", "numpy"])
def test_a_backend_that_cannot_train(name, data, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", name)
    assert main(["check", str(data / "source"), str(data / "target")]) == 2
    assert capsys.readouterr().err == (
        "error: KERAS_BACKEND: expected one of tensorflow, jax, torch, "
        f"received '{name}'\n"
    )


@pytest.mark.parametrize("name", ["jax", ""])
def test_a_backend_that_is_not_installed(name, data, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", name)
    monkeypatch.setitem(sys.modules, "keras", None)
    arguments = [str(data / "source"), str(data / "target")]
    assert main(["adapt", *arguments, "--batch-size", "8"]) == 2
    error = capsys.readouterr().err
    assert "expected a backend that is installed (tensorflow, jax, " in error
    received = name or "nothing, so Keras takes its default"
    assert f"received {received} (" in error
    assert len(error.splitlines()) == 1
