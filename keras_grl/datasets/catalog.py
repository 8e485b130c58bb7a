"""Every set by its name."""

import importlib

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Variant

# The files of the sets, in the order of `names()`. A new set is one more.
_FILES = (
    "digits",
    "mnist",
    "mnist_m",
    "usps",
    "svhn_cropped",
    "syn_numbers",
    "syn_signs",
    "gtsrb",
    "office31",
)

DATASETS: tuple[Dataset, ...] = tuple(
    importlib.import_module(f"keras_grl.datasets.{file}").DATASET
    for file in _FILES
)
VARIANTS: dict[str, tuple[Dataset, Variant]] = {
    variant.name: (dataset, variant)
    for dataset in DATASETS
    for variant in dataset.variants
}
