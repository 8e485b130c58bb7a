"""A result card: an adapted model as one small file, and a page about it.

    python -m applications.result_card --output docs/results/cards \\
        --results results/svhn_to_mnist/tuned-tensorflow --run mcc-0

Writes three files that have the name of the experiment. The `.keras` file is
what predicts: preprocessing, feature extractor and label predictor in float16,
without domain classifier and optimizer. The `.json` file has the accuracies of
the runs and what the `.keras` file predicts; the `.md` file is the card, and
all of its numbers are from the `.json` file.
"""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from applications import start
from applications.files import whole
from applications.files import write_json
from applications.files import write_text
from applications.options import folder
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import path
from applications.options import stop
from applications.runner.settings import AnySettings
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.tables import experiment

if TYPE_CHECKING:
    import keras

MOST_BYTES = 2_000_000  # of a file that is kept with the source code
PART = 1000  # test images, for a check that takes seconds
PATTERNS = 8


@dataclasses.dataclass(frozen=True)
class Config:
    results: str = option(
        "results",
        "Folder of an experiment's results, such as "
        "results/svhn_to_mnist/tuned-tensorflow.",
        path,
    )
    run: str = option(
        "dann-0", "Method and seed of the model: a folder in runs/.", folder
    )
    output: str = option(
        "results/cards", "Folder to write the card into.", output
    )
    data_dir: str | None = option(
        None, "Folder of prepared sets. By default that of TFDS.", path
    )
    manual_dir: str | None = option(
        None, "Folder of archives that were downloaded by hand.", path
    )

    def __post_init__(self) -> None:
        for name in ("config.json", "metrics.json"):
            if not (Path(self.results) / name).is_file():
                stop(
                    "--results: expected a folder that an experiment has "
                    f"written, with {name}, received {self.results!r}"
                )
        runs = Path(self.results) / "runs"
        models = sorted(file.parent.name for file in runs.glob("*/model.keras"))
        if self.run not in models:
            known = ", ".join(models) or "none has a model.keras"
            stop(
                f"--run: expected one of the runs in {runs} ({known}), "
                f"received {self.run!r}"
            )


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    config = parse(Config, __doc__ or "", arguments)
    results = Path(config.results)
    trained = json.loads((results / "config.json").read_text())
    metrics = json.loads((results / "metrics.json").read_text())
    found = experiment(trained["experiment"])
    if found is None:
        stop(
            "--results: expected results of a program of applications/, "
            f"received those of {trained['experiment']!r}"
        )
    if "_to_" not in found.name:
        stop(
            "--results: expected results of two sets, as svhn_to_mnist, "
            f"received those of {found.name}"
        )
    start.load_keras()
    # Here and not above, for they import Keras.
    import keras

    from applications.runner import card

    # The accuracies on the card are from one backend.
    if keras.backend.backend() != trained["backend"]:
        stop(
            f"KERAS_BACKEND: expected {trained['backend']}, on which "
            f"{results} was trained, received {keras.backend.backend()}"
        )
    domains = _load(found, card.settings(found, trained), trained, config)
    file = Path(config.output) / f"{found.name}.keras"
    model = keras.saving.load_model(
        results / "runs" / config.run / "model.keras", compile=False
    )
    save(in_precision(model.classifier, "float16"), file)
    facts = {
        **card.of_runs(found, trained, metrics, config.run),
        "file": measured(file, domains),
    }
    write_json(file.with_suffix(".json"), facts)
    write_text(file.with_suffix(".md"), card.text(facts))
    print(f"{card.text(facts)}\nWritten to {file.parent}/")
    return facts


def in_precision(model: "keras.Model", dtype: str) -> "keras.Model":
    """The same functional model with weights and arithmetic of another type.

    Args:
        model: Of layers that have an argument `dtype`.
        dtype: "float16" or "float32".
    """
    import keras

    def changed(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": dtype})

    copy = keras.models.clone_model(
        model, clone_function=changed, recursive=True
    )
    copy.set_weights(model.get_weights())
    return copy


def save(model: "keras.Model", file: Path) -> None:
    """Saves a model. Ends the program, without a file, if it is too large."""
    with whole(file) as unfinished:
        model.save(unfinished)
        size = unfinished.stat().st_size
        if size > MOST_BYTES:
            stop(
                f"--run: expected a model of at most {MOST_BYTES:,} bytes, "
                f"received one of {size:,}, for {model.count_params():,} "
                "weights. Train a smaller one: --network small"
            )


def measured(file: Path, domains: Domains) -> dict[str, Any]:
    """What the saved file is, and what it predicts.

    Args:
        file: As it was saved.
        domains: Of the target's test images, to be predicted.
    """
    import keras

    model = keras.saving.load_model(file)
    target = domains.target
    predicted = model.predict(target.x_test, batch_size=500, verbose=0)
    right = predicted.argmax(axis=1) == target.y_test
    shape = list(model.input_shape[1:])
    of_patterns = model.predict(patterns(shape), verbose=0)
    return {
        "name": file.name,
        "bytes": file.stat().st_size,
        "weights": model.count_params(),
        "dtype": model.weights[0].dtype,
        "shape": shape,
        "classes": model.output_shape[-1],
        "accuracy": float(right.mean()),
        "part": len(right[:PART]),
        "accuracy_of_part": float(right[:PART].mean()),
        # So that a test without data sees whether the weights are these.
        "patterns": {
            "predicted": of_patterns.argmax(axis=1).tolist(),
            "confidence": [round(float(p.max()), 3) for p in of_patterns],
        },
    }


def patterns(shape: list[int]) -> np.ndarray:
    """Images of 4 x 4 fields in random colors, always the same.

    Args:
        shape: Of an image.
    """
    height, width, channels = shape
    fields = np.random.default_rng(0).integers(
        0, 256, (PATTERNS, 4, 4, channels), "uint8"
    )
    rows = fields.repeat(-(-height // 4), axis=1)[:, :height]
    return rows.repeat(-(-width // 4), axis=2)[:, :, :width]


def _load(
    experiment: Experiment,
    settings: AnySettings,
    trained: dict[str, Any],
    config: Config,
) -> Domains:
    """The images of the runs; without them the program ends with one line."""
    options = Options(
        preset=trained["preset"],
        data_dir=config.data_dir,
        manual_dir=config.manual_dir,
    )
    seed = int(config.run.rpartition("-")[2])
    try:
        return experiment.load(options, settings, seed)
    except (ImportError, OSError, ValueError) as error:
        stop(f"{experiment.name}: {error}")


if __name__ == "__main__":
    start.program(main)
