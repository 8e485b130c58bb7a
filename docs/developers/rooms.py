"""The rooms of keras_grl: their order, and the picture of their imports.

    python -m docs.developers.rooms

writes both into docs/developers/architecture.md.
"""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

from applications import markdown

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "keras_grl"
PAGE = Path(__file__).with_name("architecture.md")
BEGIN = "<!-- Written by `python -m docs.developers.rooms`. -->"
END = "<!-- End of what is written. -->"

# The only place that states the order. A room imports from its own level and
# from those before it. A room that does not exist yet is not drawn.
ORDER: tuple[dict[str, str], ...] = (
    {
        "version": "the version number",
        "types": "the vocabulary of the type hints",
        "validation": "checks of arguments, one clear error each",
        "files": "files that are replaced as a whole or not at all",
        "locking": "one process at a time in a folder",
        "backend": "all code that differs by backend",
    },
    {
        "schedules": "λ and the learning rate as functions of progress p",
    },
    {
        "layers": "gradient reversal and its siblings",
        "losses": "losses of target predictions",
        "distances": "distances between the features of two domains",
    },
    {
        "streams": "the samples of one domain, read from arrays or datasets",
        "paired_dataset": "batches of all streams, as `fit` takes them",
        "pairing": "`pair`: arguments in, a paired dataset out",
    },
    {
        "methods": "one class for each method; the order of the joint batch",
    },
    {
        "scores": "label-free scores of a model",
    },
    {
        "monitor": "what `AdaptationMonitor` looks for",
    },
    {
        "callbacks": "schedules on a model, checkpoints, monitoring",
    },
    {
        "models": "forward pass, losses, metrics, `fit`, files",
    },
    {
        "architectures": "the paper's networks and published weights",
        "baselines": "other methods to compare with",
    },
    {
        "diagnostics": "distances between domains, plots",
        "selection": "which model to keep",
    },
    {
        "adapting": "`adapt`: images in, a chosen model and its report out",
    },
    {
        "commands": "the programs of the command line",
    },
    {
        "__main__": "`python -m keras_grl` is the command",
    },
)
# Imports from the first level only. No room imports it.
BESIDE = {"datasets": "every domain by its name"}


def arrows(package: Path = PACKAGE) -> dict[str, set[str]]:
    """Room to the rooms that it imports.

    Args:
        package: Folder of the package.

    Returns:
        A dict with every module or folder in `package`. "__init__" stands for
        what is imported from the package itself.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        room = relative.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        modules = imports(path, package.parent)
        found.setdefault(room, set()).update(_rooms(modules, package))
        found[room].discard(room)
    return found


def imports(path: Path, root: Path = ROOT) -> Iterator[str]:
    """What a file imports, as dotted names, anywhere in it.

    Args:
        path: Of the file.
        root: Folder from which its package is imported.
    """
    package = path.parent.parts[len(root.parts) :]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level]
            module = [*(above if node.level else ()), node.module or ""]
            for alias in node.names:
                yield ".".join(filter(None, [*module, alias.name]))


def _rooms(modules: Iterator[str], package: Path) -> Iterator[str]:
    for module in modules:
        parts = module.split(".")
        if parts[0] != package.name:
            continue
        room = parts[1] if len(parts) > 1 else "__init__"
        is_room = (package / room).is_dir() or (package / f"{room}.py").exists()
        yield room if is_room else "__init__"


def faults(found: dict[str, set[str]]) -> list[str]:
    """What is wrong with the imports, one line each.

    Args:
        found: What `arrows` returns.

    Example:

    >>> faults({"layers": {"models"}, "models": set()})
    ['layers imports models, which comes after it in the order']
    """
    level = {room: n for n, rooms in enumerate(ORDER) for room in rooms}
    wrong = []
    for room, imported in sorted(found.items()):
        if room not in level and room not in BESIDE:
            wrong.append(f"{room} has no place in ORDER of {__name__}")
            continue
        for other in sorted(imported):
            if other == "__init__":
                wrong.append(f"{room} imports from the package itself")
            elif other in BESIDE:
                wrong.append(f"{room} imports {other}, which no room needs")
            elif level.get(other, 0) > level.get(room, 0):
                wrong.append(
                    f"{room} imports {other}, which comes after it in the order"
                )
    try:
        graphlib.TopologicalSorter(found).prepare()
    except graphlib.CycleError as error:
        wrong.append("rooms import each other: " + " ← ".join(error.args[1]))
    return wrong


def picture(found: dict[str, set[str]]) -> str:
    """A Mermaid graph without the arrows that follow from others.

    Args:
        found: What `arrows` returns, without a circle.
    """
    lines = ["flowchart TD"]
    for room in _in_order(found):
        implied = set().union(*(_reached(each, found) for each in found[room]))
        direct = found[room] - implied
        lines += [f"    {room} --> {each}" for each in sorted(direct)]
        if not found[room] and not any(map({room}.issubset, found.values())):
            lines.append(f"    {room}")
    return "\n".join(lines)


def _in_order(found: dict[str, set[str]]) -> list[str]:
    """The rooms that exist, the highest first; those beside them last."""
    rooms = [room for level in reversed(ORDER) for room in level]
    return [room for room in (*rooms, *BESIDE) if room in found]


def _reached(room: str, found: dict[str, set[str]]) -> set[str]:
    direct = found[room]
    return direct.union(*(_reached(each, found) for each in direct))


def table(found: dict[str, set[str]]) -> str:
    """The levels, the highest first: the rooms and what each one imports."""
    rows = [["level", "room", "what it is", "imports"]]
    levels = [(str(n), rooms) for n, rooms in enumerate(ORDER)][::-1]
    for number, rooms in (*levels, ("beside", BESIDE)):
        for room, what in rooms.items():
            if room in found:
                imported = ", ".join(sorted(found[room])) or "–"
                rows.append([number, f"`{room}`", what, imported])
    return markdown.table(rows)


def written(page: str, found: dict[str, set[str]]) -> str:
    """The page with the picture and the table of these imports."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    drawn = f"```mermaid\n{picture(found)}\n```\n\n{table(found)}"
    return f"{before}{BEGIN}\n\n{drawn}\n\n{END}{after}"


def main() -> None:
    found = arrows()
    if wrong := faults(found):
        raise SystemExit("\n".join(wrong))
    PAGE.write_text(written(PAGE.read_text(), found))


if __name__ == "__main__":
    main()
