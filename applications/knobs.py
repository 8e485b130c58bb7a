"""What each option does: DANN's options, changed one at a time.

    python -m applications.knobs                 all knobs
    python -m applications.knobs --seeds 3       mean and standard deviation

Trains the demo's network on the demo's digits, with DANN's defaults but for
one option, and draws the accuracy on the target's test images.
"""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

from applications import demo
from applications import start
from applications.files import write_json
from applications.options import count
from applications.options import option
from applications.options import output
from applications.options import parse
from applications.options import seed
from applications.options import stop
from applications.options import words

if TYPE_CHECKING:
    from applications.runner.settings import Domains

Value: TypeAlias = float | str

# Each knob's values, its default among them.
KNOBS: dict[str, tuple[Value, ...]] = {
    "adaptation_factor": (0.0, 0.1, 0.3, 1.0, 3.0),
    "domain_loss_weight": (0.1, 0.3, 1.0, 3.0),
    "classifier_learning_rate": (0.1, 0.3, 1.0, 3.0),
    "conditioning": ("none", "multilinear", "randomized"),
    "domain_label_smoothing": (0.0, 0.1, 0.2, 0.4),
    "target_loss_weight": (0.0, 0.1, 0.3, 1.0),
}
DEFAULTS: dict[str, Value] = {
    "adaptation_factor": 1.0,
    "domain_loss_weight": 1.0,
    "classifier_learning_rate": 1.0,
    "conditioning": "none",
    "domain_label_smoothing": 0.0,
    "target_loss_weight": 0.0,
}
TITLES = {
    "adaptation_factor": "λ at the end of its ramp",
    "domain_loss_weight": "domain_loss_weight",
    "classifier_learning_rate": "learning rate of the domain classifier, times",
    "conditioning": "conditioning",
    "domain_label_smoothing": "domain_label_smoothing",
    "target_loss_weight": "weight of MinimumClassConfusion",
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What to run, and where to write."""

    knobs: tuple[str, ...] = option(
        (), "Some of the knobs, separated by commas. All by default.", words
    )
    seed: int = option(0, "The first seed.", seed)
    seeds: int = option(1, "How many seeds to run.", count)
    epochs: int = option(20, "Passes over the training images.", count)
    images: int = option(2000, "Training images of each domain.", count)
    output: str = option(
        "results/knobs", "Folder that holds the results.", output
    )


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Runs what is not done yet, and draws the figure.

    Returns:
        The results, one dict for each knob, value and seed.
    """
    options = parse(Options, __doc__ or "", arguments)
    unknown = [name for name in options.knobs if name not in KNOBS]
    if unknown:
        stop(
            f"--knobs: expected some of {', '.join(KNOBS)}, received "
            f"{', '.join(unknown)}"
        )
    start.load_keras()
    results = _results(options)
    # Here and not above, for it imports Matplotlib.
    from applications import figures

    path = Path(options.output) / "knobs.png"
    figures.knobs(results, TITLES, path)
    print(f"Written: {path}")
    return results


def _results(options: Options) -> list[dict[str, Any]]:
    file = Path(options.output) / "knobs.json"
    of_all = {"epochs": options.epochs, "images": options.images}
    done = json.loads(file.read_text()) if file.exists() else []
    if any(of_all.items() - row.items() for row in done):
        stop(
            f"--output: {file} has results of other --epochs or --images. "
            "Pass another folder"
        )
    accuracies = {
        (row["seed"], _changed(row["knob"], row["value"])): row for row in done
    }
    results = []
    for each in range(options.seed, options.seed + options.seeds):
        settings = demo.Settings(epochs=options.epochs, images=options.images)
        domains = demo.load(demo.Options(), settings, each)
        for knob in options.knobs or KNOBS:
            for value in KNOBS[knob]:
                # The default is a value of every knob; it is trained once.
                key = each, _changed(knob, value)
                found = accuracies.get(key)
                if found is None:
                    found = _trained(knob, value, settings, domains, each)
                accuracies[key] = found
                row = {**found, **of_all, "knob": knob, "value": value}
                results.append({**row, "seed": each})
                print(
                    f"seed {each}, {TITLES[knob]} {value}: accuracy "
                    f"{row['accuracy']:.3f}",
                    flush=True,
                )
                kept = [r for r in done if not _same(r, row | {"seed": each})]
                done = [*kept, results[-1]]
                write_json(file, done)
    return results


def _changed(knob: str, value: Value) -> tuple[str, Value] | None:
    """What differs from the defaults."""
    return None if value == DEFAULTS[knob] else (knob, value)


def _same(row: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(row[name] == other[name] for name in ("knob", "value", "seed"))


def arguments_of(values: dict[str, Value]) -> tuple[dict[str, Any], ...]:
    """The arguments of the model and of `compile`.

    Args:
        values: Name of each knob to its value.
    """
    import keras
    from keras import layers

    import keras_grl

    rate = float(values["classifier_learning_rate"])
    conditioning = values["conditioning"]
    # The scale holds for all gradients that pass the last layer, of the
    # extractor too; λ takes it back there.
    factor = float(values["adaptation_factor"]) / rate
    weight = float(values["target_loss_weight"])
    of_model = {
        "domain_classifier": keras.Sequential(
            [
                layers.Dense(100, activation="relu"),
                layers.Dense(1),
                keras_grl.layers.GradientScaling(rate),
            ],
            name="domain_classifier",
        ),
        "adaptation_factor": keras_grl.schedules.SigmoidRamp(scale=factor),
        "conditioning": None if conditioning == "none" else conditioning,
        "domain_label_smoothing": values["domain_label_smoothing"],
    }
    of_compile = {
        "domain_loss_weight": values["domain_loss_weight"],
        "target_loss": keras_grl.losses.MinimumClassConfusion()
        if weight
        else None,
        "target_loss_weight": weight,
    }
    return of_model, of_compile


def _trained(
    knob: str, value: Value, settings: demo.Settings, domains: "Domains", s: int
) -> dict[str, float]:
    """The accuracy of one network, and the last epoch's domain figures."""
    import keras

    import keras_grl
    from applications.runner.measures import accuracy

    keras.utils.set_random_seed(s)
    of_model, of_compile = arguments_of({**DEFAULTS, knob: value})
    model = keras_grl.architectures.LeNet(
        input_shape=domains.source.x.shape[1:], **of_model
    )
    model.compile(
        keras.optimizers.SGD(
            keras_grl.schedules.InverseDecay(settings.learning_rate),
            momentum=0.9,
        ),
        "sparse_categorical_crossentropy",
        **of_compile,
    )
    dataset = keras_grl.pair(
        (domains.source.x, domains.source.y),
        domains.target.x,
        batch_size=settings.batch_size,
        seed=s,
    )
    logs = model.fit(dataset, epochs=settings.epochs, verbose=0).history
    return {
        "accuracy": accuracy(model, "target", domains.target),
        "domain_loss": logs["domain_loss"][-1],
        "domain_accuracy": logs["domain_accuracy"][-1],
    }


if __name__ == "__main__":
    start.program(main)
