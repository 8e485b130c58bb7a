"""Runs the examples of the README and the docstrings as printed."""

import doctest
import importlib
import pkgutil
import re
from contextlib import nullcontext

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from tests.architectures.initial_values import quick_weights
from tests.testing import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# One program each: a section continues the one before.
PROGRAMS = ("your_data",)
# They train several candidates, of what other pages train on each backend.
RUN_ONCE = ("choosing", "your_data")


def blocks(document):
    """(title of the section, code) of each block of Python."""
    return [
        (title.strip("#… \n"), code)
        for title, code in re.findall(
            r"^(#+ [^\n]*)$(?:(?!^#+ ).)*?^```python\n(.*?)^```",
            document.read_text(),
            flags=re.MULTILINE | re.DOTALL,
        )
    ]


def programs(document):
    """(title, code) of what runs by itself."""
    found = blocks(document)
    if document.stem in PROGRAMS:
        return [("all sections", "\n".join(code for _, code in found))]
    return found


def runs(document, code):
    """Where a block runs: on one backend, with a large network of Keras.

    Also what has no network: NumPy and scikit-learn.
    """
    once = document.stem in RUN_ONCE
    large = "keras.applications." in code
    without_networks = "import keras" not in code
    free = once or large or without_networks
    return [pytest.mark.backend_free] if free else []


def needed(code):
    """What a block imports that `make test` does not install."""
    return re.findall(
        r"^import (datasets|keras_hub|keras_tuner)$", code, flags=re.MULTILINE
    )


BLOCKS = [
    pytest.param(
        code, id=f"{document.stem}: {title}", marks=runs(document, code)
    )
    for document in DOCUMENTS
    for title, code in programs(document)
]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(keras_grl.__path__, "keras_grl.")
    if not module.name.startswith("keras_grl.backend")
)


def test_every_block_is_found():
    """One in each section: the expression above finds no second one."""
    for document in DOCUMENTS:
        count = document.read_text().count("```python")
        assert len(blocks(document)) == count, document
    assert len(BLOCKS) >= 10


def test_quickstart_is_short():
    quickstart = dict(blocks(DOCUMENTS[0]))["Quickstart"]
    assert len([line for line in quickstart.splitlines() if line]) <= 26


def test_quickstart_adapts(tmp_path, monkeypatch):
    """Its model is far better than source only, as in the README's table."""
    monkeypatch.chdir(tmp_path)
    quickstart = dict(blocks(DOCUMENTS[0]))["Quickstart"]
    # Without validation, which takes time and changes no weight.
    source_only = quickstart
    for printed, instead in (
        ("domain_loss_weight=1.0", "domain_loss_weight=0.0"),
        (", validation_data=(x_test, y_test)", ""),
    ):
        assert source_only.count(printed) == 1
        source_only = source_only.replace(printed, instead)
    accuracies = []
    for code in (source_only, quickstart):
        names = {"__name__": "document"}
        exec(compile(code, "quickstart", "exec"), names)
        found = names["predictions"].argmax(axis=1) == names["y_test"]
        accuracies.append(found.mean())
    assert accuracies[1] > accuracies[0] + 0.1
    assert names["predictions"].shape == (1000, 2)
    loaded = keras.models.load_model(tmp_path / "adapted.keras")
    np.testing.assert_allclose(
        loaded.predict(names["x_test"], verbose=0),
        names["predictions"],
        rtol=1e-4,
        atol=1e-5,
    )


# The quickstart has a test of its own.
@pytest.mark.parametrize(
    "code", [b for b in BLOCKS if b.id != "README: Quickstart"]
)
def test_block_runs_as_printed(code, tmp_path, monkeypatch, capsys):
    for package in needed(code):
        pytest.importorskip(package, reason=f"{package} is not installed")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "document"}
    with quick_weights() if ".architectures." in code else nullcontext():
        exec(compile(code, "document", "exec"), names)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    usual = {"keras": keras, "keras_grl": keras_grl, "np": np, "ops": ops}
    globs = {**vars(module), **usual}
    with quick_weights() if ".architectures." in name else nullcontext():
        failed, _ = doctest.testmod(module, globs=globs)
    assert failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_has_a_docstring(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", []):
        if not public.startswith("__"):
            assert getattr(module, public).__doc__
