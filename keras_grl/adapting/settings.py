"""The folder of the runs: what they were trained with."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from keras_grl.files import write_json
from keras_grl.locking import locked
from keras_grl.types import JSON
from keras_grl.types import PathLike
from keras_grl.validation import invalid

_FILE = "settings.json"
_SHUFFLED = (
    "A dataset that shuffles gives its samples in another order each time: "
    "let it not shuffle, `adapt` does.\n"
)


class ResumeError(ValueError):
    """The runs in the folder are not those of this call."""


@contextlib.contextmanager
def prepared(
    directory: PathLike | None, resume: bool, asked: dict[str, JSON]
) -> Iterator[tuple[Path | None, JSON]]:
    """The folder, and the plan that was made there before, if any.

    No other process can use the folder in this context.

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
        yield None, None
        return
    folder = _created(directory)
    with locked(folder) as alone:
        if not alone:
            raise ValueError(
                invalid(
                    "directory",
                    "a folder that no other process uses",
                    str(directory),
                    "Another call of `adapt` trains in it. Wait until it ends, "
                    "or pass another folder.",
                )
            )
        yield folder, _before(folder, resume, asked)


def _created(directory: PathLike) -> Path:
    try:
        if not str(directory):
            raise ValueError("it is empty")
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        # More than the permissions: a file system may be read-only.
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            invalid(
                "directory",
                "a folder that can be written",
                directory,
                f"It cannot: {reason}.",
            )
        ) from error


def _before(folder: Path, resume: bool, asked: dict[str, JSON]) -> JSON:
    """The plan of the runs in the folder; None if there are none."""
    if not (folder / _FILE).exists():
        return None
    if not resume:
        raise ValueError(
            invalid(
                "directory",
                "a folder without runs",
                str(folder),
                "Pass `resume=True` to resume its runs, or another folder.",
            )
        )
    try:
        before = json.loads((folder / _FILE).read_text())
        then, plan = before["asked"], before["plan"]
    except (OSError, TypeError, ValueError, KeyError) as error:
        raise ResumeError(
            invalid(
                "resume",
                f"a folder with a readable {_FILE}",
                resume,
                f"It is broken: {folder / _FILE}. Pass another `directory`.",
            )
        ) from error
    changed = {
        name: f"{name}={then.get(name)!r} then, {value!r} now"
        for name, value in asked.items()
        if then.get(name) != value
    }
    if changed:
        raise ResumeError(
            invalid(
                "resume",
                "the settings and the data of the runs in the folder",
                resume,
                f"Changed: {'; '.join(changed.values())}\n"
                f"{_SHUFFLED if 'data' in changed else ''}"
                "Pass the same as before, or another `directory`.",
            )
        )
    return plan


def write(folder: Path, asked: dict[str, JSON], plan: JSON) -> None:
    """Writes what `prepared` reads."""
    write_json(folder / _FILE, {"asked": asked, "plan": plan})
