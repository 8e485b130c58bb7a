"""The notebooks of docs/examples run, and their committed outputs are sound."""

import ast
import json
import re
from base64 import b64decode
from base64 import b64encode
from io import BytesIO

import pytest

from docs.examples import execute
from tests.testing import BACKEND

pyplot = pytest.importorskip("matplotlib.pyplot")

# Most of the time is compiling, so each runs on one backend: the cheap networks
# on TensorFlow. `python -m docs.examples.execute` runs them in full on any.
TINY = {
    "moons": ("tensorflow", {"epochs": 1, "samples": 64}),
    "target_loss": ("torch", {"epochs": 1, "images": 64}),
    "choosing": ("torch", {"epochs": 1, "samples": 64}),
    "several_sources": ("tensorflow", {"epochs": 1, "samples": 64}),
    "few_labels": ("torch", {"epochs": 1, "samples": 80}),
    "regression": ("jax", {"epochs": 1, "samples": 64}),
    "segmentation": ("torch", {"epochs": 1, "images": 32}),
    "time_series": ("tensorflow", {"epochs": 1, "samples": 64}),
    "text": ("jax", {"epochs": 1, "reviews": 64}),
    "tabular": ("tensorflow", {"epochs": 1, "patients": 64}),
    "several_inputs": ("torch", {"epochs": 1, "samples": 192}),
    "batch_normalization": ("torch", {"epochs": 1, "images": 64}),
    "torch_loop": ("torch", {"steps": 3, "samples": 64}),
}
KERAS_IO = execute.FOLDER / "keras_io" / "domain_adversarial_training.py"
FREE = pytest.mark.backend_free
NOTEBOOKS = pytest.mark.parametrize("name", execute.names())


def run(sources, monkeypatch):
    """Executes cells in one namespace. Returns the number of figures shown."""
    shown = []
    monkeypatch.setenv("KERAS_BACKEND", BACKEND)

    def show():
        shown.extend(pyplot.get_fignums())
        pyplot.close("all")

    monkeypatch.setattr(pyplot, "show", show)
    pyplot.switch_backend("agg")
    pyplot.close("all")  # What other tests have left.
    names = {"__name__": "notebook"}
    for number, code in enumerate(sources):
        exec(compile(code, f"cell {number}", "exec"), names)
    return len(shown)


@pytest.mark.parametrize(
    "name", [name for name, (backend, _) in TINY.items() if backend == BACKEND]
)
def test_runs_from_top_to_bottom(name, monkeypatch, tmp_path, capsys):
    first, parameters, *others = map(
        execute.source, execute.code_cells(execute.read(name))
    )
    tiny = TINY[name][1]
    assert set(re.findall(r"^(\w+) = ", parameters, re.M)) >= set(tiny)
    tiny = "\n".join(f"{key} = {value}" for key, value in tiny.items())
    monkeypatch.chdir(tmp_path)
    cells = [first, parameters, tiny, *others]
    assert run(cells, monkeypatch) == 1
    assert execute.NUMBERS.search(capsys.readouterr().out)


@pytest.mark.skipif(BACKEND != "jax", reason="runs on JAX")
def test_the_example_for_keras_io_runs(monkeypatch, tmp_path, capsys):
    code = KERAS_IO.read_text()
    for size in ("num_images = 64", "num_test_images = 32", "num_epochs = 1"):
        code, count = re.subn(
            rf"^{size.split(' = ')[0]} = \d+$", size, code, flags=re.M
        )
        assert count == 1
    monkeypatch.chdir(tmp_path)
    assert run([code], monkeypatch) == 2
    printed = capsys.readouterr().out
    assert "[[1. 1. 1.]\n [1. 1. 1.]]" in printed  # forward: the identity
    assert re.search(r"^Target accuracy, adapted: 0\.\d{3}$", printed, re.M)


@FREE
def test_the_form_of_the_example_for_keras_io():
    """A header of six fields, then texts and code in turn."""
    body = ast.parse(KERAS_IO.read_text()).body
    header, *texts = (
        each.value.value.strip()
        for each in body
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
    )
    fields = re.findall(r"^([A-Z][a-z ]+): \S", header, flags=re.M)
    assert fields == [
        "Title",
        "Author",
        "Date created",
        "Last modified",
        "Description",
        "Accelerator",
    ]
    assert texts[0].startswith("## Introduction\n")
    assert texts[-1].startswith("## Conclusion\n")
    assert sum(text.startswith("## ") for text in texts) >= 8


@FREE
def test_every_notebook_runs_somewhere():
    assert sorted(TINY) == execute.names()
    backends = {backend for backend, _ in TINY.values()}
    assert backends == set(execute.BACKENDS)


@FREE
@NOTEBOOKS
def test_form(name):
    """A title, then the backend, then the sizes; at last the number."""
    notebook = execute.read(name)
    assert notebook["cells"][0]["cell_type"] == "markdown"
    assert execute.source(notebook["cells"][0]).startswith("# ")
    first, parameters, *_, last = execute.code_cells(notebook)
    assert execute.source(first).startswith(
        "import os\n\nos.environ.setdefault"
    )
    assert execute.backend(notebook) in execute.BACKENDS
    assert parameters["metadata"]["tags"] == ["parameters"]
    for line in execute.source(parameters).splitlines():
        assert re.fullmatch(r"\w+ = \d+", line)
    assert "plt.show()\n" in execute.source(last)


@FREE
@NOTEBOOKS
def test_committed_outputs(name):
    notebook = execute.read(name)
    kinds = {each["output_type"] for each in execute.outputs(notebook)}
    assert kinds == {"stream", "display_data"}
    (picture,) = execute.pictures(notebook)
    assert 2_000 < len(picture) < 80_000
    thumbnail = execute.THUMBNAILS / f"{name}.png"
    assert 1_000 < thumbnail.stat().st_size < 40_000
    assert notebook == execute.cleaned(json.loads(json.dumps(notebook)))
    text = json.dumps([e for e in execute.outputs(notebook) if "text" in e])
    assert not re.search(r"/(home|root|tmp|usr|work)/|0x[0-9a-f]{6}", text)


@FREE
@NOTEBOOKS
def test_numbers(name):
    """Of the notebook, of the table, and what they say: adapting helped."""
    notebook = execute.read(name)
    results = json.loads(execute.RESULTS.read_text())[name]
    found = execute.NUMBERS.search(execute.printed(notebook))
    assert results["measure"] == found["measure"]
    of_notebook = [found["source_only"], found["adapted"]]
    assert results["runs"][execute.backend(notebook)] == of_notebook
    gain = float(found["adapted"]) - float(found["source_only"])
    assert (-gain if "error" in results["measure"] else gain) > 0


@FREE
def test_the_table_is_that_of_the_runs():
    page = execute.INDEX.read_text()
    results = json.loads(execute.RESULTS.read_text())
    assert sorted(results) == execute.names()
    assert page == execute.with_rows(page, results)
    rows = execute.ROWS.search(page)[0]
    assert sorted(re.findall(r"\]\((\w+)\.ipynb\)", rows)) == execute.names()
    assert sorted(re.findall(r"images/(\w+)\.png", rows)) == execute.names()


@FREE
def test_numbers_are_put_into_the_table():
    page = (
        "before\n<!-- examples -->\n| | |\n|---|---|\n"
        "| ![a](images/a.png) | [A](a.ipynb). Text.<br>old |\n"
        "<!-- end of examples -->\n| [A](a.ipynb). Text.<br>stays |\n"
    )
    results = {
        "a": {
            "measure": "Error",
            "runs": {"torch": ["0.3", "0.1"], "jax": ["0.4", "0.2"]},
        }
    }
    assert execute.with_rows(page, results) == page.replace(
        "old", "Error: JAX 0.4 → 0.2, PyTorch 0.3 → 0.1"
    )


@FREE
def test_what_changes_from_run_to_run_is_removed():
    figure = pyplot.figure(figsize=(1, 1), dpi=50)
    file = BytesIO()
    figure.savefig(file, format="png")
    pyplot.close(figure)
    png = b64encode(file.getvalue()).decode()
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "text"]},
            {
                "cell_type": "code",
                "execution_count": 3,
                "metadata": {"execution": {"iopub.status.busy": "2026"}},
                "source": ["1"],
                "outputs": [
                    {"output_type": "stream", "name": "stderr", "text": "no"},
                    {"output_type": "stream", "name": "stdout", "text": "a\nb"},
                    {
                        "output_type": "display_data",
                        "data": {"image/png": png + "\n", "text/plain": "<F>"},
                    },
                ],
            },
        ],
        "metadata": {"language_info": {"name": "python", "version": "3.1"}},
    }
    cleaned = execute.cleaned(notebook)
    (cell,) = execute.code_cells(cleaned)
    assert cell["execution_count"] is None
    assert cell["metadata"] == {}
    text, shown = cell["outputs"]
    assert text["name"] == "stdout"
    assert text["text"] == ["a\n", "b"]
    assert shown["data"]["text/plain"] == ["<F>"]
    small = b64decode(shown["data"]["image/png"])
    assert pyplot.imread(BytesIO(small), format="png").shape[:2] == (50, 50)
    assert cleaned["metadata"]["language_info"] == {"name": "python"}
    assert execute.title(cleaned) == "Title"
