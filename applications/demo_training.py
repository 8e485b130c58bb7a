"""What the demo does: three networks, their accuracies, files and figures."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_grl
from applications import figures
from applications.demo import SHOWN
from applications.demo import Config
from applications.files import whole
from applications.files import write_csv
from applications.files import write_json
from applications.options import stop
from applications.progress import Progress
from applications.runner import comparison
from applications.runner.names import METHODS
from keras_grl.datasets import digits

COMPARED = ("source_only", "dann", "train_on_target")
EMBEDDED = 400  # images of each domain in a t-SNE


def backend() -> str:
    return keras.backend.backend()


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

    Args:
        config: Of the command line.
        method: One of `COMPARED`.
        data: What it learns from.
        seed: Of the weights and of the order.

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
    title = METHODS[method].title
    progress = Progress(f"{title}, seed {seed}", config.epochs, every=10)
    if method == "dann":
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
    # as many labeled images per step as DANN does.
    if method == "source_only":
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


def run(config: Config, folder: Path) -> dict[str, Any]:
    """Trains, and writes what is done after each network.

    Args:
        config: Of the command line.
        folder: For the files.

    Returns:
        What is written to `metrics.json`.
    """
    began = time.monotonic()
    print(f"keras-grl demo on {backend()}, Keras {keras.version()}", flush=True)
    chosen = dataclasses.asdict(config) | {"name": folder.name}
    write_json(folder / "config.json", chosen)
    runs: list[dict[str, Any]] = []
    metrics: dict[str, Any] = {}
    for seed in range(config.seed, config.seed + config.seeds):
        try:
            data = load(config, seed)
        except ImportError as error:  # the digits are scikit-learn's
            stop(str(error))
        models = {}
        for method in COMPARED:
            model, history = train(config, method, data, seed)
            accuracy = test_accuracy(model, data)
            runs.append(
                {
                    "method": method,
                    "seed": seed,
                    "accuracy": accuracy,
                    "history": history,
                }
            )
            metrics = summary(runs, time.monotonic() - began)
            write_json(folder / "metrics.json", metrics)
            write_csv(folder / "history.csv", history_rows(runs))
            models[method] = model
            if method == "dann" and seed == config.seed:
                with whole(folder / "model.keras") as file:
                    model.save(file)
        if seed == config.seed:
            draw(folder / "figures", data, models, runs)
    print(f"\n{table(runs)}\n")
    print(f"{time.monotonic() - began:.0f} s. Written to {folder}/")
    return metrics


def summary(runs: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What `metrics.json` holds.

    Args:
        runs: Of each network `method`, `seed` and `accuracy`.
        seconds: So far.
    """
    accuracies: dict[int, dict[str, float]] = {}
    for each in runs:
        title = METHODS[each["method"]].title
        accuracies.setdefault(each["seed"], {})[title] = each["accuracy"]
    return {
        "backend": backend(),
        "keras": keras.version(),
        "seconds": round(seconds, 1),
        "test_accuracy": [
            {"seed": seed, **accuracy} for seed, accuracy in accuracies.items()
        ],
        "gap_covered": [
            comparison.gap_covered(
                [each for each in runs if each["seed"] == seed], "dann"
            )
            for seed in accuracies
        ],
    }


def table(runs: list[dict[str, Any]]) -> str:
    """The result, as Markdown: mean ± standard deviation over seeds."""
    rows = [["method", "target test accuracy", "share of the gap covered"]]
    for method in COMPARED:
        values = comparison.accuracies(runs, method)
        share = None
        if method == "dann":
            share = comparison.gap_covered(runs, method)
        rows.append(
            [
                METHODS[method].title,
                comparison.cell(values, digits=3),
                comparison.percent(share),
            ]
        )
    return comparison.markdown(rows)


def history_rows(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every epoch of every network, for `history.csv`."""
    return [
        {
            "seed": each["seed"],
            "method": METHODS[each["method"]].title,
            "epoch": epoch + 1,
            **{name: values[epoch] for name, values in each["history"].items()},
        }
        for each in runs
        for epoch in range(len(each["history"]["loss"]))
    ]


def draw(
    folder: Path,
    data: Domains,
    models: dict[str, keras_grl.DANNModel],
    runs: list[dict[str, Any]],
) -> None:
    figures.examples(
        {
            "source: labeled": data.x_source[:SHOWN],
            "target: unlabeled": data.x_target[:SHOWN],
        },
        folder / "examples.png",
    )
    figures.training_curves(
        {METHODS[each["method"]].title: each["history"] for each in runs},
        folder / "training.png",
    )
    figures.embeddings(
        {
            METHODS[method].title: (
                features(models[method], data.x_source[:EMBEDDED]),
                features(models[method], data.x_target[:EMBEDDED]),
            )
            for method in ("source_only", "dann")
        },
        folder / "features.png",
    )


def features(model: keras_grl.DANNModel, images: Any) -> Any:
    return model.feature_extractor.predict(images, batch_size=200, verbose=0)
