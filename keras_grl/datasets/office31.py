"""OFFICE-31: photographs of office objects from three sources."""

import warnings
from pathlib import Path

import numpy as np

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Examples
from keras_grl.datasets.facts import Sources
from keras_grl.datasets.facts import Variant
from keras_grl.datasets.tfds import builder_classes
from keras_grl.datasets.tfds import images
from keras_grl.types import Array
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
# Labeled source photographs of each class, in the paper's protocol.
LABELED = {"amazon": 20, "dslr": 8, "webcam": 8}
_HOMEPAGE = "https://faculty.cc.gatech.edu/~judy/domainadapt/"
_INSTRUCTIONS = (
    "Download domain_adaptation_images.tar.gz by hand from "
    f"{_HOMEPAGE} and unpack it into the manual_dir, so that it, or a "
    "folder office31 in it, has "
    "{amazon,dslr,webcam}/images/<class>/frame_0001.jpg. Name that folder: "
    "`keras_grl.datasets.load(..., manual_dir='path/to/folder')`."
)


def sample(labels: Array, per_class: int, seed: int = 0) -> Array:
    """Chooses labeled source photographs, `per_class` of each class.

    Five seeds are the five random splits of the paper's protocol; `LABELED`
    has the number for each domain.

    Args:
        labels: Integer array of shape `(n,)`.
        per_class: Integer. A class with fewer photographs, such as the smallest
            of DSLR, contributes all of them.
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


def _prepare(sources: Sources, configuration: str) -> dict[str, Examples]:
    root = sources.folder(f"The photographs of office31/{configuration}")
    for folder in (root / configuration, root / "office31" / configuration):
        if (folder / "images").is_dir():
            return {"train": _examples(folder / "images")}
    raise ValueError(
        invalid(
            "manual_dir",
            f"a folder with {configuration}/images/<class>/*.jpg",
            str(root),
            _INSTRUCTIONS,
        )
    )


def _examples(folder: Path) -> Examples:
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
        # TFDS orders the examples by a hash of this key, so that each part of
        # the set has all classes.
        yield f"{label}/{file.name}", {"image": str(file), "label": label}


def _check(file: Path) -> None:
    """Refuses a photograph that cannot be decoded, before it is copied."""
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


def _variant(
    domain: str, description: str, count: int, source: str, setup: str
) -> Variant:
    return Variant(
        name=f"office31/{domain}",
        description=f"OFFICE-31, 31 classes of office objects: {description}.",
        splits={"train": count},
        source=source,
        setup=setup,
        configuration=domain,
        summary=f"From {domain}.",
    )


DATASET = Dataset(
    name="office31",
    num_classes=len(CLASSES),
    image_shape=None,
    needs="manual",
    terms="its authors'",
    variants=(
        _variant(
            "amazon",
            "product photographs",
            2_817,
            f"<{_HOMEPAGE}>",
            "unpack `domain_adaptation_images.tar.gz` into `manual_dir`",
        ),
        _variant("dslr", "by a reflex camera", 498, "the same", "the same"),
        _variant("webcam", "by a webcam", 795, "the same", "the same"),
    ),
    prepare=_prepare,
    details=(
        "Photographs of 31 kinds of things found in offices: product "
        "photographs (amazon), by a reflex camera (dslr) and by a "
        "webcam."
    ),
    homepage=_HOMEPAGE,
    citation=(
        "@inproceedings{saenko2010adapting, title={Adapting "
        "Visual Category Models to New Domains}, author={Saenko, K. and "
        "Kulis, B. and Fritz, M. and Darrell, T.}, booktitle={ECCV}, "
        "year={2010}}"
    ),
    instructions=_INSTRUCTIONS,
    class_names=tuple(CLASSES),
)
# `Office31` and `Office31Config`, where TFDS is installed.
_builder_classes = builder_classes(DATASET, __name__)


def __getattr__(name: str) -> type | dict[str, int]:
    if name == "LABELLED":
        warnings.warn(
            "`LABELLED` is deprecated: use `LABELED`.",
            DeprecationWarning,
            stacklevel=2,
        )
        return LABELED
    return _builder_classes(name)
