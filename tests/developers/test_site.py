"""The site's configuration, navigation and API reference.

`make docs` builds the site; here is what can be checked without Sphinx.
"""

import doctest
import re
import runpy
import sys
from collections import Counter
from fnmatch import fnmatch

import pytest

import keras_grl
from docs import docstrings
from tests.testing import ROOT

pytestmark = pytest.mark.backend_free

DOCS = ROOT / "docs"
CONF = DOCS / "conf.py"
PAGES = {
    path
    for pattern in ("*.md", "docs/**/*.md", "docs/examples/*.ipynb")
    for path in ROOT.glob(pattern)
    if path.relative_to(ROOT).parts[0] not in ("build", "dist")
}


def configuration(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    return runpy.run_path(str(CONF))


def navigation(page):
    """The pages in the tables of contents of a page."""
    found = []
    for block in re.findall(
        r"^```{toctree}\n(.*?)^```", page.read_text(), flags=re.M | re.S
    ):
        for line in block.splitlines():
            if line and not line.startswith(":"):
                target = re.sub(r".*<(.*)>$", r"\1", line)
                path = (page.parent / f"{target}.md").resolve()
                notebook = path.with_suffix(".ipynb")
                found.append(notebook if notebook.exists() else path)
    return found


def described(page):
    """The public names that a page of the API reference describes."""
    text = page.read_text()
    return [
        *re.findall(
            r"^\.\. (?:auto\w+|module|data):: (\S+)$", text, flags=re.M
        ),
        # Other addresses of the same class.
        *re.findall(r"^\| `(\S+)` \| `\S+` \|$", text, flags=re.M),
    ]


def quoted(page):
    """(file, lines) of the blocks that follow the name of their file."""
    return re.findall(
        r"^<!-- (\S+\.py) -->\n```py\n(.*?)^```",
        page.read_text(),
        flags=re.M | re.S,
    )


def without_layout(code):
    """`ruff format` breaks the lines of a page elsewhere."""
    return re.sub(r",(?=[)\]}])", "", re.sub(r"\s", "", code))


def test_versions(monkeypatch):
    monkeypatch.setenv("DOCS_ADDRESS", "https://example.org/keras-grl/")
    conf = configuration(monkeypatch)
    assert conf["release"] == keras_grl.__version__
    assert conf["html_baseurl"] == "https://example.org/keras-grl/0.1/"
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {keras_grl.__version__}\n" in citation


def test_the_root_of_the_site_is_a_page(monkeypatch):
    root = configuration(monkeypatch)["root_doc"]
    assert ROOT / f"{root}.md" in PAGES


def test_every_page_is_built(monkeypatch):
    patterns = configuration(monkeypatch)["include_patterns"]
    for page in PAGES:
        name = str(page.relative_to(ROOT))
        assert any(fnmatch(name, pattern) for pattern in patterns), name


def test_every_page_is_in_one_table_of_contents():
    index = DOCS / "index.md"
    entries = Counter(each for page in PAGES for each in navigation(page))
    assert set(entries) == PAGES - {index}
    assert max(entries.values()) == 1


def test_the_navigation_is_read(tmp_path):
    page = tmp_path / "index.md"
    (tmp_path / "notebook.ipynb").write_text("")
    page.write_text(
        "```{toctree}\n:hidden:\n\nsome\nTitle <../other>\nnotebook\n```\n"
        "```\nnot_this\n```\n"
    )
    assert navigation(page) == [
        (tmp_path / "some.md").resolve(),
        (tmp_path.parent / "other.md").resolve(),
        (tmp_path / "notebook.ipynb").resolve(),
    ]


def test_the_reference_has_every_public_name_once():
    names = (DOCS / "developers" / "public_names.txt").read_text().split()
    found = Counter(
        name for page in (DOCS / "api").glob("*.md") for name in described(page)
    )
    assert found == Counter(["keras_grl", *names])


def test_quoted_lines_are_those_of_the_package():
    blocks = quoted(DOCS / "how_it_works.md")
    assert len(blocks) >= 8
    for file, lines in blocks:
        code = without_layout((ROOT / file).read_text())
        assert without_layout(lines) in code, (file, lines)


def test_examples_of_the_script():
    failed, tried = doctest.testmod(docstrings)
    assert tried and not failed


def signature_of(thing):
    return docstrings.signature(None, "class", "", thing, None, "", None)


def test_signatures():
    """Keras's layers have a `__new__` that takes anything."""
    signature, _ = signature_of(keras_grl.layers.GradientReversal)
    assert signature == ("(adaptation_factor=1.0, total_steps=None, **kwargs)")
    # Those without an `__init__` of their own stay as Sphinx writes them.
    assert signature_of(keras_grl.callbacks.AdaptationWarning) is None


def test_a_property_keeps_what_is_before_its_colon():
    lines = ["Float: the factor."]
    docstrings.docstring(None, "property", "", None, None, lines)
    assert lines == ["Float, the factor."]
    lines = ["Float: the factor."]
    docstrings.docstring(None, "class", "", None, None, lines)
    assert lines == ["Float: the factor."]


def test_the_figure(monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    from docs.developers import figures

    # Training is that of the quickstart, which has a test.
    def untrained(domain_loss_weight, epochs):
        model = keras_grl.DANNModel(
            figures.keras.layers.Dense(4),
            figures.keras.layers.Dense(2, "softmax"),
        )
        model.predict(figures.moons(0, 0)[0][:2], verbose=0)
        return model

    monkeypatch.setattr(figures, "train", untrained)
    figure = figures.draw()
    source_only, dann = figure.axes
    assert re.fullmatch(
        r"Source only: \d+% right on.*", source_only.get_title()
    )
    assert re.fullmatch(r"DANN: \d+% right on.*", dann.get_title())
    # Two domains of two classes, over the predicted classes.
    assert len(dann.collections) == 5
    pyplot.close(figure)
