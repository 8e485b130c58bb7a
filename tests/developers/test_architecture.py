"""The rooms of the package, their order, and what may import what."""

import ast
import doctest
import importlib

import pytest

from docs.developers import rooms
from tests.testing import ROOT

pytestmark = pytest.mark.backend_free

PACKAGE = sorted(rooms.PACKAGE.rglob("*.py"))
APPLICATIONS = sorted((ROOT / "applications").rglob("*.py"))


def package(folder, **rooms_to_code):
    """A package with a room for each keyword; returns its folder."""
    root = folder / "keras_grl"
    root.mkdir()
    (root / "__init__.py").write_text("from keras_grl import layers\n")
    for room, code in rooms_to_code.items():
        (root / room).mkdir()
        (root / room / "__init__.py").write_text("")
        (root / room / "inner.py").write_text(code)
    return root


def test_examples_of_the_script():
    assert doctest.testmod(rooms) == (0, 1)


def test_no_arrow_goes_upwards():
    assert rooms.faults(rooms.arrows()) == []


def test_the_page_shows_the_imports_of_today():
    page = rooms.PAGE.read_text()
    # If not: run `python -m docs.developers.rooms`.
    assert rooms.written(page, rooms.arrows()) == page


@pytest.mark.parametrize(
    "code, fault",
    [
        ("from keras_grl.models import DANNModel", "comes after it"),
        ("import keras_grl.models", "comes after it"),
        ("import keras_grl.streams", "comes after it"),
        ("from keras_grl import models", "comes after it"),
        ("from ..models import inner", "comes after it"),
        ("def f():\n    from keras_grl.models import inner", "comes after it"),
        ("from keras_grl import DANNModel", "from the package itself"),
        ("import keras_grl", "from the package itself"),
        ("from keras_grl.datasets import load", "which no room needs"),
    ],
)
def test_an_arrow_upwards_is_found(tmp_path, code, fault):
    others = {"streams": "", "models": "", "datasets": ""}
    root = package(tmp_path, layers=code, **others)
    (found,) = rooms.faults(rooms.arrows(root))
    assert found.startswith("layers imports") and fault in found


def test_datasets_import_what_is_below_every_room(tmp_path):
    code = "from keras_grl import {}"
    root = package(tmp_path, datasets=code.format("layers"), layers="")
    assert len(rooms.faults(rooms.arrows(root))) == 1
    (root / "datasets" / "inner.py").write_text(code.format("validation"))
    (root / "validation.py").write_text("")
    assert rooms.faults(rooms.arrows(root)) == []


def test_rooms_of_one_level_do_not_import_each_other(tmp_path):
    root = package(
        tmp_path,
        layers="from keras_grl import losses",
        losses="from keras_grl import layers",
    )
    (found,) = rooms.faults(rooms.arrows(root))
    assert found.startswith("rooms import each other")


def test_a_new_room_needs_a_place(tmp_path):
    root = package(tmp_path, cellar="")
    (found,) = rooms.faults(rooms.arrows(root))
    assert found.startswith("cellar has no place in ORDER")


def test_the_picture_leaves_out_what_follows(tmp_path):
    root = package(
        tmp_path,
        models="from keras_grl import layers\nfrom keras_grl import backend",
        layers="import keras_grl.backend",
        backend="",
        schedules="",
    )
    assert rooms.picture(rooms.arrows(root)).splitlines() == [
        "flowchart TD",
        "    models --> layers",
        "    layers --> backend",
        "    schedules",
    ]
    assert "| imports |" in (table := rooms.table(rooms.arrows(root)))
    assert "`models` | forward pass, losses, metrics, `fit`, files | " in table
    assert "backend, layers |" in table


def test_only_backend_imports_a_backend():
    for path in PACKAGE:
        if path.parent.name != "backend":
            heads = {module.split(".")[0] for module in rooms.imports(path)}
            assert not heads & {"tensorflow", "jax", "torch"}, path


def test_only_public_keras():
    for path in (*PACKAGE, *APPLICATIONS):
        for module in rooms.imports(path):
            assert not module.startswith("keras.src"), path


def test_no_file_is_longer_than_350_lines():
    lines = {
        str(path.relative_to(ROOT)): path.read_text().count("\n")
        for path in PACKAGE
    }
    assert {path: n for path, n in lines.items() if n > 350} == {}


def private(name):
    """The first part of a dotted name that no `__all__` has, if any."""
    head, *parts = name.split(".")
    module = importlib.import_module(head)
    for part in parts:
        if part not in getattr(module, "__all__", [part]):
            return part
        module = getattr(module, part)
    return None


@pytest.mark.parametrize(
    "name, expected",
    [
        ("keras_grl.DANNModel", None),
        ("keras_grl.layers.GradientReversal", None),
        ("keras_grl.validation", "validation"),
        ("keras_grl.layers.gradient_reversal", "gradient_reversal"),
    ],
)
def test_what_is_private(name, expected):
    assert private(name) == expected


def used(path):
    """The dotted names of `keras_grl` that a program uses."""
    names = {n for n in rooms.imports(path) if n.split(".")[0] == "keras_grl"}
    meaning = {name.split(".")[-1]: name for name in names}
    for node in ast.walk(ast.parse(path.read_text())):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in meaning:
            names.add(".".join([meaning[node.id], *parts]))
    return names


def test_what_a_program_uses(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        "import keras_grl, keras\nfrom keras_grl import layers\n"
        "keras_grl.pair.x, layers.GradientReversal(), keras.layers.Dense\n"
    )
    assert used(path) == {
        "keras_grl",
        "keras_grl.pair.x",
        "keras_grl.pair",
        "keras_grl.layers",
        "keras_grl.layers.GradientReversal",
    }


def test_applications_use_the_public_api_only():
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in APPLICATIONS
        for name in used(path)
        if private(name)
    }
    assert found == set()
