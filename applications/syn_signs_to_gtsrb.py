"""SYN SIGNS → GTSRB: synthetic traffic signs, then photographed ones.

The synthetic signs have labels; the photographs have none in training. As in
the paper all photographs are of GTSRB's training archive: a fifth of its
tracks are the test set, chosen by the seed 0. "Source only" shows how good the
synthetic images are.
"""

import dataclasses
import functools
from typing import Any

from applications import start
from applications.runner import domains
from applications.runner import names
from applications.runner import program
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.runner.settings import Split


def load(options: Options, settings: Settings, seed: int) -> Domains:
    return Domains(
        domains.generated(options, "syn_signs", settings.images),
        photographs(options.data_dir, options.manual_dir).first(
            settings.images
        ),
    )


@functools.cache
def photographs(data_dir: str | None, manual_dir: str | None) -> Split:
    """GTSRB's training archive, whole tracks of it for the test."""
    # Here and not above, for it needs TensorFlow Datasets.
    from keras_grl.datasets import gtsrb

    x, y, tracks = gtsrb.load_with_tracks(
        "gtsrb/training", data_dir, manual_dir
    )
    tested = gtsrb.validation_split(tracks)
    return Split(x[~tested], y[~tested], x[tested], y[tested]).shuffled()


_TUNED = Settings(
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
        "paper": Settings(epochs=40),
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
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
