"""Links between the documents, their headings and the files they name."""

import json
import re

import pytest

from tests.testing import ROOT

pytestmark = pytest.mark.backend_free

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "docs/examples/*.ipynb")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)"  # [text](target), ![text](target "title")
    r"|^\[[^\]]+\]:\s*(\S+)"  # [name]: target
    r"|(?:href|src)=\"([^\"]+)\"",
    flags=re.MULTILINE,
)


def read(document):
    """The Markdown of a document, or of a notebook."""
    text = document.read_text()
    if document.suffix != ".ipynb":
        return text
    return "\n\n".join(
        "".join(cell["source"])
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "markdown"
    )


def prose(text):
    """A document without its code."""
    text = re.sub(r"^( *)(```|~~~).*?^\1\2", "", text, flags=re.M | re.S)
    return re.sub(r"(`+)(?!`).*?\1", "", text)


def links(text):
    """The targets of links that are not addresses of the web."""
    found = (next(filter(None, match)) for match in LINK.findall(prose(text)))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(text):
    """The anchors of a document, made of its headings as GitHub makes them."""
    found = set(re.findall(r"(?:id|name)=\"([^\"]+)\"", text))
    text = re.sub(r"^( *)(```|~~~).*?^\1\2", "", text, flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.*?)[ #]*$", text, flags=re.M):
        heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        same = (f"{anchor}-{number}" for number in range(1, 100))
        found.add(anchor if anchor not in found else next(same))
    return found


def broken(document):
    """The links of a document that lead nowhere."""
    found = []
    for link in links(read(document)):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (
            anchor and anchor not in anchors(read(target))
        ):
            found.append(link)
    return found


def test_documents_are_found():
    assert ROOT / "README.md" in DOCUMENTS
    assert ROOT / "docs" / "developers" / "architecture.md" in DOCUMENTS


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_link_leads_somewhere(document):
    assert broken(document) == []


def test_links_of_notebooks_are_found(tmp_path):
    document = tmp_path / "page.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["# Here\n", "[a](#here)\n"]},
        {"cell_type": "code", "source": ["[b](code.md)"]},
        {"cell_type": "markdown", "source": ["[c](gone.md)"]},
    ]
    document.write_text(json.dumps({"cells": cells}))
    assert broken(document) == ["gone.md"]


def test_broken_links_are_found(tmp_path):
    (tmp_path / "other.md").write_text("# λ & `p`: a *ramp*\n## Twice\n# Twice")
    document = tmp_path / "page.md"
    document.write_text(
        "# Here\n[a](other.md#λ--p-a-ramp) [b](#here) ![c](no.png)\n"
        '[d](other.md#twice-1) [e](other.md#twice-2 "title") [f](#there)\n'
        "`[g](code)` [h](https://keras.io/no)\n"
        "```\n[i](code)\n# Not here\n```\n"
        '[j](#not-here) <img src="no.svg"> [k][1]\n\n[1]: gone.md\n'
    )
    assert broken(document) == [
        "no.png",
        "other.md#twice-2",
        "#there",
        "#not-here",
        "no.svg",
        "gone.md",
    ]
