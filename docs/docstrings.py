"""Docstrings of the package, made ready for Sphinx.

They are written for a terminal: Google's sections, code in single backticks,
tables and indented code as in Markdown.
"""

import inspect
import re
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> None:
    # Before napoleon, which has the default priority, 500.
    app.connect("autodoc-process-docstring", docstring, priority=400)
    app.connect("autodoc-process-signature", signature)


def docstring(app, what, name, obj, options, lines: list[str]) -> None:
    if what == "property" and lines:
        # Napoleon takes the part before a colon for a type.
        lines[0] = lines[0].replace(": ", ", ", 1)
    lines[:] = with_tables(with_formulas(lines))


def signature(app, what, name, obj, options, given, returned):
    """That of `__init__`: Keras's layers have a `__new__` of any arguments."""
    if what != "class" or not inspect.isfunction(obj.__init__):
        return None
    found = inspect.signature(obj.__init__)
    arguments = [
        each.replace(annotation=each.empty)
        for each in list(found.parameters.values())[1:]
    ]
    return str(inspect.Signature(arguments)), returned


def with_formulas(lines: list[str]) -> list[str]:
    """The lines, with formulas that keep their line breaks.

    >>> print(*with_formulas(["Of p:", "", "    w = 1"]), sep="\\n")
    Of p::
    <BLANKLINE>
        w = 1
    >>> with_formulas(["    Of p:", "", "    `w`"])
    ['    Of p:', '', '    `w`']
    >>> with_formulas(["`a = b`", "`c = d`"])
    ['`a = b`', '', '`c = d`']
    """
    text = "\n".join(lines)
    # Indented after a colon; sections have no empty line there.
    text = re.sub(
        r"^( *)(\S.*[^:\n]):\n\n(?=\1    \S)", r"\1\2::\n\n", text, flags=re.M
    )
    # Formulas of a line each.
    text = re.sub(
        r"^( *`[^`\n]+`)\n(?= *`[^`\n]+`$)", r"\1\n\n", text, flags=re.M
    )
    return text.split("\n")


def with_tables(lines: list[str]) -> list[str]:
    """The lines, with Markdown's tables as those of reStructuredText.

    >>> print(*with_tables(["| a | b |", "|---|---|", "| 1 | |"]), sep="\\n")
    .. list-table::
       :header-rows: 1
    <BLANKLINE>
       * - a
         - b
       * - 1
         -
    <BLANKLINE>
    """
    found: list[str] = []
    for is_table, group in groupby(lines, lambda s: s.lstrip().startswith("|")):
        part = list(group)
        found += list_table(part) if is_table else part
    return found


def list_table(lines: list[str]) -> Iterator[str]:
    indent = lines[0][: lines[0].index("|")]
    yield f"{indent}.. list-table::"
    yield f"{indent}   :header-rows: 1"
    yield ""
    for number, line in enumerate(lines):
        if number == 1:  # |---|---|
            continue
        cells = [cell.strip() for cell in line.strip()[1:-1].split("|")]
        for column, cell in enumerate(cells):
            bullet = "  -" if column else "* -"
            yield f"{indent}   {bullet} {cell}".rstrip()
    yield ""
