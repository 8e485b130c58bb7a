"""OFFICE-31: photographs of office things from three sources."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from keras_grl.datasets import builders
from keras_grl.datasets import images
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

DOMAINS = ("amazon", "dslr", "webcam")
CLASSES = (
    "back_pack bike bike_helmet bookcase bottle calculator desk_chair "
    "desk_lamp desktop_computer file_cabinet headphones keyboard "
    "laptop_computer letter_tray mobile_phone monitor mouse mug "
    "paper_notebook pen phone printer projector punchers ring_binder ruler "
    "scissors speaker stapler tape_dispenser trash_can"
).split()
# Labelled source photographs of each class, in the paper's protocol.
LABELLED = {"amazon": 20, "dslr": 8, "webcam": 8}
_HOMEPAGE = "https://faculty.cc.gatech.edu/~judy/domainadapt/"


def sample(labels: Any, per_class: int, seed: int = 0) -> Any:
    """Chooses labelled source photographs: so many of each class.

    Five seeds are the five random splits of the paper's protocol; `LABELLED`
    has the number for each domain.

    Args:
        labels: Integer array of shape `(n,)`.
        per_class: Integer. A class that has fewer, as the smallest of DSLR's,
            gives all that it has.
        seed: Integer.

    Returns:
        Sorted integer array of shape `(classes * per_class,)`, or a little
        shorter: the chosen photographs.

    Raises:
        ValueError: If `per_class` is not a positive integer, or there are no
            labels.

    Example:

    >>> labels = np.repeat([3, 5], 30)
    >>> labels[sample(labels, per_class=2)].tolist()
    [3, 3, 5, 5]

    Reference:
        Saenko et al. (2010); Ganin & Lempitsky (2015), section 4.
    """
    per_class = check_integer("per_class", per_class)
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels):
        raise ValueError(
            invalid(
                "labels",
                "integers of shape (n,), one or more",
                f"array of shape {labels.shape}",
            )
        )
    random = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        size = min(per_class, len(members))
        chosen.append(random.choice(members, size, replace=False))
    return np.sort(np.concatenate(chosen))


class Office31Config(tfds.core.BuilderConfig):
    """One of the domains."""


class Office31(builders.Builder):
    """OFFICE-31, one configuration for each domain."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First."}  # noqa: RUF012 (as TFDS has it)
    BUILDER_CONFIGS = [  # noqa: RUF012
        Office31Config(name=domain, description=f"From {domain}.")
        for domain in DOMAINS
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Download domain_adaptation_images.tar.gz by hand from "
        f"{_HOMEPAGE} and unpack it into the manual_dir, so that it, or a "
        "folder office31 in it, has "
        "{amazon,dslr,webcam}/images/<class>/frame_0001.jpg. Name that folder: "
        "`keras_grl.datasets.load(..., manual_dir='path/to/folder')`."
    )

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Photographs of 31 kinds of things found in offices: product "
                "photographs (amazon), by a reflex camera (dslr) and by a "
                "webcam."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "label": tfds.features.ClassLabel(names=CLASSES),
                }
            ),
            supervised_keys=("image", "label"),
            homepage=_HOMEPAGE,
            citation="@inproceedings{saenko2010adapting, title={Adapting "
            "Visual Category Models to New Domains}, author={Saenko, K. and "
            "Kulis, B. and Fritz, M. and Darrell, T.}, booktitle={ECCV}, "
            "year={2010}}",
        )

    def _split_generators(self, dl_manager: Any) -> Any:
        domain = self.builder_config.name
        try:
            root = Path(dl_manager.manual_dir)
        except (AssertionError, NotADirectoryError) as error:
            # There is no such folder, or nothing in it. TFDS alone knows which
            # one it is, and goes on with the instructions.
            looked = str(error).partition(" Create it")[0]
            raise FileNotFoundError(
                f"The photographs of office31/{domain} are missing. {looked}\n"
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            ) from error
        for folder in (root / domain, root / "office31" / domain):
            if (folder / "images").is_dir():
                return {"train": self._generate_examples(folder / "images")}
        raise ValueError(
            invalid(
                "manual_dir",
                f"a folder with {domain}/images/<class>/*.jpg",
                str(root),
                self.MANUAL_DOWNLOAD_INSTRUCTIONS,
            )
        )

    def _generate_examples(self, folder: Path) -> Any:
        others = sorted(
            each.name
            for each in folder.iterdir()
            if each.is_dir() and each.name not in CLASSES
        )
        files = sorted(folder.glob("*/*.jpg"))
        if others or not files:
            raise ValueError(
                f"The folder {folder} has another layout. Expected: "
                f"{CLASSES[0]}/*.jpg, {CLASSES[1]}/*.jpg, …. Received: "
                f"{others or 'no photographs'}"
            )
        for file in files:
            _check(file)
            label = file.parent.name
            # By these names TFDS shuffles, or a part would be of few classes.
            yield f"{label}/{file.name}", {"image": str(file), "label": label}


def _check(file: Path) -> None:
    """TFDS copies photographs as they are: they would fail to be read."""
    try:
        with images.opened(file, "JPEG", "PNG") as image:
            image.load()
    except ImportError:
        raise
    except Exception as error:  # each decoder has its own
        raise ValueError(
            f"The photograph {file} is damaged. Expected: a JPEG. Received: "
            f"{file.stat().st_size} B, {error}\nUnpack "
            "domain_adaptation_images.tar.gz again."
        ) from error
