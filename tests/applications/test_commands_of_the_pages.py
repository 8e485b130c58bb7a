"""The commands of the pages, as the programs themselves read them."""

import dataclasses
import importlib
import re
import shlex

import pytest

from applications.runner import program
from tests.testing import ROOT

pytestmark = pytest.mark.backend_free

PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"])
# Those that train into a folder of results.
PROGRAMS = (
    "mnist_to_mnist_m",
    "mnist_to_svhn",
    "mnist_to_usps",
    "office",
    "semi_supervised_signs",
    "svhn_to_mnist",
    "syn_numbers_to_svhn",
    "syn_signs_to_gtsrb",
    "usps_to_mnist",
)


def commands(text):
    """Program and arguments of each command for a console, in order."""
    found = []
    for block in re.findall(r"(?ms)^```console\n(.*?)^```", text):
        for line in block.replace("\\\n", " ").splitlines():
            _, found_one, rest = line.partition("python -m applications.")
            if not found_one:
                continue
            name, *arguments = shlex.split(rest, comments=True)
            if name in PROGRAMS and "--help" not in arguments:
                found.append((name, arguments))
    return found


def meant(arguments, folder):
    """With the folders that DATA and the names of files stand for."""
    for word in arguments:
        if word == "DATA":
            yield from (f"--data-dir={folder}", f"--manual-dir={folder}")
        else:
            yield str(folder / word) if word.endswith(".npz") else word


def jobs(name, arguments, folder, monkeypatch):
    """What a program would run, or the end of it by a wrong option."""
    asked = []
    monkeypatch.setattr(program, "run", asked.append)
    module = importlib.import_module(f"applications.{name}")
    module.main([*meant(arguments, folder), f"--output={folder}"])
    for job in asked:
        assert job.methods  # ends the program if there is no such method
    return asked


def conflicts(text, folder, monkeypatch):
    """Commands that would be refused, for another one has their folder."""
    (folder / "squeezenet_v1.0_imagenet.npz").touch()
    settings, found = {}, []
    for name, arguments in commands(text):
        for job in jobs(name, arguments, folder, monkeypatch):
            path = next(job.options.folders(job.experiment.name, "jax"))
            these = (
                job.options.preset,
                job.experiment.files,
                dataclasses.asdict(job.settings),
            )
            if settings.setdefault(path, these) != these:
                found.append((name, " ".join(arguments)))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_understood_and_has_its_folder(
    page, tmp_path, monkeypatch
):
    assert conflicts(page.read_text(), tmp_path, monkeypatch) == []


def test_the_results_have_their_commands():
    found = commands((ROOT / "docs" / "results.md").read_text())
    # Of USPS there is no result yet.
    names = {name for name in PROGRAMS if "usps" not in name}
    assert {name for name, _ in found} == names
    assert len(found) > 20


@pytest.mark.parametrize(
    ("second", "count"),
    [
        ("--preset quick --methods dann", 0),
        ("--preset quick --seeds 3", 0),
        ("--preset quick --epochs 7", 1),
        ("--preset quick --epochs 7 --name longer", 0),
        ("--preset tuned", 0),
    ],
)
def test_two_commands_of_one_folder(second, count, tmp_path, monkeypatch):
    text = (
        "```console\n$ python -m applications.svhn_to_mnist --preset quick "
        f"DATA\n$ python -m applications.svhn_to_mnist \\\n    {second}\n```\n"
    )
    assert len(conflicts(text, tmp_path, monkeypatch)) == count


@pytest.mark.parametrize(
    "wrong", ["--epoch 3", "--methods dan", "--preset quik", "--network large"]
)
def test_a_command_with_a_wrong_word(wrong, tmp_path, monkeypatch):
    text = f"```console\n$ python -m applications.svhn_to_mnist {wrong}\n```\n"
    with pytest.raises(SystemExit):
        conflicts(text, tmp_path, monkeypatch)
