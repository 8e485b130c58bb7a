"""SYN NUMBERS: synthetic numbers that look like house numbers."""

from keras_grl.datasets.facts import Dataset
from keras_grl.datasets.facts import Generator
from keras_grl.datasets.facts import Variant
from keras_grl.datasets.generators.house_number_config import LIMITS
from keras_grl.datasets.generators.house_number_config import VERSIONS
from keras_grl.datasets.generators.house_number_config import Config
from keras_grl.datasets.generators.house_numbers import draw
from keras_grl.datasets.generators.number_masks import SIZE
from keras_grl.datasets.tfds import builder_classes

__all__ = ["DATASET", "SIZE", "VERSIONS", "Config", "draw"]

# Nobody can download the paper's set any more.
DATASET = Dataset(
    name="syn_numbers",
    num_classes=10,
    image_shape=(SIZE, SIZE, 3),
    needs="nothing",
    terms="keras-grl's",
    variants=(
        Variant(
            name="syn_numbers",
            description="Synthetic numbers that look like house numbers.",
            splits={"train": 500_000, "test": 10_000},
            source="generated with matplotlib's fonts and our stroke font",
            setup="install matplotlib",
            configuration="full",
            summary="As many as the paper's.",
        ),
        Variant(
            name="syn_numbers/small",
            description="A tenth of syn_numbers.",
            splits={"train": 50_000, "test": 10_000},
            source="the same",
            setup="the same",
            configuration="small",
            summary="A tenth of them.",
        ),
    ),
    generator=Generator(draw=draw, versions=VERSIONS, limits=LIMITS),
    releases={
        "1.0.0": "First.",
        "2.0.0": (
            "JPEG with colors at half of the resolution, bars behind the "
            "digits, and knobs found by statistics of SVHN's images."
        ),
    },
    details=(
        "Numbers of one to three digits, drawn to look like house numbers; "
        "the label is the digit in the middle."
    ),
    homepage="https://arxiv.org/abs/1409.7495",
)
# `SynNumbers` and `SynNumbersConfig`, where TFDS is installed.
__getattr__ = builder_classes(DATASET, __name__)
