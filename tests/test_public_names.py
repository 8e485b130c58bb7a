"""`dir` of every public room shows its public names and nothing else."""

import types
from pathlib import Path

import pytest

import keras_grl
from tests.testing import ROOT

# Those whose names are used in the package alone.
INTERNAL = {"backend", "commands", "monitor", "streams"}


def rooms():
    """The packages that are reached by public names, whatever they are."""
    found = {}
    waiting = [keras_grl]
    for room in waiting:  # It grows.
        for name in room.__all__:
            part = getattr(room, name)
            if isinstance(part, types.ModuleType) and hasattr(part, "__path__"):
                waiting.append(part)
                found[part.__name__] = part
    return found


@pytest.mark.backend_free
def test_all_rooms_are_found():
    modules = {
        path.parent.name
        for path in (Path(keras_grl.__file__).parent).glob("*/__init__.py")
    }
    names = {name.split(".")[1] for name in rooms()}
    # The functions of these two are in `keras_grl` itself.
    assert modules - names == {*INTERNAL, "adapting", "selection"}


@pytest.mark.backend_free
@pytest.mark.parametrize("name", sorted(rooms()))
def test_dir_shows_the_public_names(name):
    room = rooms()[name]
    assert dir(room) == sorted(room.__all__)
    # Also what is imported at first use.
    assert all(hasattr(room, each) for each in dir(room))


def public_names(room):
    """The names of a room, of its public parts too."""
    for name in room.__all__:
        part = getattr(room, name)
        address = f"{room.__name__}.{name}"
        yield address
        if isinstance(part, types.ModuleType) and hasattr(part, "__all__"):
            yield from public_names(part)


@pytest.mark.backend_free
def test_the_list_of_public_names():
    """A name that is gone from it is gone for users; a new one is a promise.

    docs/api has a place for each: see tests/developers/test_site.py.
    """
    listed = (ROOT / "docs/developers/public_names.txt").read_text().split()
    assert sorted(public_names(keras_grl)) == listed
