"""GTSRB: the German Traffic Sign Recognition Benchmark."""

import csv
import io
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import archives
from keras_grl.datasets import prepared
from keras_grl.validation import check_choice
from keras_grl.validation import check_number

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
    """
    from PIL import Image

    left, top, right, bottom = box
    sign = image.convert("RGB").crop((left, top, right + 1, bottom + 1))
    return np.asarray(sign.resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def validation_split(tracks: Any, share: float = 0.2, seed: int = 0) -> Any:
    """Chooses whole tracks for validation.

    The about 30 photographs of a track show one physical sign, and resemble
    each other: a split by photograph would measure memory.

    Args:
        tracks: Integer array of shape `(n,)`, the track of each photograph.
        share: Float between 0 and 1, of the tracks.
        seed: Integer.

    Returns:
        Boolean array of shape `(n,)`: whether a photograph is for validation.
        At least one track is, and one is not.

    Raises:
        ValueError: If `share` is not between 0 and 1.

    Example:

    >>> tracks = np.repeat([4, 7, 9, 12], 30)
    >>> chosen = validation_split(tracks, share=0.25)
    >>> chosen.sum(), len(set(tracks[chosen]))
    (np.int64(30), 1)
    """
    share = check_number("share", share, above=0.0, below=1.0)
    unique = np.unique(tracks)
    count = min(max(round(share * len(unique)), 1), len(unique) - 1)
    random = np.random.default_rng(seed)
    return np.isin(tracks, random.permutation(unique)[:count])


class GtsrbConfig(tfds.core.BuilderConfig):
    """Which of the official archives are read."""


class Gtsrb(tfds.core.GeneratorBasedBuilder):
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
            disable_shuffling=True,
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
        annotations = {
            _key(posixpath.join(posixpath.dirname(name), row["Filename"])): row
            for name, content in archives.files(labels, ".csv")
            for row in _rows(labels, content)
        }
        for index, (key, image, row) in enumerate(
            _photographs(photographs, annotations)
        ):
            label, track = int(row["ClassId"]), _TRACK.fullmatch(key)
            yield (
                index,
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


_COLUMNS = {"Filename", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId"}


def _rows(path: Path, content: bytes) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(content.decode()), delimiter=";")
    missing = _COLUMNS - set(rows.fieldnames or [])
    if missing:
        raise ValueError(
            f"The annotations in {path} have other columns. Expected: "
            f"{', '.join(sorted(_COLUMNS))}, separated by semicolons. "
            f"Received: {rows.fieldnames}"
        )
    yield from rows


def _photographs(
    path: Path, annotations: dict[str, Any]
) -> Iterator[tuple[str, Any, dict[str, str]]]:
    """Name, sign and annotation of each photograph, all of them."""
    from PIL import Image

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
        row = annotations[key]
        box = (row["Roi.X1"], row["Roi.Y1"], row["Roi.X2"], row["Roi.Y2"])
        with Image.open(io.BytesIO(content)) as image:
            left, top, right, bottom = map(int, box)
            yield key, signs(image, (left, top, right, bottom)), row
    if missing or not annotations:
        raise ValueError(
            f"The archive {path} is incomplete. Expected: the photographs of "
            f"its annotations. Received: none of {sorted(missing)[:3]}, "
            f"{len(missing)} in all\nDownload it again: {_ROOT}{path.name}"
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
