"""GTSRB: the German Traffic Sign Recognition Benchmark."""

import csv
import io
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import archives
from keras_grl.datasets import builders
from keras_grl.datasets import prepared
from keras_grl.validation import check_choice
from keras_grl.validation import check_number
from keras_grl.validation import invalid

_ROOT = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
TRAINING = "GTSRB_Final_Training_Images.zip"
TEST = "GTSRB_Final_Test_Images.zip"
TEST_LABELS = "GTSRB_Final_Test_GT.zip"
SIZE = 40
CLASSES = 43
_TRACK = re.compile(r"\d{5}/(\d{5})_\d{5}\.ppm")


def signs(image: Any, box: tuple[int, int, int, int]) -> Any:
    """The sign alone, resized.

    Args:
        image: A Pillow image.
        box: Left, top, right and bottom of the sign, as the annotations have
            them: right and bottom belong to it.

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


def _is_inside(box: tuple[int, int, int, int], image: Any) -> bool:
    left, top, right, bottom = box
    return (
        0 <= left <= right < image.width and 0 <= top <= bottom < image.height
    )


def validation_split(
    tracks: Any, share: float = 0.2, seed: int = 0, labels: Any = None
) -> Any:
    """Chooses whole tracks for validation.

    The about 30 photographs of a track show one physical sign, and resemble
    each other: a split by photograph would measure memory.

    Args:
        tracks: Integer array of shape `(n,)`, the track of each photograph.
        share: Float between 0 and 1, of the tracks.
        seed: Integer.
        labels: Integer array of shape `(n,)`, the class of each photograph.
            With it tracks are chosen within each class: the share of them,
            rounded down or up so that the share of all tracks is as near as
            can be, and at least one. A class's last track is never chosen, so
            a class of one track has none for validation. By default classes
            are not looked at, and few tracks leave some out of validation.

    Returns:
        Boolean array of shape `(n,)`: whether a photograph is for validation.
        At least one track is, and one is not.

    Raises:
        ValueError: If `share` is not between 0 and 1, there are fewer than two
            tracks, or `labels` has another shape, two classes for one track,
            or one track for each class.

    Example:

    >>> tracks = np.repeat([4, 7, 9, 12], 30)
    >>> chosen = validation_split(tracks, share=0.25)
    >>> chosen.sum(), len(set(tracks[chosen]))
    (np.int64(30), 1)
    >>> labels = np.repeat([0, 0, 1, 1], 30)
    >>> chosen = validation_split(tracks, share=0.25, labels=labels)
    >>> np.bincount(labels[chosen]).tolist()
    [30, 30]
    """
    share = check_number("share", share, above=0.0, below=1.0)
    unique = np.unique(tracks)
    if len(unique) < 2:
        raise ValueError(
            invalid("tracks", "two different tracks or more", unique.tolist())
        )
    random = np.random.default_rng(seed)
    if labels is None:
        count = min(max(round(share * len(unique)), 1), len(unique) - 1)
        return np.isin(tracks, random.permutation(unique)[:count])
    of_track = _label_of_each_track(np.asarray(tracks), np.asarray(labels))
    classes, sizes = np.unique(of_track, return_counts=True)
    chosen = [
        random.permutation(unique[of_track == label])[:count]
        for label, count in zip(classes, _counts(sizes, share), strict=True)
    ]
    return np.isin(tracks, np.concatenate(chosen))


def _label_of_each_track(tracks: Any, labels: Any) -> Any:
    """Labels of the sorted tracks, if each has one and some share a class."""
    if tracks.ndim != 1 or labels.shape != tracks.shape:
        raise ValueError(
            invalid(
                "labels",
                "shape (n,), as `tracks` has it",
                f"array of shape {labels.shape} for {tracks.shape}",
            )
        )
    unique, first, inverse = np.unique(
        tracks, return_index=True, return_inverse=True
    )
    of_track = labels[first]
    if (other := labels != of_track[inverse]).any():
        track = tracks[other][0]
        found = np.unique(labels[tracks == track]).tolist()
        raise ValueError(
            invalid(
                "labels",
                "one class for each track",
                f"classes {found} for track {track}",
                "Number the tracks of all classes apart, as "
                "`load_with_tracks` does.",
            )
        )
    if len(np.unique(of_track)) == len(unique):
        raise ValueError(
            invalid(
                "labels",
                "a class of two tracks or more",
                f"{len(unique)} classes for {len(unique)} tracks",
            )
        )
    return of_track


def _counts(sizes: Any, share: float) -> list[int]:
    """How many tracks of each class are for validation."""
    exact = share * sizes
    # The upper bound wins: none of a class that has but one track.
    counts = np.clip(np.floor(exact).astype(int), 1, sizes - 1)
    # Rounding each by itself could add up to far more, or less.
    more = round(exact.sum()) - counts.sum()
    for index in np.argsort(counts - exact, kind="stable"):
        if more > 0 and counts[index] < min(exact[index], sizes[index] - 1):
            counts[index] += 1
            more -= 1
    return counts.tolist()


class GtsrbConfig(tfds.core.BuilderConfig):
    """Which of the official archives are read."""


class Gtsrb(builders.Builder):
    """GTSRB, cropped to the sign and resized to 40 x 40."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First."}  # noqa: RUF012 (as TFDS has it)
    # They are downloaded by themselves. This lets TFDS look there first.
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Download {TRAINING}, {TEST} and {TEST_LABELS} from {_ROOT} and put "
        "them into the manual_dir."
    )
    BUILDER_CONFIGS = [  # noqa: RUF012
        GtsrbConfig(name="official", description="Training and test signs."),
        GtsrbConfig(
            name="training",
            description="The archive of training signs alone, or part of it.",
        ),
    ]

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Photographs of 43 German traffic signs, cropped to the sign "
                "(Roi) and resized to 40 x 40. `track` numbers the physical "
                "signs of the training photographs; it is -1 in the test set, "
                "which has one photograph of each."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIZE, SIZE, 3)),
                    "label": tfds.features.ClassLabel(num_classes=CLASSES),
                    "track": np.int64,
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://benchmark.ini.rub.de/gtsrb_dataset.html",
            citation="@article{stallkamp2012man, title={Man vs. computer: "
            "Benchmarking machine learning algorithms for traffic sign "
            "recognition}, author={Stallkamp, J. and Schlipsing, M. and "
            "Salmen, J. and Igel, C.}, journal={Neural Networks}, "
            "volume={32}, year={2012}}",
        )

    def _split_generators(self, dl_manager: Any) -> Any:
        def archive(name: str) -> Path:
            return prepared.file_or_download(dl_manager, name, _ROOT + name)

        training = archive(TRAINING)
        splits = {"train": self._generate_examples(training, training)}
        if self.builder_config.name == "official":
            splits["test"] = self._generate_examples(
                archive(TEST), archive(TEST_LABELS)
            )
        return splits

    def _generate_examples(self, photographs: Path, labels: Path) -> Any:
        annotations: dict[str, _Annotation] = {}
        for name, content in archives.files(labels, ".csv"):
            for file, annotation in _annotations(labels, name, content):
                key = _key(posixpath.join(posixpath.dirname(name), file))
                if annotations.setdefault(key, annotation) != annotation:
                    where = f"{name}, the rows of {file}"
                    raise ValueError(
                        archives.damaged(
                            labels,
                            where,
                            "one",
                            f"{annotation.box} as well as "
                            f"{annotations[key].box}",
                        )
                    )
        for key, image, label in _photographs(photographs, labels, annotations):
            track = _TRACK.fullmatch(key)
            yield (
                # By these names TFDS shuffles, or a part would be of few
                # classes.
                key,
                {
                    "image": image,
                    "label": label,
                    # Tracks are numbered anew in every class.
                    "track": label * 100_000 + int(track[1]) if track else -1,
                },
            )


def _key(name: str) -> str:
    """What tells photographs of an archive apart.

    File names alone are the same in every class of the training archive.
    """
    *_, folder, file = ["", *name.split("/")]
    return f"{folder}/{file}" if folder.isdecimal() else file


class _Annotation(NamedTuple):
    table: str  # name of the CSV that has it
    box: tuple[int, int, int, int]
    label: int


_NUMBERS = ("Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId")
_COLUMNS = {"Filename", *_NUMBERS}


def _annotations(
    path: Path, name: str, content: bytes
) -> Iterator[tuple[str, _Annotation]]:
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
            _Annotation(name, (left, top, right, bottom), label),
        )


def _photographs(
    path: Path, labels: Path, annotations: dict[str, _Annotation]
) -> Iterator[tuple[str, Any, int]]:
    """Name, sign and label of each photograph, all of them."""
    missing = set(annotations)
    for name, content in archives.files(path, ".ppm"):
        key = _key(name)
        if key not in annotations:
            raise ValueError(
                f"The archive {path} has another layout. Expected: every "
                f"photograph in a semicolon-separated GT-*.csv. Received: "
                f"{name!r}, which is in none"
            )
        missing.discard(key)
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
            + f"\nDownload it again: {_ROOT}{path.name}"
        )


def load_with_tracks(
    name: str = "gtsrb", data_dir: Any = None, manual_dir: Any = None
) -> tuple[Any, Any, Any]:
    """Loads the training signs with their tracks, for `validation_split`.

    Args:
        name: "gtsrb" or "gtsrb/training".
        data_dir: As `keras_grl.datasets.load` takes it.
        manual_dir: As `keras_grl.datasets.load` takes it.

    Returns:
        Images, uint8 of shape `(n, 40, 40, 3)`, labels and tracks, int64 of
        shape `(n,)`.

    Raises:
        OSError: If something must be downloaded and cannot be.
        ValueError: If there is no such set, or an archive is damaged or of
            another layout.
    """
    check_choice("name", name, ("gtsrb", "gtsrb/official", "gtsrb/training"))
    builder = prepared.ready(name, data_dir, manual_dir)
    arrays = prepared.read(builder, "train")
    return arrays["image"], arrays["label"], arrays["track"]
