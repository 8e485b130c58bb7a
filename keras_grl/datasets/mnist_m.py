"""MNIST-M: digits of MNIST over color photographs."""

from collections.abc import Callable

from keras_grl.datasets.facts import Archive
from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Examples
from keras_grl.datasets.facts import Sources
from keras_grl.datasets.facts import Variant
from keras_grl.datasets.generators.blending import blend
from keras_grl.datasets.tfds import bsds500
from keras_grl.datasets.tfds import builder_classes
from keras_grl.types import Array
from keras_grl.types import Images

__all__ = ["DATASET", "blend"]

# 70,763,455 bytes. Its authors publish no checksum; several public programs
# that download it agree on this one.
BSDS500 = Archive(
    "BSR_bsds500.tgz",
    "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/"
    "BSR_bsds500.tgz",
    "sha256",
    "97e49d31764f3912f0c4122707d53062ac9e783ba0f095e447a4d53c1a41af8e",
)
# The digits of train and test are blended over different photographs.
_PHOTOGRAPHS = {"train": "train", "test": "val"}
_SEED = 0


def _prepare(sources: Sources, configuration: str) -> dict[str, Examples]:
    archive = sources.archive(BSDS500)
    photographs = bsds500.photographs(archive, BSDS500.url)
    mnist = sources.dataset("mnist")
    return {
        split: _examples(mnist, split, photographs[part], (_SEED, number))
        for number, (split, part) in enumerate(_PHOTOGRAPHS.items())
    }


def _examples(
    mnist: Callable[[str], dict[str, Array]],
    split: str,
    photographs: list[Images],
    seed: tuple[int, int],
) -> Examples:
    digits = mnist(split)
    images = blend(digits["image"], photographs, seed)
    for index, (image, label) in enumerate(
        zip(images, digits["label"], strict=True)
    ):
        yield index, {"image": image, "label": label}


DATASET = Dataset(
    name="mnist_m",
    num_classes=10,
    image_shape=(28, 28, 3),
    needs="download",
    terms=(
        "MNIST's; BSDS500 is [for research and education, not commercial]"
        "(https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/bsds/)"
    ),
    variants=(
        Variant(
            name="mnist_m",
            description="MNIST's digits over color photographs of BSDS500.",
            splits={"train": 60_000, "test": 10_000},
            source=(
                "MNIST and [BSDS500](https://www2.eecs.berkeley.edu/Research/"
                "Projects/CS/vision/grouping/resources.html)"
            ),
            setup=f"is downloaded, or put `{BSDS500.name}` into `manual_dir`",
        ),
    ),
    archives=(BSDS500,),
    prepare=_prepare,
    details=(
        "The digits of MNIST, each blended over a patch from a colour "
        "photograph of BSDS500: |patch - digit|. Example i of a split "
        "is made from example i of MNIST's."
    ),
    homepage="https://arxiv.org/abs/1409.7495",
    citation=(
        "@inproceedings{ganin2015unsupervised, title="
        "{Unsupervised Domain Adaptation by Backpropagation}, author="
        "{Ganin, Yaroslav and Lempitsky, Victor}, booktitle={ICML}, "
        "year={2015}}"
    ),
    # It is downloaded by itself. This lets TFDS look there first.
    instructions=f"Download {BSDS500.url} and put it into the manual_dir.",
    keeps_order=True,  # MNIST's
)
# `MnistM`, where TFDS is installed.
__getattr__ = builder_classes(DATASET, __name__)
