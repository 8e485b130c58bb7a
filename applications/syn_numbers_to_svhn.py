"""SYN NUMBERS → SVHN: synthetic numbers, then photographed house numbers.

The synthetic numbers have labels; the photographs have none in training.
"Source only" shows how good the synthetic images are.
"""

import dataclasses
from typing import Any

from applications import start
from applications.runner import domains
from applications.runner import names
from applications.runner import program
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import SyntheticSettings


def load(options: Options, settings: SyntheticSettings, seed: int) -> Domains:
    return Domains(
        domains.generated(
            options, "syn_numbers", settings.images, settings.drawings
        ),
        domains.split(options, "svhn_cropped", settings.images),
    )


_TUNED = SyntheticSettings(
    epochs=10,
    network="deep",
    optimizer="adam",
    learning_rate=0.001,
)
EXPERIMENT = Experiment(
    name="syn_numbers_to_svhn",
    title="SYN NUMBERS → SVHN",
    description=__doc__ or "",
    load=load,
    architecture="SVHN",
    presets={
        "paper": SyntheticSettings(epochs=20),
        "tuned": _TUNED,
        "quick": dataclasses.replace(
            _TUNED, epochs=5, images=10_000, network="small"
        ),
    },
    methods=names.TABLE_1,
    more_methods=names.LATER,
    published={
        "source_only": 0.8665,
        "subspace_alignment": 0.8672,
        "dann": 0.9048,
        "train_on_target": 0.9244,
    },
    journal={
        "source_only": 0.8674,
        "dann": 0.9109,
        "train_on_target": 0.9220,
    },
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
