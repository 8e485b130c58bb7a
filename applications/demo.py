"""A network adapts to a domain whose labels it never saw.

    make demo                        on TensorFlow
    KERAS_BACKEND=jax make demo      or torch
    make demo ARGS="--seeds 3"       mean and standard deviation

The source domain is scikit-learn's handwritten digits; the target domain is
other digits of the same set with strokes scribbled over them. Three networks
of one architecture are trained: on source labels only, by DANN (source labels
and unlabeled target images) and on target labels (the upper bound). Their
accuracy is measured on target images that none of them has seen.
"""

import dataclasses
from pathlib import Path
from typing import Any

from applications import start
from applications.options import check_seeds
from applications.options import count
from applications.options import folder
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import positive
from applications.options import seed
from applications.options import stop

SHOWN = 36  # images in a sheet


@dataclasses.dataclass(frozen=True)
class Config:
    name: str | None = option(
        None,
        "Name of the run's folder. If left out, demo and the backend, with a "
        "number if that exists.",
        folder,
    )
    output: str = option("results", "Folder that holds the runs.", output)
    seed: int = option(0, "The first seed.", seed)
    seeds: int = option(1, "How many seeds to run.", count)
    epochs: int = option(35, "Passes over the training images.", count)
    images: int = option(4000, "Training images of each domain.", count)
    batch_size: int = option(
        128, "Images in a batch, half source, half target; even.", count
    )
    learning_rate: float = option(
        0.01, "At the beginning; annealed as in the paper.", positive
    )
    gamma: float = option(
        10.0, "Steepness of the adaptation factor's ramp.", positive
    )
    domain_loss_weight: float = option(
        1.0, "Weight of the domain loss in the sum.", positive
    )

    def __post_init__(self) -> None:
        check_seeds(self.seed, self.seeds)
        if self.batch_size % 2:
            stop(
                "--batch-size: expected an even number, received "
                f"{self.batch_size}"
            )
        least = max(self.batch_size // 2, SHOWN)
        if self.images < least:
            stop(
                f"--images: expected at least {least}, to fill half a batch "
                f"and the figures, received {self.images}"
            )


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Runs the demo and returns its metrics."""
    config = parse(Config, __doc__ or "", arguments)
    start.load_keras()
    # Here and not above, for it imports Keras.
    from applications import demo_training

    run = new_folder(config, demo_training.backend())
    with start.interruptible(f"Interrupted. What is done is in {run}/"):
        return demo_training.run(config, run)


def new_folder(config: Config, backend: str) -> Path:
    """Makes a folder that did not exist: no run overwrites another."""
    name = config.name or f"demo-{backend}"
    run, number = Path(config.output) / name, 1
    while True:
        try:
            run.mkdir(parents=True)
            return run
        except FileExistsError:
            number += 1
        except OSError as error:
            stop(
                "--output and --name: expected a folder that can be made, "
                f"received {run} ({error.strerror})"
            )
        if config.name:
            stop(
                f"--name: {run} exists already and is not overwritten. Pass "
                f"another one: --name {name}-{number}"
            )
        run = Path(config.output) / f"{name}-{number}"


if __name__ == "__main__":
    start.program(main)
