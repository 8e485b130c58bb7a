"""keras_grl.diagnostics for a network, before and after DANN.

    python -m applications.diagnostics
    python -m applications.diagnostics --at fc1

The demo's digits and network, trained on source labels only and by DANN, whose
domain classifier is attached after the convolutions or after another layer. It
prints the distances of the domains in each layer, whether they are more than
chance, and the bound of section 3.3, and writes figures.
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from applications import demo
from applications import start
from applications.files import whole
from applications.options import count
from applications.options import one_of
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    import keras_grl
    from applications.runner.settings import Domains
    from keras_grl.diagnostics import DistanceTest
    from keras_grl.diagnostics import DivergenceBound
    from keras_grl.diagnostics import LayerTable

SHOWN = 300  # images of each domain in an embedding
HELD_OUT = 600  # source images that no network learns from


@dataclasses.dataclass(frozen=True)
class Options:
    """What to train, and where to write."""

    seed: int = option(0, "Seed of the images and the weights.", seed)
    epochs: int = option(20, "Passes over the training images.", count)
    images: int = option(2000, "Training images of each domain.", count)
    at: str = option(
        "features",
        "Layer of LeNet after which the domain classifier is attached.",
        one_of("relu1", "relu2", "features", "fc1", "fc2"),
    )
    output: str = option(
        "results/diagnostics", "Folder of the figures.", output
    )


@dataclasses.dataclass(frozen=True)
class Found:
    """The results for one network.

    Args:
        accuracy: On the target's test images.
        layers: The distances of the domains in each layer.
        distance: That of the features, with its null.
        bound: Of the target error.
        logs: Of the training.
    """

    accuracy: float
    layers: "LayerTable"
    distance: "DistanceTest"
    bound: "DivergenceBound"
    logs: dict[str, list[float]]


def main(arguments: list[str] | None = None) -> dict[str, Found]:
    options = parse(Options, __doc__ or "", arguments)
    start.load_keras()
    # Here and not above, for it imports Keras.
    from keras_grl.datasets import digits

    settings = demo.Settings(epochs=options.epochs, images=options.images)
    domains = demo.load(demo.Options(), settings, options.seed)
    held_out = digits.load("digits", "test", HELD_OUT, options.seed)
    folder = Path(options.output)
    found, models = {}, {}
    for name, at in (("source only", None), ("DANN", options.at)):
        model, logs = _trained(settings, domains, options.seed, at)
        models[name] = model
        found[name] = _found(model, domains, held_out, logs)
        print(_report(name, found[name]), flush=True)
    _draw(folder, found, models, domains)
    print(f"Figures: {folder}/")
    return found


def _trained(
    settings: demo.Settings, domains: "Domains", seed: int, at: str | None
) -> tuple["keras_grl.DANNModel", dict[str, list[float]]]:
    """A network after training, adapted at a layer or not, and its logs."""
    import keras

    import keras_grl

    keras.utils.set_random_seed(seed)
    model = demo.network(settings, domains)
    rate = keras_grl.schedules.InverseDecay(settings.learning_rate)
    common: dict[str, Any] = {
        "optimizer": keras.optimizers.SGD(rate, momentum=0.9),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    x, y = domains.source.x, domains.source.y
    if at is not None:
        model = _attached(model, at)
        model.compile(**common)
        dataset = keras_grl.pair(
            (x, y),
            domains.target.x,
            batch_size=settings.batch_size,
            seed=seed,
        )
        fitted = model.fit(dataset, epochs=settings.epochs, verbose=0)
    else:
        classifier = model.classifier  # it shares the weights
        classifier.compile(**common)
        fitted = classifier.fit(
            x,
            y,
            batch_size=settings.batch_size // 2,
            epochs=settings.epochs,
            callbacks=[keras_grl.callbacks.LearningRateAnnealing()],
            verbose=0,
        )
    return model, fitted.history


def _attached(model: "keras_grl.DANNModel", at: str) -> "keras_grl.DANNModel":
    """The network with its domain classifier after a given layer."""
    if at == "features":
        return model
    import keras

    import keras_grl

    of_extractor = model.feature_extractor
    classifier = keras.Sequential(
        [
            keras.Input(of_extractor.input_shape[1:]),
            *of_extractor.layers,
            *model.label_predictor.layers,
        ]
    )
    return keras_grl.DANNModel.from_classifier(
        classifier,
        at,
        domain_classifier=keras.Sequential(
            [
                keras.layers.Flatten(),
                keras.layers.Dense(100, activation="relu"),
                keras.layers.Dense(1),
            ]
        ),
        adaptation_factor=keras_grl.schedules.SigmoidRamp(),
    )


def _found(
    model: "keras_grl.DANNModel",
    domains: "Domains",
    held_out: tuple[np.ndarray, np.ndarray],
    logs: dict[str, list[float]],
) -> Found:
    """The distances and the bound, on held-out images."""
    from applications.runner.measures import accuracy
    from keras_grl import diagnostics

    x_source, y_source = held_out
    x_target = domains.target.x_test[:HELD_OUT]
    return Found(
        accuracy(model, "target", domains.target),
        diagnostics.choose_layer(model, x_source, x_target),
        diagnostics.proxy_a_distance_test(
            _features(model, "source", x_source),
            _features(model, "target", x_target),
            repeats=5,
        ),
        diagnostics.h_divergence_bound(model, x_source, x_target, y_source),
        logs,
    )


def _features(
    model: "keras_grl.DANNModel", domain: str, x: np.ndarray
) -> np.ndarray:
    import keras

    features = model.extract_features({domain: x})
    return keras.ops.convert_to_numpy(features)


def _report(name: str, found: Found) -> str:
    return (
        f"{name}: accuracy on the target's test images {found.accuracy:.3f}\n"
        f"{found.layers}\n"
        f"features: {found.distance}\n"
        f"bound: {found.bound}\n"
    )


def _draw(
    folder: Path,
    found: dict[str, Found],
    models: dict[str, "keras_grl.DANNModel"],
    domains: "Domains",
) -> None:
    """The figures of docs/diagnostics.md."""
    from applications.figures import plt
    from keras_grl.diagnostics import plots

    axes = plots.training(found["DANN"].logs)
    _save(axes[0].figure, folder / "diagnostics_training.png")

    figure, rows = plt.subplots(2, 2, figsize=(8.4, 7.6), layout="constrained")
    source, target = domains.source, domains.target
    for (name, model), row in zip(models.items(), rows, strict=True):
        plots.embedding(
            _features(model, "source", source.x[:SHOWN]),
            _features(model, "target", target.x[:SHOWN]),
            source.y[:SHOWN],
            model.predict(target.x[:SHOWN], verbose=0),
            axes=row,
        )
        row[0].set_title(f"{name}, by domain", fontsize=10)
        row[1].set_title(f"{name}, by (predicted) class", fontsize=10)
    _save(figure, folder / "diagnostics_embedding.png")

    probabilities = models["DANN"].predict(target.x_test, verbose=0)
    figure, axes = plt.subplots(1, 3, figsize=(12.6, 3.8), layout="constrained")
    plots.class_frequencies(
        {"source labels": source.y, "predicted on target": probabilities},
        axes=axes[0],
    )
    plots.confusion(target.y_test, probabilities, axes=axes[1])
    plots.calibration(target.y_test, probabilities, axes=axes[2])
    _save(figure, folder / "diagnostics_predictions.png")


def _save(figure: "Figure", path: Path) -> None:
    with whole(path) as file:
        figure.savefig(file, dpi=80)


if __name__ == "__main__":
    start.program(main)
