"""Signs and annotations out of the archives of GTSRB."""

import csv
import io
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from typing import NamedTuple

import numpy as np

from keras_grl.datasets.tfds import archives
from keras_grl.types import Images
from keras_grl.validation import invalid

if TYPE_CHECKING:
    import PIL.Image

SIZE = 40
CLASSES = 43


def signs(image: "PIL.Image.Image", box: tuple[int, int, int, int]) -> Images:
    """Crops the sign and resizes it.

    Args:
        image: A Pillow image.
        box: Left, top, right and bottom of the sign, as the annotations have
            them: right and bottom are included.

    Returns:
        uint8 of shape `(40, 40, 3)`.

    Raises:
        ValueError: If the box is empty, or not inside of the image.
    """
    from PIL import Image

    # Pillow would add black pixels.
    if not _is_inside(box, image):
        expected = f"a box inside of {image.width} x {image.height} pixels"
        raise ValueError(invalid("box", expected, box))
    left, top, right, bottom = box
    sign = image.convert("RGB").crop((left, top, right + 1, bottom + 1))
    return np.asarray(sign.resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def _is_inside(
    box: tuple[int, int, int, int], image: "PIL.Image.Image"
) -> bool:
    left, top, right, bottom = box
    return (
        0 <= left <= right < image.width and 0 <= top <= bottom < image.height
    )


def _key(name: str) -> str:
    """What identifies a photograph of an archive.

    File names alone are the same in every class of the training archive.
    """
    *_, folder, file = ["", *name.split("/")]
    return f"{folder}/{file}" if folder.isdecimal() else file


class Annotation(NamedTuple):
    """Where a sign is, and what it is."""

    table: str  # name of the CSV that has it
    box: tuple[int, int, int, int]
    label: int


_NUMBERS = ("Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId")
_COLUMNS = {"Filename", *_NUMBERS}


def annotations(path: Path) -> dict[str, Annotation]:
    """The annotations of all photographs.

    Args:
        path: Of an archive with tables, `GT-*.csv`.

    Returns:
        The annotation of each photograph, by its number and folder.

    Raises:
        ValueError: If the archive is damaged or of another layout.
    """
    found: dict[str, Annotation] = {}
    for name, content in archives.files(path, ".csv"):
        for file, annotation in _rows(path, name, content):
            key = _key(posixpath.join(posixpath.dirname(name), file))
            if found.setdefault(key, annotation) != annotation:
                where = f"{name}, the rows of {file}"
                both = f"{annotation.box} as well as {found[key].box}"
                raise ValueError(archives.damaged(path, where, "one", both))
    return found


def _rows(
    path: Path, name: str, content: bytes
) -> Iterator[tuple[str, Annotation]]:
    """File name and annotation of each photograph in a CSV."""
    try:
        table = csv.DictReader(io.StringIO(content.decode()), delimiter=";")
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        expected = "a table separated by semicolons, in UTF-8"
        raise ValueError(
            archives.damaged(path, name, expected, error)
        ) from error
    if _COLUMNS - set(table.fieldnames or []):
        raise ValueError(
            f"The annotations {name} in {path} have other columns. Expected: "
            f"{', '.join(sorted(_COLUMNS))}, separated by semicolons. "
            f"Received: {table.fieldnames}"
        )
    for row in rows:
        where = f"{name}, the row of {row['Filename']}"
        texts = {column: row[column] for column in _NUMBERS}
        if not row["Filename"]:
            raise ValueError(archives.damaged(path, where, "a Filename", texts))
        try:
            *box, label = map(int, texts.values())
        except (TypeError, ValueError) as error:  # None where a row is short
            expected = f"integers in {', '.join(_NUMBERS)}"
            raise ValueError(
                archives.damaged(path, where, expected, texts)
            ) from error
        if not 0 <= label < CLASSES:
            expected = f"a ClassId from 0 to {CLASSES - 1}"
            raise ValueError(archives.damaged(path, where, expected, label))
        folder = posixpath.basename(posixpath.dirname(name))
        if folder.isdecimal() and int(folder) != label:
            expected = f"ClassId {int(folder)}, as the folder says"
            raise ValueError(archives.damaged(path, where, expected, label))
        left, top, right, bottom = box
        yield (
            row["Filename"],
            Annotation(name, (left, top, right, bottom), label),
        )


def signs_of(
    path: Path, labels: Path, annotations: dict[str, Annotation], url: str
) -> Iterator[tuple[str, Images, int]]:
    """The signs of all photographs.

    Args:
        path: Of the archive of photographs.
        labels: Of the archive of their annotations.
        annotations: What `annotations` returns for it.
        url: Where both are published.

    Yields:
        Key of the annotation, sign and label.

    Raises:
        ValueError: If an archive is damaged, incomplete or of another layout.
    """
    missing = set(annotations)
    for name, content in archives.files(path, ".ppm"):
        key = _key(name)
        if key not in annotations:
            raise ValueError(
                f"The archive {path} has another layout. Expected: every "
                f"photograph in a semicolon-separated GT-*.csv. Received: "
                f"{name!r}, which is in none"
            )
        if key not in missing:
            # From another folder, or added to the archive twice.
            raise ValueError(
                archives.damaged(path, name, "one photograph", "a second one")
            )
        missing.remove(key)
        table, box, label = annotations[key]
        image = archives.photograph(path, name, content)
        if not _is_inside(box, image):
            raise ValueError(
                archives.damaged(
                    labels,
                    f"{table}, the row of {name}",
                    "0 <= Roi.X1 <= Roi.X2 and 0 <= Roi.Y1 <= Roi.Y2 inside of "
                    f"the photograph of {image.width} x {image.height} pixels",
                    "Roi.X1, Roi.Y1, Roi.X2, Roi.Y2 = "
                    + ", ".join(map(str, box)),
                )
            )
        yield key, signs(image, box), label
    if missing or not annotations:
        raise ValueError(
            f"The archive {path} is incomplete. Expected: the photographs of "
            f"its annotations. Received: "
            + (
                f"none of {sorted(missing)[:3]}, {len(missing)} in all"
                if missing
                else "no annotations"
            )
            + f"\nDownload it again: {url}{path.name}"
        )
