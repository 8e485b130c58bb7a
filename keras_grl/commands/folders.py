"""Folders of images: which files they have, and of which class."""

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_grl.commands.errors import CommandError
from keras_grl.commands.errors import counted
from keras_grl.commands.errors import shown

if TYPE_CHECKING:  # it imports Keras
    from keras_grl.types import Array

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
_KINDS = "JPEG, PNG, BMP, GIF or WebP"


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder of images.

    Attributes:
        name: The argument it was passed as, for errors: "SOURCE".
        path: Of the folder.
        files: Paths of its images, sorted.
        others: How many files are not images by their names.
        classes: Names of the class folders, sorted; none if it is unlabeled.
        labels: Class number of each file; zeros if it is unlabeled.
    """

    name: str
    path: Path
    files: tuple[Path, ...]
    others: int
    classes: tuple[str, ...]
    labels: "Array"

    @property
    def counts(self) -> list[int]:
        """The number of images of each class."""
        return np.bincount(self.labels, minlength=len(self.classes)).tolist()

    def relative(self, file: Path) -> str:
        """The path of a file within the folder."""
        return file.relative_to(self.path).as_posix()


def labeled(name: str, path: str) -> Folder:
    """A folder with one sub-folder of images for each class.

    Images may be in sub-folders of a class folder. Hidden files and folders
    are left out.

    Args:
        name: The argument, for errors.
        path: Of the folder.

    Raises:
        CommandError: If it is not a folder.
    """
    root = _existing(name, path)
    folders = sorted(
        (each for each in root.iterdir() if each.is_dir() and _seen(each.name)),
        key=lambda folder: folder.name,
    )
    files: list[Path] = []
    labels: list[int] = []
    others = sum(each.is_file() and _seen(each.name) for each in root.iterdir())
    for number, folder in enumerate(folders):
        images, rest = _walk(folder)
        files += images
        labels += [number] * len(images)
        others += rest
    names = tuple(folder.name for folder in folders)
    return Folder(
        name, root, tuple(files), others, names, np.array(labels, dtype="int32")
    )


def unlabeled(name: str, path: str) -> Folder:
    """A folder of images without labels. Its sub-folders are walked.

    Args:
        name: The argument, for errors.
        path: Of the folder.

    Raises:
        CommandError: If it is not a folder.
    """
    root = _existing(name, path)
    files, others = _walk(root)
    labels = np.zeros(len(files), "int32")
    return Folder(name, root, tuple(files), others, (), labels)


def faults(source: Folder, target: Folder) -> list[str]:
    """What is wrong with the two folders by the names alone, a line each."""
    wrong = class_faults(source)
    if not target.files:
        wrong.append(
            f"{target.name}: no images ({_KINDS}) in {shown(target.path)}"
        )
    elif len(target.files) == 1:
        wrong.append(f"{target.name}: expected at least two images, received 1")
    one, other = source.path.resolve(), target.path.resolve()
    if one == other:
        wrong.append("TARGET: it is the same folder as SOURCE")
    elif other.is_relative_to(one):
        wrong.append(f"TARGET: {shown(target.path)} is inside SOURCE")
    elif one.is_relative_to(other):
        wrong.append(
            f"SOURCE: {shown(source.path)} is inside TARGET: its images would "
            "be target images too"
        )
    return wrong


def class_faults(folder: Folder) -> list[str]:
    """What is wrong with the class folders, a line each."""
    path, name = shown(folder.path), folder.name
    if not folder.classes:
        return [
            f"{name}: no class folders in {path}. Expected one sub-folder of "
            "images for each class"
        ]
    if len(folder.classes) == 1:
        (only,) = folder.classes
        below = folder.path / only
        nested = any(each.is_dir() for each in below.iterdir())
        hint = f". Did you mean {shown(below)}?" if nested else ""
        return [
            f"{name}: one class only, {shown(only)!r}, in {path}. Expected at "
            f"least two class folders{hint}"
        ]
    return [
        f"{name}: no images ({_KINDS}) in class folder {shown(each)!r}. Add "
        "some, or remove the folder"
        for each, count in zip(folder.classes, folder.counts, strict=True)
        if not count
    ]


def nested(folder: Folder) -> str | None:
    """A note, if the class folders hold folders of images alone.

    They may be the parts of a set, such as train and test, and the folders
    within the classes.

    Args:
        folder: With class folders.
    """
    depths = [len(file.relative_to(folder.path).parts) for file in folder.files]
    if not depths or min(depths) < 3:
        return None
    inner = shown(folder.files[0].parent)
    return (
        f"{folder.name}: no image lies directly in a class folder. If the "
        f"classes are folders such as {inner}, pass the folder above them"
    )


def check_batch(folder: Folder, batch_size: int) -> None:
    """Refuses a folder with fewer images than a batch takes of it.

    Args:
        folder: Of one domain.
        batch_size: Integer, the images of each domain in a batch.
    """
    if len(folder.files) < batch_size:
        raise CommandError(
            f"--batch-size: expected at most the images of {folder.name}, "
            f"{len(folder.files)}, received {batch_size}"
        )


def check_test(test: Folder, source: Folder) -> None:
    """Refuses test images of classes that are not those of the source.

    Args:
        test: The folder of `--target-test`.
        source: The folder of the source.
    """
    unknown = sorted(set(test.classes) - set(source.classes))
    if unknown:
        raise CommandError(
            f"{test.name}: expected class folders that SOURCE has too, "
            f"received {', '.join(map(repr, map(shown, unknown)))}"
        )
    if not test.files:
        raise CommandError(
            f"{test.name}: no images in class folders in {shown(test.path)}"
        )
    if test.path.resolve().is_relative_to(source.path.resolve()):
        raise CommandError(
            f"{test.name}: expected images of the target, received a folder "
            "inside SOURCE"
        )


def check_output(path: str, *inputs: Folder) -> None:
    """Refuses an output folder inside a folder of images.

    Args:
        path: Of the output.
        inputs: The folders of images.
    """
    for folder in inputs:
        if Path(path).resolve().is_relative_to(folder.path.resolve()):
            raise CommandError(
                f"--output: {shown(path)} is inside {folder.name}. Choose a "
                "folder outside the images"
            )


def numbered(test: Folder, source: Folder) -> "Array":
    """The labels of test images, numbered as the classes of the source."""
    number = {name: place for place, name in enumerate(source.classes)}
    numbers = np.array([number[name] for name in test.classes], dtype="int32")
    return numbers[test.labels]


def summary(folder: Folder) -> str:
    """How many images, classes and other files, in a line."""
    text = counted(len(folder.files), "image")
    if folder.classes:
        text += f" in {counted(len(folder.classes), 'class', 'classes')}"
    if folder.others:
        text += f"; {counted(folder.others, 'other file')} left out"
    return text


def _existing(name: str, path: str) -> Path:
    root = Path(path)
    try:
        if path and root.is_dir():
            next(root.iterdir(), None)
            return root
        reason = "it is a file" if root.is_file() else "there is none"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    raise CommandError(
        f"{name}: expected a folder, received {shown(path)!r} ({reason})"
    )


def _walk(folder: Path) -> tuple[list[Path], int]:
    """The images in a folder and all below, and the number of other files."""
    images, others = [], 0
    for place, below, names in os.walk(folder, onerror=_refuse):
        below[:] = sorted(filter(_seen, below))
        # Links to folders are not followed: they could lead in a circle.
        others += sum(
            os.path.islink(os.path.join(place, each)) for each in below
        )
        for name in sorted(filter(_seen, names)):
            if name.lower().endswith(SUFFIXES):
                images.append(Path(place, name))
            else:
                others += 1
    return sorted(images), others


def _refuse(error: OSError) -> None:
    raise CommandError(
        f"cannot read the folder {shown(error.filename)} ({error.strerror})"
    )


def _seen(name: str) -> bool:
    """Whether a file or folder is neither hidden nor of an archive's kind."""
    return not name.startswith(".") and name != "__MACOSX"
