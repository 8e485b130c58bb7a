"""MNIST → SVHN: the paper's example of a failure.

The same sets as `svhn_to_mnist`, the other way round: handwritten digits have
labels, photographed house numbers have none in training. The paper reports
that none of its methods adapts here; there are no numbers to compare with.
"""

from typing import Any

from applications import start
from applications import svhn_to_mnist
from applications.runner import names
from applications.runner import program
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings


def load(options: Options, settings: Settings, seed: int) -> Domains:
    reverse = svhn_to_mnist.load(options, settings, seed, "test")
    return Domains(reverse.target, reverse.source)


EXPERIMENT = Experiment(
    name="mnist_to_svhn",
    title="MNIST → SVHN",
    description=__doc__ or "",
    load=load,
    architecture="SVHN",
    presets=svhn_to_mnist.PRESETS,
    methods=names.TABLE_1,
    more_methods=names.LATER,
    published={},
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
