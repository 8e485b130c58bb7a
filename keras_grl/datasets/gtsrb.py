"""GTSRB: the German Traffic Sign Recognition Benchmark."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import builders
from keras_grl.datasets import gtsrb_archives
from keras_grl.datasets import prepared
from keras_grl.datasets import reading
from keras_grl.datasets.gtsrb_archives import CLASSES
from keras_grl.datasets.gtsrb_archives import SIZE
from keras_grl.datasets.gtsrb_archives import signs
from keras_grl.datasets.tracks import validation_split
from keras_grl.validation import check_choice

__all__ = ["Gtsrb", "load_with_tracks", "signs", "validation_split"]

_ROOT = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
TRAINING = "GTSRB_Final_Training_Images.zip"
TEST = "GTSRB_Final_Test_Images.zip"
TEST_LABELS = "GTSRB_Final_Test_GT.zip"
_TRACK = re.compile(r"\d{5}/(\d{5})_\d{5}\.ppm")


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
        found = gtsrb_archives.annotations(labels)
        for key, image, label in gtsrb_archives.signs_of(
            photographs, labels, found, _ROOT
        ):
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
    arrays = reading.read(builder, "train")
    return arrays["image"], arrays["label"], arrays["track"]
