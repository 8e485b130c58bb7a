"""What `keras-grl adapt` writes."""

import contextlib
import csv
import hashlib
import json
import tempfile
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_grl.commands.errors import CommandError
from keras_grl.commands.errors import shown
from keras_grl.files import replaced
from keras_grl.files import write_json
from keras_grl.locking import locked

if TYPE_CHECKING:  # it imports Keras
    from keras_grl.types import JSON
    from keras_grl.types import Array

MODEL = "model.keras"
PREDICTIONS = "predictions.csv"
REPORT = "report.html"
RESULT = "adaptation.json"
RUNS = "runs"
STARTED = "started.json"


def check_output(path: str, resume: bool) -> Path:
    """The output folder, if it can be written and nothing in it is lost.

    It is not created: what is wrong later leaves no empty folder.

    Args:
        path: Of `--output`.
        resume: Whether it may hold a run.

    Raises:
        CommandError: If it cannot be written, or holds files.
    """
    folder = Path(path).absolute()
    try:
        if not path:
            raise ValueError("it is empty")
        existing = folder
        while not existing.exists():
            existing = existing.parent
        # More than the permissions: a file system may be read-only.
        with tempfile.TemporaryFile(dir=existing):
            pass
        taken = existing == folder and any(folder.iterdir())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(
            f"--output: expected a folder that can be written, received "
            f"{shown(path)!r} ({reason})"
        ) from None
    if taken:
        with locked(folder) as alone:
            _check_alone(folder, alone)
    if taken and not resume:
        raise CommandError(
            f"--output: {shown(path)} has files already. Choose another "
            "folder, or pass --resume to continue the run in it"
        )
    if taken and not (folder / STARTED).is_file():
        raise CommandError(
            f"--resume: {shown(path)} has files, but no run of keras-grl adapt"
        )
    return folder


@contextlib.contextmanager
def started(
    folder: Path, asked: "dict[str, JSON]", resume: bool
) -> Iterator[None]:
    """Creates the output folder, or checks that the run in it is the same.

    No other process can use it in this context. What cannot be written is
    said in one line.

    Args:
        folder: The output folder.
        asked: Option to value, of all that changes the result.
        resume: Whether to continue a run.

    Raises:
        CommandError: If the run that it holds was started otherwise, or
            another process is at it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder) as alone:
            _check_alone(folder, alone)
            _start(folder, asked, resume)
            yield
    except BrokenPipeError:
        raise  # It is what is printed that is not read.
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise CommandError(
            f"--output: cannot write to {shown(folder)} ({reason}). What is "
            "trained so far is kept: --resume continues"
        ) from error


def _check_alone(folder: Path, alone: bool) -> None:
    if not alone:
        raise CommandError(
            f"--output: another process writes to {shown(folder)}. Wait until "
            "it ends, or choose another folder"
        )


def _start(folder: Path, asked: "dict[str, JSON]", resume: bool) -> None:
    file = folder / STARTED
    if not file.is_file():
        write_json(file, asked)
        return
    if not resume:
        # Another process began and ended while this one read the images.
        raise CommandError(
            f"--output: {shown(folder)} has files by now. Choose another folder"
        )
    try:
        before = dict(json.loads(file.read_text(encoding="utf-8")))
    except (TypeError, ValueError):
        raise CommandError(
            f"--resume: {shown(file)} is broken. Choose another --output"
        ) from None
    for name, value in asked.items():
        if name in before and before[name] != value:
            _refuse(name, before[name], value)


def _refuse(name: str, before: "JSON", value: "JSON") -> None:
    if name in ("SOURCE", "TARGET"):
        raise CommandError(
            f"--resume: the images of {name} are not those that the run was "
            "started with. Choose another --output"
        )
    raise CommandError(
        f"--resume: the run was started with {name} {before}, received "
        f"{value}. Pass the same, or choose another --output"
    )


def digest(names: Sequence[str], digests: Sequence[bytes]) -> str:
    """A hash of files, by their names and contents.

    Args:
        names: Of the files.
        digests: A hash of the content of each.
    """
    whole = hashlib.sha256()
    for name, each in zip(names, digests, strict=True):
        whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + each)
    return whole.hexdigest()


def write_predictions(
    path: Path,
    names: Sequence[str],
    probabilities: "Array",
    class_names: Sequence[str],
) -> None:
    """Writes predictions.csv: file, class, probability.

    Args:
        path: Of the file.
        names: File of each image.
        probabilities: Array of shape `(n, classes)`.
        class_names: Name of each class.
    """
    with replaced(path) as temporary:
        # Names of files may be any bytes: they are written as they are.
        with temporary.open(
            "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as file:
            rows = csv.writer(file)
            rows.writerow(["file", "class", "probability"])
            for name, row in zip(names, probabilities, strict=True):
                rows.writerow(
                    [name, class_names[row.argmax()], f"{row.max():.6f}"]
                )
