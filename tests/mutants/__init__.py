"""Faults put into one line each, and the tests that must turn red.

`make mutants` runs them. Each module of this package has a list `MUTANTS` for
one room of the package:

    MUTANTS = mutants(
        "keras_grl/layers/gradient_reversal.py",
        "tests/layers/test_gradient_reversal.py",
        ("original text", "mutated text", "test_name", "another_test"),
    )

The original text must be found exactly once in the file. A test of another
file, or one case of a test, is written as pytest does:
"tests/test_pairing.py::test_seed", "test_seed[3]".
"""

import importlib
import pkgutil
from typing import NamedTuple


class Mutant(NamedTuple):
    """One fault.

    Args:
        path: Of the file, from the root of the repository.
        original: Text that the file has once.
        mutated: The replacement.
        tests: Node ids of pytest, of which at least one must fail.
    """

    path: str
    original: str
    mutated: str
    tests: tuple[str, ...]


def mutants(path: str, tests: str, *faults: tuple[str, ...]) -> list[Mutant]:
    """The mutants of one file, most of whose tests are in one file.

    Args:
        path: Of the file.
        tests: Path of the test file.
        *faults: Original, mutated, then the names of the tests.
    """
    return [
        Mutant(
            path,
            original,
            mutated,
            tuple(
                name if ".py::" in name else f"{tests}::{name}"
                for name in names
            ),
        )
        for original, mutated, *names in faults
    ]


def all_mutants() -> list[Mutant]:
    """The mutants of every room."""
    rooms = sorted(
        module.name
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    )
    return [
        mutant
        for room in rooms
        for mutant in importlib.import_module(f"{__name__}.{room}").MUTANTS
    ]
