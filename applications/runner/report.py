"""The report: tables, figures and settings on one self-contained page."""

import base64
import dataclasses
import html
import json
from pathlib import Path
from typing import Any

import keras

from applications.files import write_text
from applications.options import as_flag
from applications.runner.job import Job
from applications.runner.results import Folder
from applications.runner.settings import CommonOptions

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd;
         text-align: left; }
img { max-width: 100%; }
pre { background: #f5f5f5; padding: 0.8rem; overflow-x: auto; }
"""

# What the columns of the table mean, as far as it has them.
_COLUMNS = {
    "last epoch": "nothing is chosen.",
    "selected without target labels": (
        "the epoch with the highest sum of source accuracy and domain error; "
        "of methods on subspaces, the number of components by "
        "cross-validation on the source."
    ),
    "oracle": (
        "chosen by the same labels it is tested with, which are not available "
        "in practice."
    ),
    "linear SVM": (
        "in place of the last layer, as in the paper; on subspaces with the "
        "oracle's number of components."
    ),
    "share of the gap": "between source only and train on target.",
}


def write(
    job: Job,
    folder: Folder,
    rows: list[list[str]],
    note: str,
    figures: list[tuple[str, Path]],
) -> None:
    """Writes the report of a folder.

    Args:
        job: What was asked for.
        folder: Where the runs are, and where the page is written.
        rows: Header and rows of the table.
        note: For below the table; may be empty.
        figures: Pairs of a title and a PNG file.
    """
    experiment, metrics = job.experiment, folder.metrics()
    text = (
        f"{experiment.description.strip()}\n\nThe network is "
        f"{experiment.network_in_words(job.settings)}."
    )
    settings = json.dumps(folder.config, indent=2, ensure_ascii=False)
    title = html.escape(experiment.title)
    body = [
        f"<h1>{title}</h1>",
        *_paragraphs(text),
        _table(rows),
        *_paragraphs(
            f"{note}\n\n{_columns(rows[0])}\n\n"
            f"{made(metrics, keras.backend.backend())}"
        ),
        *(_figure(*each) for each in figures),
        f"<h2>Command</h2><pre>{html.escape(command(job, metrics))}</pre>",
        f"<h2>Settings</h2><pre>{html.escape(settings)}</pre>",
    ]
    write_text(
        folder.path / "report.html",
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n",
    )


def command(job: Job, metrics: list[dict[str, Any]]) -> str:
    """The command that reproduces the runs, without local paths."""
    seeds = [m["seed"] for m in metrics]
    flags: dict[str, Any] = {"preset": job.options.preset}
    if min(seeds) != CommonOptions.seed:
        flags["seed"] = min(seeds)
    if max(seeds) - min(seeds) + 1 != CommonOptions.seeds:
        flags["seeds"] = max(seeds) - min(seeds) + 1
    flags |= job.experiment.files | job.experiment.flags
    found = tuple(dict.fromkeys(m["method"] for m in metrics))
    if found != job.all_methods:
        flags["methods"] = ",".join(found)
    if job.options.layers:
        flags["layers"] = ",".join(job.options.layers)
    preset = dataclasses.asdict(job.experiment.presets[job.options.preset])
    for name, value in dataclasses.asdict(job.settings).items():
        if value != preset[name]:
            flags[name] = as_flag(value)
    given = [f"--{n.replace('_', '-')} {value}" for n, value in flags.items()]
    backend = f"KERAS_BACKEND={keras.backend.backend()}"
    return " ".join([backend, job.experiment.command, *given])


def made(metrics: list[dict[str, Any]], backend: str) -> str:
    """When the runs were made, and with which versions.

    Args:
        metrics: Of the runs.
        backend: Of the runs.
    """
    days = sorted({m["date"] for m in metrics})
    versions = sorted({m["keras"] for m in metrics})
    return (
        f"Made on {' and '.join(dict.fromkeys([days[0], days[-1]]))} with "
        f"Keras {', '.join(versions)} on {backend}."
    )


def _columns(header: list[str]) -> str:
    """Explains the columns."""
    parts = [
        "Accuracies on the target's test images, mean ± standard deviation "
        "over the seeds.",
        *(
            f"{name[0].upper()}{name[1:]}: {text}"
            for name, text in _COLUMNS.items()
            if name in header
        ),
    ]
    return " ".join(parts)


def _paragraphs(text: str) -> list[str]:
    parts = [part.strip() for part in text.split("\n\n")]
    return [f"<p>{html.escape(part)}</p>" for part in parts if part]


def _figure(title: str, file: Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode()
    title = html.escape(title)
    return (
        f'<h2>{title}</h2><img alt="{title}" '
        f'src="data:image/png;base64,{data}">'
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
