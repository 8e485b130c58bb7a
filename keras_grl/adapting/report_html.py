"""Pieces of the report's page. Everything that comes in is escaped here."""

import html
import os
from collections.abc import Iterable
from collections.abc import Sequence

_LONG = 24  # letters of a cell that is wide and broken into lines
_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { background: #fff; color: #1a1a1a; font: 16px/1.5 system-ui, sans-serif;
  margin: 0 auto; max-width: 58rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; }
h2 { border-top: 1px solid #bbb; font-size: 1.2rem; margin: 2rem 0 .5rem;
  padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, ul { margin: .5rem 0; }
.lead { font-size: 1.1rem; }
.note { color: #555; font-size: .9rem; }
.warning { border-left: 4px solid #d55e00; list-style: none;
  margin: .4rem 0 .4rem -2.5rem; padding-left: .6rem; }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .6rem .25rem 0;
  text-align: left; vertical-align: top; overflow-wrap: normal; }
td.number, th.number { text-align: right; white-space: nowrap; }
tr.kept td { background: #eaf3fa; font-weight: 600; }
td.long { min-width: 12rem; }
pre { background: #f4f4f4; padding: .6rem; white-space: pre-wrap; }
img { height: auto; max-width: 100%; }
.figures { display: grid; gap: .5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.examples { display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); }
figure { margin: 0; }
.examples img { image-rendering: pixelated; width: 100%; }
figcaption { color: #333; font-size: .75rem; line-height: 1.3; }
"""


def text(value: object) -> str:
    """A value as text of the page.

    Control characters and bytes of a file name that are not UTF-8 are replaced.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    letters = str(value).encode("utf-8", "surrogateescape")
    shown = "".join(
        letter if letter.isprintable() or letter == "\n" else "\ufffd"
        for letter in letters.decode("utf-8", "replace")
    )
    return html.escape(shown, quote=True)


def page(title: str, sections: Iterable[str]) -> str:
    """The whole page.

    Args:
        title: Plain text.
        sections: HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        # Nothing is loaded, and nothing would run if it got into the page.
        '<meta http-equiv="Content-Security-Policy" content="default-src '
        "'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        "<body>\n" + "\n".join(filter(None, sections)) + "\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A heading and HTML below it; nothing without parts."""
    parts = tuple(filter(None, parts))
    return "\n".join([f"<h2>{text(title)}</h2>", *parts]) if parts else ""


def paragraph(value: object, kind: str = "") -> str:
    """A paragraph of plain text.

    Args:
        value: The text.
        kind: Its class in the style: "lead", "note".
    """
    return f"<p{_class(kind)}>{text(value)}</p>"


def items(values: Iterable[object], kind: str = "") -> str:
    """A list of plain texts; nothing if it is empty."""
    rows = [f"<li{_class(kind)}>{text(value)}</li>" for value in values]
    return "<ul>\n" + "\n".join(rows) + "\n</ul>" if rows else ""


def code(value: object) -> str:
    """A command or a piece of code."""
    return f"<pre>{text(value)}</pre>"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    kept: object = None,
) -> str:
    """A table, which scrolls by itself where the screen is narrow.

    Args:
        head: Titles of the columns.
        rows: Values of each row: text, numbers, or None.
        kept: The first value of the row to highlight.
    """
    rows = list(rows)
    titles = [
        f"<th{_class('number' if numeric else 'text')}>{text(title)}</th>"
        for n, title in enumerate(head)
        for numeric in [all(_is_number(row[n]) for row in rows)]
    ]
    body = "\n".join(_row(row, kept) for row in rows)
    return (
        f'<div class="wide"><table>\n<tr>{"".join(titles)}</tr>\n{body}\n'
        "</table></div>"
    )


def image(source: str, alternative: object) -> str:
    """An image.

    Args:
        source: A data URI.
        alternative: What it shows, for those who do not see it.
    """
    return f'<img src="{source}" alt="{text(alternative)}">'


def figures(images: Iterable[str]) -> str:
    """Images side by side where there is room."""
    return '<div class="figures">' + "\n".join(images) + "</div>"


def examples(shown: Iterable[tuple[str, str]]) -> str:
    """Small images with captions.

    Args:
        shown: Data URI and caption of each.
    """
    parts = [
        f"<figure>{image(source, caption)}"
        f"<figcaption>{text(caption)}</figcaption></figure>"
        for source, caption in shown
    ]
    return '<div class="examples">\n' + "\n".join(parts) + "\n</div>"


def number(value: object) -> str:
    """A number, or None, as tables show it."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _row(values: Sequence[object], kept: object) -> str:
    of_row = "kept" if kept is not None and values[0] == kept else ""
    cells = [
        f"<td{_class('number')}>{text(number(value))}</td>"
        if _is_number(value)
        else f"<td{_class('long' if len(str(value)) > _LONG else 'text')}>"
        f"{text(value)}</td>"
        for value in values
    ]
    return f"<tr{_class(of_row)}>{''.join(cells)}</tr>"


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, (int, float))


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
