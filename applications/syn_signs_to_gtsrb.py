"""SYN SIGNS → GTSRB: synthetic traffic signs, then photographed ones.

The synthetic signs have labels; the photographs have none in training. As in
the paper all photographs are of GTSRB's training archive, of which a fifth is
the test set: of its tracks, which are physical signs, or as in the paper of its
images, of whose signs the network has then seen others. "Source only" shows how
good the synthetic images are.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from applications import start
from applications.options import one_of
from applications.options import option
from applications.runner import domains
from applications.runner import names
from applications.runner import program
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Split
from applications.runner.settings import SyntheticSettings


@dataclasses.dataclass(frozen=True)
class SignSettings(SyntheticSettings):
    """The settings of the experiments with GTSRB."""

    split: str = option(
        "tracks",
        "What is held out for the test: a fifth of the physical signs (tracks) "
        "or, as in the paper, of the photographs (images).",
        one_of("tracks", "images"),
    )


def load(options: Options, settings: SignSettings, seed: int) -> Domains:
    return Domains(
        domains.generated(
            options, "syn_signs", settings.images, settings.drawings
        ),
        photographs(options.data_dir, options.manual_dir, settings.split).first(
            settings.images
        ),
    )


@functools.cache
def photographs(
    data_dir: str | None, manual_dir: str | None, split: str = "tracks"
) -> Split:
    """GTSRB's training archive, a fifth of it for the test.

    Args:
        data_dir: Folder of prepared sets.
        manual_dir: Folder of archives.
        split: "tracks" or "images", of which a fifth is chosen, by the seed 0.
    """
    # Here and not above, for it needs TensorFlow Datasets.
    from keras_grl.datasets import gtsrb

    x, y, tracks = gtsrb.load_with_tracks(
        "gtsrb/training", data_dir, manual_dir
    )
    if split == "images":
        tracks = np.arange(len(x))  # each photograph by itself
    tested = gtsrb.validation_split(tracks)
    return Split(x[~tested], y[~tested], x[tested], y[tested]).shuffled()


_TUNED = SignSettings(
    epochs=5,
    network="small",
    optimizer="adam",
    learning_rate=0.001,
)
EXPERIMENT = Experiment(
    name="syn_signs_to_gtsrb",
    title="SYN SIGNS → GTSRB",
    description=__doc__ or "",
    load=load,
    architecture="GTSRB",
    classes=43,
    presets={
        "paper": SignSettings(epochs=40, split="images"),
        "tuned": _TUNED,
        "quick": dataclasses.replace(_TUNED, epochs=5, images=10_000),
    },
    methods=names.TABLE_1,
    more_methods=names.LATER,
    published={
        "source_only": 0.7400,
        "subspace_alignment": 0.7635,
        "dann": 0.8866,
        "train_on_target": 0.9987,
    },
    journal={
        "source_only": 0.7900,
        "dann": 0.8865,
        "train_on_target": 0.9980,
    },
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
