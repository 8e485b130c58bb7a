"""One page that needs no other file: tables, figures and settings."""

import base64
import html
import json
from pathlib import Path
from typing import Any

from applications.files import write_text

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd;
         text-align: left; }
img { max-width: 100%; }
pre { background: #f5f5f5; padding: 0.8rem; overflow-x: auto; }
"""

_COLUMNS = """
Accuracies on the target's test images, mean ± standard deviation over the
seeds. Last epoch: nothing is chosen. Selected: the epoch with the highest sum
of source accuracy and domain error, without target labels; of methods on
subspaces, the number of components by cross-validation on the source. Oracle:
chosen by the very labels it is tested with, as nobody can. Linear SVM: in place
of the last layer, as the paper has it; on subspaces with the oracle's number of
components. Share of the gap: between source only and train on target.
"""


def write(
    path: Path,
    title: str,
    text: str,
    rows: list[list[str]],
    note: str,
    figures: list[tuple[str, Path]],
    command: str,
    made: str,
    config: dict[str, Any],
) -> None:
    """Writes the page.

    Args:
        path: The file.
        title: Of the page.
        text: Paragraphs, separated by empty lines.
        rows: Header and rows of the table.
        note: Said under the table, if anything.
        figures: Pairs of what is said of a figure and its PNG file.
        command: That makes it.
        made: When and with what.
        config: What was asked for.
    """
    parts = [f"<h1>{html.escape(title)}</h1>"]
    parts += [f"<p>{html.escape(p)}</p>" for p in text.strip().split("\n\n")]
    parts.append(_table(rows))
    parts += [f"<p>{html.escape(p)}</p>" for p in (note, _COLUMNS) if p]
    parts += [f"<p>{html.escape(made)}</p>"]
    for said, file in figures:
        data = base64.b64encode(file.read_bytes()).decode()
        said = html.escape(said)
        parts.append(
            f'<h2>{said}</h2><img alt="{said}" '
            f'src="data:image/png;base64,{data}">'
        )
    parts.append(f"<h2>Command</h2><pre>{html.escape(command)}</pre>")
    settings = html.escape(json.dumps(config, indent=2, ensure_ascii=False))
    parts.append(f"<h2>Settings</h2><pre>{settings}</pre>")
    write_text(
        path,
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n",
    )


def _table(rows: list[list[str]]) -> str:
    header, *others = rows
    lines = ["<tr>" + "".join(_cell("th", c) for c in header) + "</tr>"]
    lines += [
        "<tr>" + "".join(_cell("td", c) for c in row) + "</tr>"
        for row in others
    ]
    return f"<table>{''.join(lines)}</table>"


def _cell(tag: str, text: str) -> str:
    return f"<{tag}>{html.escape(text)}</{tag}>"
