"""A network adapts to a domain whose labels it never saw.

    make demo                        on TensorFlow
    KERAS_BACKEND=jax make demo      or torch
    make demo ARGS="--seeds 3"       mean and standard deviation

The source domain is scikit-learn's handwritten digits; the target domain is
other digits of the same set with strokes scribbled over them. Three networks
of one architecture are trained: on source labels only, by DANN (source labels
and unlabelled target images) and on target labels (the upper bound). Their
accuracy is measured on target images that none of them has seen.
"""

import dataclasses
import logging
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_grl
from applications import figures
from applications.files import write_csv
from applications.files import write_json
from applications.options import count
from applications.options import folder
from applications.options import option
from applications.options import parse
from applications.options import path
from applications.options import positive
from applications.options import seed
from applications.options import stop
from applications.progress import Progress
from keras_grl.datasets import digits

SOURCE_ONLY, DANN, TRAIN_ON_TARGET = "source only", "DANN", "train on target"
METHODS = (SOURCE_ONLY, DANN, TRAIN_ON_TARGET)
# TensorFlow warns of every model beyond the fourth that it compiles.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
SHOWN = 36  # images in a sheet
DEFAULT_NAME = f"demo-{keras.backend.backend()}"


@dataclasses.dataclass(frozen=True)
class Config:
    name: str = option(
        DEFAULT_NAME,
        "Name of the run's folder. The default gets a number if it exists.",
        folder,
    )
    output: str = option("results", "Folder that holds the runs.", path)
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


@dataclasses.dataclass
class Domains:
    """What one seed trains and is measured on."""

    x_source: Any
    y_source: Any
    x_target: Any
    y_target: Any  # for the upper bound alone
    validation: tuple[Any, Any]
    test: tuple[Any, Any]


def load(config: Config, seed: int) -> Domains:
    target = "digits_cluttered"
    x_source, y_source = digits.load("digits", "train", config.images, seed)
    x_target, y_target = digits.load(target, "train", config.images, seed)
    return Domains(
        x_source,
        y_source,
        x_target,
        y_target,
        validation=digits.load(target, "validation", 600, seed),
        test=digits.load(target, "test", 1188, seed),
    )


def train(
    config: Config, method: str, data: Domains, seed: int
) -> tuple[keras_grl.DANNModel, dict[str, list[float]]]:
    """Trains one network from the seed's initial weights.

    Returns:
        The model, and the history of its training.
    """
    keras.utils.set_random_seed(seed)
    model = keras_grl.architectures.LeNet(
        num_classes=10,
        input_shape=data.x_source.shape[1:],
        adaptation_factor=keras_grl.schedules.SigmoidRamp(config.gamma),
    )
    common: dict[str, Any] = {
        "optimizer": keras.optimizers.SGD(
            keras_grl.schedules.InverseDecay(config.learning_rate),
            momentum=0.9,
        ),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    fit: dict[str, Any] = {
        "epochs": config.epochs,
        "validation_data": data.validation,
        "validation_batch_size": 200,
        "verbose": 0,
    }
    progress = Progress(f"{method}, seed {seed}", config.epochs, every=10)
    if method == DANN:
        model.compile(**common, domain_loss_weight=config.domain_loss_weight)
        dataset = keras_grl.pair(
            (data.x_source, data.y_source),
            data.x_target,
            batch_size=config.batch_size,
            seed=seed,
        )
        history = model.fit(dataset, callbacks=[progress], **fit)
        return model, history.history
    # Without a domain branch: the same weights as a plain classifier. It sees
    # as many labelled images per step as DANN does.
    if method == SOURCE_ONLY:
        x, y = data.x_source, data.y_source
    else:
        x, y = data.x_target, data.y_target
    classifier = model.classifier
    classifier.compile(**common)
    annealing = keras_grl.callbacks.LearningRateAnnealing()
    history = classifier.fit(
        x,
        y,
        batch_size=config.batch_size // 2,
        callbacks=[annealing, progress],
        **fit,
    )
    return model, history.history


def test_accuracy(model: keras_grl.DANNModel, data: Domains) -> float:
    images, labels = data.test
    predictions = model.predict(images, batch_size=200, verbose=0)
    return float(np.mean(predictions.argmax(axis=1) == labels))


def gap_covered(accuracy: dict[str, float]) -> float:
    """(DANN - source only) / (train on target - source only)."""
    gap = accuracy[TRAIN_ON_TARGET] - accuracy[SOURCE_ONLY]
    gained = accuracy[DANN] - accuracy[SOURCE_ONLY]
    return gained / gap if gap else float("nan")


def table(accuracies: list[dict[str, float]]) -> str:
    """The result, as Markdown: mean ± standard deviation over seeds."""

    def cell(values: list[float], percent: bool = False) -> str:
        scale, digits = (100, 1) if percent else (1, 3)
        text = f"{scale * np.mean(values):.{digits}f}"
        if len(values) > 1:
            text += f" ± {scale * np.std(values):.{digits}f}"
        return text + (" %" if percent else "")

    lines = [
        "| method | target test accuracy | share of the gap covered |",
        "|---|---|---|",
    ]
    for method in METHODS:
        share = ""
        if method == DANN:
            # Of the means: one seed's gap may be near zero.
            mean = {
                m: float(np.mean([a[m] for a in accuracies])) for m in METHODS
            }
            share = f"{100 * gap_covered(mean):.1f} %"
        values = [accuracy[method] for accuracy in accuracies]
        lines.append(f"| {method} | {cell(values)} | {share} |")
    return "\n".join(lines)


def features(model: keras_grl.DANNModel, images: Any) -> Any:
    return model.feature_extractor.predict(images, batch_size=200, verbose=0)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Runs the demo and returns its metrics."""
    config = parse(Config, __doc__ or "", arguments)
    run = run_folder(config)
    began = time.monotonic()
    backend = keras.backend.backend()
    print(f"keras-grl demo on {backend}, Keras {keras.version()}")
    accuracies, rows = [], []
    for seed_ in range(config.seed, config.seed + config.seeds):
        data = load(config, seed_)
        accuracy, models, histories = {}, {}, {}
        for method in METHODS:
            models[method], histories[method] = train(
                config, method, data, seed_
            )
            accuracy[method] = test_accuracy(models[method], data)
        accuracies.append(accuracy)
        rows += history_rows(seed_, histories)
        if seed_ == config.seed:
            run.mkdir(parents=True)
            models[DANN].save(run / "model.keras")
            first = data, models, histories
    metrics = {
        "backend": backend,
        "keras": keras.version(),
        "seconds": round(time.monotonic() - began, 1),
        "test_accuracy": [
            {"seed": config.seed + index, **accuracy}
            for index, accuracy in enumerate(accuracies)
        ],
        "gap_covered": [gap_covered(accuracy) for accuracy in accuracies],
    }
    write(run, config, metrics, rows)
    draw(run / "figures", *first)
    print(f"\n{table(accuracies)}\n")
    print(f"{metrics['seconds']:.0f} s. Written to {run}/")
    return metrics


def run_folder(config: Config) -> Path:
    """A folder that does not exist yet: no run overwrites another."""
    run = Path(config.output) / config.name
    number = 1
    while run.exists():
        number += 1
        if config.name != DEFAULT_NAME:
            stop(
                f"--name: {run} exists already and is not overwritten. Pass "
                f"another one: --name {config.name}-{number}"
            )
        run = Path(config.output) / f"{config.name}-{number}"
    return run


def draw(
    folder: Path,
    data: Domains,
    models: dict[str, keras_grl.DANNModel],
    histories: dict[str, dict[str, list[float]]],
) -> None:
    figures.examples(
        {
            "source: labelled": data.x_source[:SHOWN],
            "target: unlabelled": data.x_target[:SHOWN],
        },
        folder / "examples.png",
    )
    figures.training_curves(histories, folder / "training.png")
    shown = 400
    figures.embeddings(
        {
            method: (
                features(models[method], data.x_source[:shown]),
                features(models[method], data.x_target[:shown]),
            )
            for method in (SOURCE_ONLY, DANN)
        },
        folder / "features.png",
    )


def history_rows(
    seed: int, histories: dict[str, dict[str, list[float]]]
) -> list[dict[str, Any]]:
    return [
        {
            "seed": seed,
            "method": method,
            "epoch": epoch + 1,
            **{name: values[epoch] for name, values in history.items()},
        }
        for method, history in histories.items()
        for epoch in range(len(history["loss"]))
    ]


def write(
    run: Path,
    config: Config,
    metrics: dict[str, Any],
    rows: list[dict[str, Any]],
) -> None:
    for name, content in (
        ("config.json", dataclasses.asdict(config)),
        ("metrics.json", metrics),
    ):
        write_json(run / name, content)
    write_csv(run / "history.csv", rows)


if __name__ == "__main__":
    main()
