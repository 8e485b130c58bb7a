"""SYN SIGNS → GTSRB with 1,280 labeled photographs as well: figure 4.

Four settings of one network: synthetic signs only; labeled photographs only;
both; both with adaptation to the photographs that have no labels.
"""

import dataclasses
from typing import Any

import numpy as np

from applications import start
from applications import syn_signs_to_gtsrb
from applications.runner import program
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.syn_signs_to_gtsrb import SignSettings

LABELED = 1280


def load(options: Options, settings: SignSettings, seed: int) -> Domains:
    found = syn_signs_to_gtsrb.load(options, settings, seed)
    target = found.target
    if len(target.x) < LABELED:
        raise ValueError(
            f"--images: expected at least {LABELED}, of which that many have "
            f"labels, received {len(target.x)} photographs"
        )
    random = np.random.default_rng(seed)
    rows = random.permutation(len(target.x))[:LABELED]
    return dataclasses.replace(found, labeled=(target.x[rows], target.y[rows]))


EXPERIMENT = Experiment(
    name="semi_supervised_signs",
    title="SYN SIGNS → GTSRB, semi-supervised",
    description=__doc__ or "",
    load=load,
    architecture="GTSRB",
    classes=43,
    presets=syn_signs_to_gtsrb.EXPERIMENT.presets,
    methods=(
        "source_only",
        "labeled_target_only",
        "source_and_labeled_target",
        "semi_supervised_dann",
    ),
    published={},
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments)


if __name__ == "__main__":
    start.program(main)
