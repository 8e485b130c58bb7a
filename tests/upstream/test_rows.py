"""The faults of docs/developers/upstream.md are still there.

A test for each row, with the row's name: it runs the row's script. One that
fails says what of ours can be deleted.
"""

import doctest
import re
import warnings
from dataclasses import dataclass

import pytest

from tests.testing import BACKEND
from tests.testing import ROOT

PAGE = ROOT / "docs" / "developers" / "upstream.md"
BACKENDS = {"tensorflow", "jax", "torch"}


@dataclass(frozen=True)
class Row:
    name: str
    text: str

    def field(self, name):
        """A field of a row, such as "- backends: jax"."""
        (found,) = re.findall(
            rf"^- {name}: (.*?)(?=^- |^$)", self.text, flags=re.M | re.S
        )
        return " ".join(found.split())

    @property
    def backends(self):
        return set(self.field("backends").split(", "))

    @property
    def scripts(self):
        return re.findall(r"^```python\n(.*?)^```", self.text, re.M | re.S)

    @property
    def ours(self):
        """(file, words in it) of what to delete."""
        return re.findall(r"`([^`:]+): ([^`]+)`", self.field("delete"))


def rows():
    _, *sections = re.split(r"^### ", PAGE.read_text(), flags=re.M)
    for section in sections:
        name, text = section.split("\n", 1)
        yield Row(name, re.split(r"^## ", text, flags=re.M)[0])


ROWS = list(rows())


def param(row):
    marks = [pytest.mark.slow] if "\n- slow\n" in row.text else []
    if row.backends == {"none"}:
        marks.append(pytest.mark.backend_free)
    return pytest.param(row, id=row.name, marks=marks)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def cache_of_jax():
    """The folder that conftest.py has given to JAX."""
    if BACKEND != "jax":
        yield
        return
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    folder = jax.config.jax_compilation_cache_dir
    yield
    if jax.config.jax_compilation_cache_dir != folder:
        jax.config.update("jax_compilation_cache_dir", folder)
        compilation_cache.reset_cache()


def run(script, name):
    """What differs between a script's output and what is printed below it."""
    test = doctest.DocTestParser().get_doctest(
        script, {"__name__": "row"}, name, str(PAGE), 0
    )
    output = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Not cleared: `torch.compile` cleans up in them later.
        runner.run(test, out=output.append, clear_globs=False)
    return "".join(output)


@pytest.mark.parametrize(
    "row", [param(r) for r in ROWS if r.backends & {BACKEND, "none"}]
)
def test_the_fault_is_still_there(row):
    (script,) = row.scripts
    if difference := run(script, row.name):
        pytest.fail(
            f"Upstream has changed since {row.field('seen')}. If {row.name!r} "
            "is fixed in all versions that we support, delete its row in "
            f"docs/developers/upstream.md, and {row.field('delete')}\n"
            f"{difference}",
            pytrace=False,
        )


@pytest.mark.backend_free
def test_names_are_unique():
    assert len({row.name for row in ROWS}) == len(ROWS) > 0


@pytest.mark.backend_free
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_a_test(row):
    assert re.fullmatch(r"[a-z0-9-]+", row.name)
    assert row.backends == {"none"} or row.backends <= BACKENDS
    (script,) = row.scripts
    assert any(e.want for e in doctest.DocTestParser().get_examples(script))
    assert row.field("issue") and row.field("seen")


@pytest.mark.backend_free
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_to_delete_is_there(row):
    assert row.ours
    for path, words in row.ours:
        text = " ".join((ROOT / path).read_text().replace("#", " ").split())
        assert words in text, f"{path}: {words}"


@pytest.mark.backend_free
def test_a_fixed_fault_is_noticed():
    assert run(">>> 1 + 1\n2\n", "right") == ""
    assert "Got:" in run(">>> 1 + 1\n3\n", "wrong")
    assert "ZeroDivisionError" in run(">>> 1 / 0\n", "error")
