"""USPS → MNIST: digits of postal codes, then other handwritten ones.

The same sets as `mnist_to_usps`, the other way round: USPS's digits, enlarged
to MNIST's size, have labels; MNIST's have none in training.
"""

from typing import Any

from applications import mnist_to_usps
from applications import start
from applications.runner import names
from applications.runner import program
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings


def load(options: Options, settings: Settings, seed: int) -> Domains:
    reverse = mnist_to_usps.load(options, settings, seed)
    return Domains(reverse.target, reverse.source)


EXPERIMENT = Experiment(
    name="usps_to_mnist",
    title="USPS → MNIST",
    description=__doc__ or "",
    load=load,
    architecture="LeNet",
    presets=mnist_to_usps.PRESETS,
    methods=names.TABLE_1,
    more_methods=names.LATER,
    published={},
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
