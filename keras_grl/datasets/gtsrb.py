"""GTSRB: the German Traffic Sign Recognition Benchmark."""

import re
from pathlib import Path

from keras_grl.datasets.facts import Archive
from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Examples
from keras_grl.datasets.facts import Sources
from keras_grl.datasets.facts import Variant
from keras_grl.datasets.tfds import builder_classes
from keras_grl.datasets.tfds import gtsrb_archives
from keras_grl.datasets.tfds import load_prepared
from keras_grl.datasets.tfds.gtsrb_archives import CLASSES
from keras_grl.datasets.tfds.gtsrb_archives import SIZE
from keras_grl.datasets.tfds.gtsrb_archives import signs
from keras_grl.datasets.tracks import validation_split
from keras_grl.types import Array
from keras_grl.types import Images
from keras_grl.types import PathLike
from keras_grl.validation import check_choice

__all__ = ["DATASET", "load_with_tracks", "signs", "validation_split"]

_ROOT = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
TRAINING = "GTSRB_Final_Training_Images.zip"
TEST = "GTSRB_Final_Test_Images.zip"
TEST_LABELS = "GTSRB_Final_Test_GT.zip"
# The authors publish no checksums. Those of the test archives are as in
# torchvision; several public programs that download the training archive agree
# on this one.
_ARCHIVES = {
    name: Archive(name, _ROOT + name, "md5", checksum)
    for name, checksum in (
        (TRAINING, "f33fd80ac59bff73c82d25ab499e03a3"),
        (TEST, "c7e4e6327067d32654124b0fe9e82185"),
        (TEST_LABELS, "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
    )
}
_TRACK = re.compile(r"\d{5}/(\d{5})_\d{5}\.ppm")


def _prepare(sources: Sources, configuration: str) -> dict[str, Examples]:
    def archive(name: str) -> Path:
        return sources.archive(_ARCHIVES[name])

    training = archive(TRAINING)
    splits = {"train": _examples(training, training)}
    if configuration == "official":
        splits["test"] = _examples(archive(TEST), archive(TEST_LABELS))
    return splits


def _examples(photographs: Path, labels: Path) -> Examples:
    found = gtsrb_archives.annotations(labels)
    for key, image, label in gtsrb_archives.signs_of(
        photographs, labels, found, _ROOT
    ):
        track = _TRACK.fullmatch(key)
        yield (
            # TFDS orders the examples by a hash of this key, so that each part
            # of the set has all classes.
            key,
            {
                "image": image,
                "label": label,
                # The archive numbers the tracks of each class from 0.
                "track": label * 100_000 + int(track[1]) if track else -1,
            },
        )


def load_with_tracks(
    name: str = "gtsrb",
    data_dir: PathLike | None = None,
    manual_dir: PathLike | None = None,
) -> tuple[Images, Array, Array]:
    """Loads the training signs with their tracks, for `validation_split`.

    Args:
        name: "gtsrb" or "gtsrb/training".
        data_dir: As `keras_grl.datasets.load` takes it.
        manual_dir: As `keras_grl.datasets.load` takes it.

    Returns:
        Images, uint8 of shape `(n, 40, 40, 3)`, labels and tracks, int64 of
        shape `(n,)`.

    Raises:
        ImportError: If `tensorflow-datasets` is not installed.
        OSError: If a download fails.
        ValueError: If there is no such set, or an archive is damaged or of
            another layout.
    """
    check_choice("name", name, ("gtsrb", "gtsrb/official", "gtsrb/training"))
    arrays = load_prepared(name, "train", data_dir, manual_dir)
    return arrays["image"], arrays["label"], arrays["track"]


DATASET = Dataset(
    name="gtsrb",
    num_classes=CLASSES,
    image_shape=(SIZE, SIZE, 3),
    needs="download",
    terms=(
        "[free to use, with a citation]"
        "(https://benchmark.ini.rub.de/gtsrb_dataset.html)"
    ),
    variants=(
        Variant(
            name="gtsrb",
            description="German traffic signs.",
            splits={"train": 39_209, "test": 12_630},
            source="<https://benchmark.ini.rub.de/gtsrb_dataset.html>",
            setup="is downloaded, or put the three archives into `manual_dir`",
            configuration="official",
            summary="Training and test signs.",
        ),
        Variant(
            name="gtsrb/training",
            description="German traffic signs, the training archive alone.",
            splits={"train": 39_209},
            source="the same",
            setup=f"the same, with `{TRAINING}` alone",
            configuration="training",
            summary="The archive of training signs alone, or part of it.",
        ),
    ),
    archives=tuple(_ARCHIVES.values()),
    prepare=_prepare,
    details=(
        "Photographs of 43 German traffic signs, cropped to the sign "
        "(Roi) and resized to 40 x 40. `track` numbers the physical "
        "signs of the training photographs; it is -1 in the test set, "
        "which has one photograph of each."
    ),
    homepage="https://benchmark.ini.rub.de/gtsrb_dataset.html",
    citation=(
        "@article{stallkamp2012man, title={Man vs. computer: "
        "Benchmarking machine learning algorithms for traffic sign "
        "recognition}, author={Stallkamp, J. and Schlipsing, M. and "
        "Salmen, J. and Igel, C.}, journal={Neural Networks}, "
        "volume={32}, year={2012}}"
    ),
    # They are downloaded by themselves. This lets TFDS look there first.
    instructions=(
        f"Download {TRAINING}, {TEST} and {TEST_LABELS} from {_ROOT} and put "
        "them into the manual_dir."
    ),
    features={"track": "int64"},
)
# `Gtsrb` and `GtsrbConfig`, where TFDS is installed.
__getattr__ = builder_classes(DATASET, __name__)
