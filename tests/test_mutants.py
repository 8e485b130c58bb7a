"""The texts and the tests in the list of `make mutants` exist."""

import ast
import functools

import pytest

from tests.mutants import all_mutants
from tests.testing import ROOT

MUTANTS = all_mutants()


@functools.cache
def functions(path):
    """The names of the functions of a test file."""
    tree = ast.parse((ROOT / path).read_text())
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def test_every_folder_has_mutants():
    # The second part of a path; setup.py has none.
    rooms = {name for m in MUTANTS for name in m.path.split("/")[1:2]}
    assert rooms >= {"architectures", "baselines", "diagnostics", "layers"}
    assert len(MUTANTS) == len(set(MUTANTS)) >= 60


@pytest.mark.parametrize(
    "path", sorted({mutant.path for mutant in MUTANTS}), ids=str
)
def test_each_mutant_is_one_valid_change(path):
    text = (ROOT / path).read_text()
    for mutant in MUTANTS:
        if mutant.path == path:
            assert text.count(mutant.original) == 1, mutant
            mutated = text.replace(mutant.original, mutant.mutated)
            assert mutated != text
            if path.endswith(".py"):
                compile(mutated, path, "exec")


def test_the_tests_of_each_mutant_exist():
    for mutant in MUTANTS:
        assert mutant.tests, mutant
        for test in mutant.tests:
            path, name = test.split("::")
            assert name.partition("[")[0] in functions(path), test
