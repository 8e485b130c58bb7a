"""Executes the notebooks of this folder and writes what they found.

    python -m docs.examples.execute            # all, in place
    python -m docs.examples.execute moons      # one of them
    KERAS_BACKEND=torch python -m docs.examples.execute

A notebook keeps the outputs of the backend that its first cell names. On any
other backend only its numbers are kept, in results.json, from which the table
of index.md is written. `make docs EXECUTE=1` executes all of them first.
"""

import argparse
import io
import json
import os
import re
import time
from base64 import b64decode
from base64 import b64encode
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
INDEX = FOLDER / "index.md"
THUMBNAILS = FOLDER / "images"
BACKENDS = {"jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}
WIDTH = 240  # of a thumbnail, in pixels
# The last line that a notebook prints.
NUMBERS = re.compile(
    r"^(?P<measure>.+): (?P<source_only>[\d.]+) source only, "
    r"(?P<adapted>[\d.]+) adapted$",
    flags=re.MULTILINE,
)
# How a notebook begins.
CHOICE = re.compile(
    r'import os\n\nos\.environ\.setdefault\("KERAS_BACKEND", "(\w+)"\)\n'
)
ROWS = re.compile(
    r"(?<=<!-- examples -->\n).*?(?=<!-- end of examples -->)", re.S
)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def write(name: str, notebook: dict) -> None:
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.ipynb").write_text(text + "\n", encoding="utf-8")


def source(cell: dict) -> str:
    return "".join(cell["source"])


def code_cells(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def code(notebook: dict) -> str:
    return "\n".join(map(source, code_cells(notebook)))


def title(notebook: dict) -> str:
    return source(notebook["cells"][0]).splitlines()[0].removeprefix("# ")


def backend(notebook: dict) -> str:
    """The backend that the first cell of code names."""
    return CHOICE.match(source(code_cells(notebook)[0]))[1]


def outputs(notebook: dict) -> list[dict]:
    return [each for cell in code_cells(notebook) for each in cell["outputs"]]


def pictures(notebook: dict) -> list[bytes]:
    return [
        b64decode(each["data"]["image/png"])
        for each in outputs(notebook)
        if "image/png" in each.get("data", {})
    ]


def printed(notebook: dict) -> str:
    return "".join(
        "".join(each["text"])
        for each in outputs(notebook)
        if each["output_type"] == "stream"
    )


def cleaned(notebook: dict) -> dict:
    """A notebook without what differs from run to run, with small images."""
    for cell in code_cells(notebook):
        cell["execution_count"] = None
        cell["metadata"].pop("execution", None)
        # What the backends write about the machine.
        cell["outputs"] = [
            each for each in cell["outputs"] if each.get("name") != "stderr"
        ]
        for each in cell["outputs"]:
            if "execution_count" in each:
                each["execution_count"] = None
            for key in ("text", "data"):
                if key in each:
                    each[key] = _in_lines(each[key])
    notebook["metadata"]["language_info"] = {"name": "python"}
    return notebook


def _in_lines(value: dict | str | list) -> dict | list:
    """Texts as lists of lines, as Jupyter saves them."""
    if isinstance(value, dict):
        return {
            kind: _small(data) if kind == "image/png" else _in_lines(data)
            for kind, data in value.items()
        }
    return value.splitlines(keepends=True) if isinstance(value, str) else value


def _small(picture: str) -> str:
    """A figure in 256 colors, which looks the same and is smaller."""
    image = Image.open(io.BytesIO(b64decode(picture)))
    if image.mode == "P":  # It has them.
        return picture
    image = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    return b64encode(_png(image)).decode()


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return file.getvalue()


def execute(name: str) -> dict:
    """The notebook with the outputs of a run, from top to bottom."""
    import nbclient
    import nbformat

    notebook = nbformat.reads(json.dumps(read(name)), as_version=4)
    nbclient.NotebookClient(
        notebook,
        timeout=1800,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute()
    return cleaned(json.loads(nbformat.writes(notebook)))


def write_thumbnail(name: str, picture: bytes) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((WIDTH, WIDTH))
    THUMBNAILS.mkdir(exist_ok=True)
    (THUMBNAILS / f"{name}.png").write_bytes(_png(image.quantize(128)))


def with_rows(page: str, results: dict) -> str:
    """index.md with the numbers of the runs."""

    def row(line: str) -> str:
        found = re.search(r"\]\((\w+)\.ipynb\)", line)
        if not found or found[1] not in results:
            return line
        result = results[found[1]]
        numbers = ", ".join(
            f"{title} {' → '.join(result['runs'][name])}"
            for name, title in BACKENDS.items()
            if name in result["runs"]
        )
        text = line.partition("<br>")[0]
        return f"{text}<br>{result['measure']}: {numbers} |\n"

    return ROWS.sub(
        lambda rows: "".join(map(row, rows[0].splitlines(keepends=True))), page
    )


def record(name: str, used: str, found: re.Match) -> None:
    """Puts the numbers of a run into results.json and the table."""
    results = json.loads(RESULTS.read_text())
    result = results.setdefault(name, {"runs": {}})
    result["measure"] = found["measure"]
    result["runs"][used] = [found["source_only"], found["adapted"]]
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    INDEX.write_text(with_rows(INDEX.read_text(), results))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name", help="All if none.")
    chosen = parser.parse_args().names or names()
    for name in chosen:
        start = time.time()
        notebook = read(name)
        used = os.environ.get("KERAS_BACKEND") or backend(notebook)
        if used != "torch" and "\nimport torch\n" in code(notebook):
            print(f"{name}: left out, since it is a program for PyTorch")
            continue
        notebook = execute(name)
        found = NUMBERS.search(printed(notebook))
        if used == backend(notebook):
            write(name, notebook)
            write_thumbnail(name, pictures(notebook)[-1])
        record(name, used, found)
        print(f"{name}, {used}: {found[0]} ({time.time() - start:.0f} s)")


if __name__ == "__main__":
    main()
