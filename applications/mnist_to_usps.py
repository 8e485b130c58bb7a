"""MNIST → USPS: handwritten digits, then those of postal codes.

MNIST's digits have labels; USPS's, enlarged to MNIST's size, have none in
training. The paper does not have this pair, which many later ones report.
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
from applications.runner.settings import Settings

SIZE = 28  # pixels of MNIST's images


def load(options: Options, settings: Settings, seed: int) -> Domains:
    return Domains(
        domains.split(options, "mnist", settings.images),
        domains.resized(domains.split(options, "usps", settings.images), SIZE),
    )


_TUNED = Settings(
    epochs=12,
    network="small",
    augmentation="light",
    optimizer="adam",
    learning_rate=0.001,
)
PRESETS = {
    "paper": Settings(epochs=30),
    "tuned": _TUNED,
    "quick": dataclasses.replace(_TUNED, epochs=8, images=8000),
}
EXPERIMENT = Experiment(
    name="mnist_to_usps",
    title="MNIST → USPS",
    description=__doc__ or "",
    load=load,
    architecture="LeNet",
    presets=PRESETS,
    methods=names.TABLE_1,
    more_methods=names.LATER,
    published={},
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
