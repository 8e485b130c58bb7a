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
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import ClassVar

from applications import start
from applications.options import count
from applications.options import folder
from applications.options import option
from applications.options import stop
from applications.runner import program
from applications.runner.job import Run
from applications.runner.settings import CommonOptions
from applications.runner.settings import CommonSettings
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Split

if TYPE_CHECKING:
    import keras_grl
    from applications.runner.training import Trained

SHOWN = 36  # images in a sheet


@dataclasses.dataclass(frozen=True)
class Options(CommonOptions):
    """The demo's own folders: `results/demo-<backend>`."""

    preset: str = option("demo", "The demo has one preset.", str)
    name: str | None = option(
        None,
        "Name of the run's folder. By default demo and the backend, with a "
        "number if that has results of other settings.",
        folder,
    )

    def folders(self, experiment: str, backend: str) -> Iterator[Path]:
        name = self.name or f"{experiment}-{backend}"
        yield Path(self.output) / name
        if self.name is None:
            for number in itertools.count(2):
                yield Path(self.output) / f"{name}-{number}"


@dataclasses.dataclass(frozen=True)
class Settings(CommonSettings):
    """Those of all experiments, with the demo's defaults."""

    network: ClassVar[str] = "paper"

    epochs: int = option(35, "Passes over the training images.", count)
    images: int = option(4000, "Training images of each domain.", count)

    def __post_init__(self) -> None:
        super().__post_init__()
        least = max(self.batch_size // 2, SHOWN)
        if self.images < least:
            stop(
                f"--images: expected at least {least}, to fill half a batch "
                f"and the figures, received {self.images}"
            )


def load(options: Options, settings: Settings, seed: int) -> Domains:
    # Here and not above, for it imports Keras.
    from keras_grl.datasets import digits

    x, y = digits.load("digits", "train", settings.images, seed)
    target = "digits_cluttered"
    return Domains(
        # Every digit of the source is learned from: none is left for a test.
        Split(x, y, x[:0], y[:0]),
        Split(
            *digits.load(target, "train", settings.images, seed),
            *digits.load(target, "test", 1188, seed),
        ),
        validation=digits.load(target, "validation", 600, seed),
    )


def network(
    settings: Settings, domains: Domains, **kwargs: Any
) -> "keras_grl.DANNModel":
    """The paper's LeNet, untrained."""
    import keras_grl

    return keras_grl.architectures.LeNet(
        num_classes=10,
        input_shape=domains.source.x.shape[1:],
        adaptation_factor=keras_grl.schedules.SigmoidRamp(settings.gamma),
        **kwargs,
    )


def train(run: Run) -> "Trained":
    """Trains one network, as briefly as Keras allows.

    The other experiments can resume within a network, with their own batches. A
    network of the demo takes half a minute: if it was killed, it is trained
    again.
    """
    import keras

    import keras_grl
    from applications.progress import Progress
    from applications.runner.measures import accuracy
    from applications.runner.training import Trained
    from applications.runner.training import initial_network

    began = time.monotonic()
    settings, domains = run.settings, run.domains
    model = initial_network(run)
    common: dict[str, Any] = {
        "optimizer": keras.optimizers.SGD(
            keras_grl.schedules.InverseDecay(settings.learning_rate),
            momentum=0.9,
        ),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    fit: dict[str, Any] = {
        "epochs": settings.epochs,
        "validation_data": domains.validation,
        "validation_batch_size": 200,
        "verbose": 0,
    }
    progress = Progress(run.title, settings.epochs, every=10)
    if run.method == "dann":
        weight = settings.domain_loss_weight
        model.compile(**common, domain_loss_weight=weight)
        dataset = keras_grl.pair(
            (domains.source.x, domains.source.y),
            domains.target.x,
            batch_size=settings.batch_size,
            seed=run.seed,
        )
        history = model.fit(dataset, callbacks=[progress], **fit)
    else:
        # Without a domain branch: the same weights as a plain classifier. It
        # sees as many labeled images per step as DANN does.
        learned = {
            "source_only": domains.source,
            "train_on_target": domains.target,
        }[run.method]
        classifier = model.classifier
        classifier.compile(**common)
        annealing = keras_grl.callbacks.LearningRateAnnealing()
        history = classifier.fit(
            learned.x,
            learned.y,
            batch_size=settings.batch_size // 2,
            callbacks=[annealing, progress],
            **fit,
        )
    logs = history.history
    rows = [
        dict(zip(logs, values, strict=True))
        for values in zip(*logs.values(), strict=True)
    ]
    metrics = {"accuracy": accuracy(model, "target", domains.target)}
    return Trained(model, rows, metrics, time.monotonic() - began)


EXPERIMENT = Experiment(
    name="demo",
    title="Digits → cluttered digits",
    description=__doc__ or "",
    load=load,
    architecture="LeNet",
    presets={"demo": Settings()},
    methods=("source_only", "dann", "train_on_target"),
    build=network,
    train=train,
    table=None,  # the paper has no such shift
)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    return program.main(EXPERIMENT, arguments, Options)


if __name__ == "__main__":
    start.program(main)
