"""The folder of the runs: what they were trained with."""

import json
from pathlib import Path

from keras_grl.files import replaced
from keras_grl.types import JSON
from keras_grl.types import PathLike
from keras_grl.validation import invalid

_FILE = "settings.json"


def prepared(
    directory: PathLike | None, resume: bool, asked: dict[str, JSON]
) -> tuple[Path | None, JSON]:
    """The folder, and the plan that was made there before, if any.

    Args:
        directory: As in `adapt`.
        resume: As in `adapt`.
        asked: What the runs depend on.
    """
    if directory is None:
        if resume:
            raise ValueError(
                invalid(
                    "directory",
                    "the folder of the runs, with `resume=True`",
                    directory,
                )
            )
        return None, None
    folder = Path(directory)
    if folder.exists() and not folder.is_dir():
        raise ValueError(invalid("directory", "a folder", str(directory)))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _FILE).exists():
        return folder, None
    if not resume:
        raise ValueError(
            invalid(
                "directory",
                "a folder without runs",
                str(directory),
                "Pass `resume=True` to resume its runs, or another folder.",
            )
        )
    before = json.loads((folder / _FILE).read_text())
    changed = [
        f"{name}={before['asked'].get(name)!r} then, {value!r} now"
        for name, value in asked.items()
        if before["asked"].get(name) != value
    ]
    if changed:
        raise ValueError(
            invalid(
                "resume",
                "the settings and the data of the runs in the folder",
                resume,
                f"Changed: {'; '.join(changed)}\n"
                "Pass the same as before, or another `directory`.",
            )
        )
    return folder, before["plan"]


def write(folder: Path, asked: dict[str, JSON], plan: JSON) -> None:
    """Writes what `prepared` reads."""
    with replaced(folder / _FILE) as temporary:
        temporary.write_text(
            json.dumps({"asked": asked, "plan": plan}, indent=2)
        )
