"""USPS: handwritten digits of postal codes."""

import numpy as np

from keras_grl.datasets.facts import Archive
from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Examples
from keras_grl.datasets.facts import Sources
from keras_grl.datasets.facts import Variant
from keras_grl.datasets.tfds import builder_classes
from keras_grl.datasets.tfds import libsvm

__all__ = ["DATASET"]

SIZE = 16  # pixels along a side
_HOMEPAGE = (
    "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html"
)
_ROOT = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"
# Its authors publish no checksums; these are as in torchvision.
_ARCHIVES = {
    split: Archive(name, _ROOT + name, "md5", checksum)
    for split, name, checksum in (
        ("train", "usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"),
        ("test", "usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"),
    )
}


def _prepare(sources: Sources, configuration: str) -> dict[str, Examples]:
    return {
        split: _examples(sources, archive)
        for split, archive in _ARCHIVES.items()
    }


def _examples(sources: Sources, archive: Archive) -> Examples:
    path = sources.archive(archive)
    labels, values = libsvm.rows(path, SIZE * SIZE)
    # The file has the classes 1 to 10, of the digits 0 to 9.
    wrong = (labels != labels.round()) | (labels < 1) | (labels > 10)
    if not len(labels) or wrong.any() or np.abs(values).max() > 1:
        raise ValueError(
            f"The file {path} is not USPS. Expected: classes 1 to 10 and "
            "values from -1 to 1. Received: "
            + (
                f"classes {np.unique(labels).tolist()[:12]}, values from "
                f"{values.min():g} to {values.max():g}"
                if len(labels)
                else "no line"
            )
            + f"\nDownload {archive.url} again."
        )
    pixels = np.rint((values + 1) * 127.5).astype("uint8")
    images = pixels.reshape(-1, SIZE, SIZE, 1)
    for index, image in enumerate(images):
        yield index, {"image": image, "label": int(labels[index]) - 1}


DATASET = Dataset(
    name="usps",
    num_classes=10,
    image_shape=(SIZE, SIZE, 1),
    needs="download",
    terms="its authors'",
    variants=(
        Variant(
            name="usps",
            description="Handwritten digits of postal codes.",
            splits={"train": 7_291, "test": 2_007},
            source=f"<{_HOMEPAGE}#usps>",
            setup=(
                "is downloaded, or put `usps.bz2` and `usps.t.bz2` into "
                "`manual_dir`"
            ),
        ),
    ),
    archives=tuple(_ARCHIVES.values()),
    prepare=_prepare,
    details=(
        "Handwritten digits of postal codes on envelopes of the US Postal "
        "Service, normalized to 16 x 16 gray pixels."
    ),
    homepage=f"{_HOMEPAGE}#usps",
    citation=(
        "@article{hull1994database, title={A database for handwritten text "
        "recognition research}, author={Hull, J. J.}, journal={IEEE "
        "Transactions on Pattern Analysis and Machine Intelligence}, "
        "volume={16}, number={5}, pages={550--554}, year={1994}}"
    ),
    # They are downloaded by themselves. This lets TFDS look there first.
    instructions=(
        f"Download usps.bz2 and usps.t.bz2 from {_ROOT} and put them into the "
        "manual_dir."
    ),
)
# `Usps`, where TFDS is installed.
__getattr__ = builder_classes(DATASET, __name__)
