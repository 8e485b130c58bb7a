"""What is answered before Keras is imported, and how programs end."""

import dataclasses
import importlib
import json
import os
import subprocess
import sys

import pytest

from applications import demo
from applications import options
from applications import start
from applications.runner import settings
from tests.testing import ROOT
from tests.testing import run_python

PROGRAMS = sorted(
    file.stem
    for file in (ROOT / "applications").glob("*.py")
    if "start.program(main)" in file.read_text()
)

# Asks each program for its options, in one process: nothing may be imported
# that takes long. It prints what each said, then imports Keras.
HELP = """
import contextlib, importlib, io, json, sys
said = {}
for name in PROGRAMS:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            importlib.import_module(f"applications.{name}").main(["--help"])
        except SystemExit as stopped:
            assert not stopped.code
    said[name] = out.getvalue()
slow = {"keras", "tensorflow", "jax", "torch", "matplotlib", "sklearn"}
assert not slow & set(sys.modules), slow & set(sys.modules)
print(json.dumps(said))

from applications import start
start.load_keras()
assert "keras" in sys.modules
"""


def test_programs_are_found():
    assert {"demo", "mnist_to_mnist_m", "office", "tables", "gallery"} <= set(
        PROGRAMS
    )
    for file in (ROOT / "applications").glob("*.py"):
        assert ("__main__" in file.read_text()) == (file.stem in PROGRAMS)


def test_help_imports_no_backend_and_the_start_is_silent():
    done = run_python(f"PROGRAMS = {PROGRAMS}\n{HELP}")
    assert done.returncode == 0 and done.stderr == ""
    said = json.loads(done.stdout)
    assert list(said) == PROGRAMS
    for name in PROGRAMS:
        assert "usage" in said[name] and "--" in said[name]
    for each in (demo.Options, demo.Settings):
        for field in dataclasses.fields(each):
            assert "--" + field.name.replace("_", "-") in said["demo"]


def python(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.backend_free
@pytest.mark.parametrize("name", ["openvino", "Torch", "numpy"])
def test_an_unknown_backend_is_refused_at_once(name):
    done = python("-m", "applications.demo", KERAS_BACKEND=name)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        "error: KERAS_BACKEND: expected one of tensorflow, jax, torch, "
        f"received '{name}'\n"
    )


def make(*args, cwd):
    """Runs make as from a shell, also where a make runs the tests."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")
    }
    return subprocess.run(
        ["make", *args],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.backend_free
def test_make_refuses_it_before_anything_is_installed(tmp_path):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for goals in ([], ["demo"]):
        done = make("KERAS_BACKEND=openvino", *goals, cwd=tmp_path)
        assert done.returncode == 2 and done.stdout == ""
        assert (
            "KERAS_BACKEND: expected one of tensorflow, jax, torch, received "
            "'openvino'"
        ) in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["Makefile"]


@pytest.mark.backend_free
def test_make_says_what_it_installs():
    done = make("--dry-run", "--always-make", "KERAS_BACKEND=jax", cwd=ROOT)
    printed = done.stdout.index("Installing keras-grl and jax into .venv")
    assert printed < done.stdout.index("pip install")


NOT_INSTALLED = """
import importlib.util, sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "jax"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Nothing())
found = importlib.util.find_spec
importlib.util.find_spec = (
    lambda name: None if name in ("torch", "jax") else found(name)
)
from applications import start
start.load_keras()
"""


@pytest.mark.backend_free
def test_a_backend_that_is_not_installed_gets_one_line():
    done = python("-c", NOT_INSTALLED, KERAS_BACKEND="torch")
    assert done.returncode == 1
    assert done.stderr == (
        "error: KERAS_BACKEND: expected a backend that is installed "
        "(tensorflow), received torch. No module named 'torch'\n"
    )


def test_of_what_is_written_at_the_start_the_noise_alone_is_left_out(capfd):
    with start._without_noise():
        os.write(2, b"WARNING: All log messages before absl::Initialize\n")
        os.write(2, b"I0000 00:00:1.2 8642 port.cc:153] oneDNN is on.\n")
        os.write(2, b"E0000 00:00:1.2 8642 cuda.cc:52] no driver\n")
        os.write(2, b"a warning of ours\n")
    assert capfd.readouterr().err == (
        "E0000 00:00:1.2 8642 cuda.cc:52] no driver\na warning of ours\n"
    )


def test_what_fails_at_the_start_is_not_left_out(capfd):
    with pytest.raises(ImportError), start._without_noise():
        os.write(2, b"why it failed\n")
        raise ImportError
    assert capfd.readouterr().err == "why it failed\n"


def test_ctrl_c_gets_one_line(capsys):
    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stopped:
        start.program(main)
    assert stopped.value.code == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        (options.seed, "99999999999999999999999", "at most 4294967295"),
        (options.seed, "4294967296", "at most 4294967295"),
        (options.seed, "9" * 5000, "at most 4294967295"),
        (options.seed, "-1", "a whole number, at least 0"),
        (options.count, "0", "a whole number, at least 1"),
        (options.count, "2147483648", "at most 2147483647"),
        (options.count, "1e3", "a whole number"),
        (options.images, "9" * 23, "at most 2147483647"),
        (options.positive, "1e39", "a finite number"),
        (options.positive, "-0.0", "a finite number greater than 0"),
        (options.not_negative, "inf", "a finite number"),
        (options.folder, "x" * 300, "at most 200 bytes"),
        (options.folder, "..", "a name without a path"),
    ],
)
def test_values_that_no_run_can_have(check, text, expected):
    with pytest.raises(ValueError, match=expected):
        check(text)


def test_values_at_the_bounds():
    assert options.seed("4294967295") == 2**32 - 1
    assert options.seed("0") == options.images("0") == 0
    assert options.count("1") == 1
    assert options.not_negative("0") == 0.0
    assert options.folder("x" * 200) == "x" * 200


def test_an_output_that_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("kept")
    for wrong in (
        str(file),
        str(file / "below" / "it"),
        "/proc/results",
        str(tmp_path / ("x" * 300)),
        "",
    ):
        with pytest.raises(ValueError, match=r"a folder that|a path"):
            options.output(wrong)
    right = str(tmp_path / "new" / "results")
    assert options.output(right) == right
    assert options.output(str(tmp_path)) == str(tmp_path)
    # It is checked, not created.
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "kept"


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_refuses_what_is_not_its_option(name, tmp_path, capsys):
    program = importlib.import_module(f"applications.{name}")
    file = tmp_path / "file"
    file.write_text("kept")
    needed = []
    if name == "squeezenet_features":  # which writes nothing
        needed = ["--weights", "x", "--photographs", "x"]
    # Both are wrong as well if they are taken for what they begin like.
    wrong = {
        f"--outpu {file}": f"unrecognized arguments: --outpu {file}",
        "--see x": "unrecognized arguments: --see x",
        f"--output {file}": "--output",
    }
    for arguments, expected in wrong.items():
        with pytest.raises(SystemExit) as stopped:
            program.main([*needed, *arguments.split()])
        said = capsys.readouterr().err
        assert stopped.value.code == 2
        assert expected in said and len(said.splitlines()) == 1


def test_the_last_seed_is_one_too():
    with pytest.raises(SystemExit, match="--seeds: expected a last seed"):
        settings.Options(seed=4294967295, seeds=2)
    with pytest.raises(SystemExit, match="--seeds: expected a last seed"):
        demo.Options(seed=4294967290, seeds=7)
    demo.Options(seed=4294967290, seeds=6)
