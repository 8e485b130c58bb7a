"""What every experiment's program does: runs, goes on, tables, figures."""

import dataclasses
import json
import logging
import shutil
from pathlib import Path
from typing import Any
from typing import TypeVar

import keras
import numpy as np

from applications import figures
from applications.options import parse_with_presets
from applications.options import said
from applications.options import stop
from applications.runner import measures
from applications.runner import report
from applications.runner import results
from applications.runner.methods import METHODS
from applications.runner.methods import Task
from applications.runner.methods import Trained
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings

# TensorFlow warns of every model beyond the fourth that it compiles.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
# Methods of the paper's table 1, and others of its time.
TABLE_1 = (
    "source_only",
    "domain_statistics",
    "subspace_alignment",
    "ddc",
    "mmd",
    "coral",
    "dann",
    "train_on_target",
)
AnyOptions = TypeVar("AnyOptions", bound=Options)
SHOWN = 36  # images in a sheet
EMBEDDED = 500  # images of each domain in a t-SNE


def main(
    experiment: Experiment, arguments: list[str] | None = None
) -> list[dict[str, Any]]:
    """Runs an experiment from the command line.

    Args:
        experiment: Which one.
        arguments: Of the command line.

    Returns:
        The metrics of every run in the folder.
    """
    options, settings = parse(
        Options,
        experiment.presets,
        experiment.description,
        experiment.methods,
        arguments,
    )
    return run(experiment, options, settings)


def parse(
    configuration: type[AnyOptions],
    presets: dict[str, Settings],
    description: str,
    methods: tuple[str, ...],
    arguments: list[str] | None,
) -> tuple[AnyOptions, Settings]:
    """Options and settings from the command line; `--help` has the methods."""
    text = f"{description}\nMethods: {', '.join(methods)}."
    return parse_with_presets(configuration, presets, text, arguments)


def run(
    experiment: Experiment, options: Options, settings: Settings
) -> list[dict[str, Any]]:
    """Runs what is not done yet, then writes tables, figures and report."""
    methods = _methods(experiment, options, settings)
    folder = results.Folder.of(experiment, options, settings)
    print(
        f"{experiment.title}, preset {options.preset}, "
        f"{keras.backend.backend()}, Keras {keras.version()}: {folder.path}/",
        flush=True,
    )
    domains = None
    for seed in reversed(range(options.seed, options.seed + options.seeds)):
        todo = [name for name in methods if not folder.done(name, seed)]
        # The first seed comes last: the figures are of it.
        if todo or seed == options.seed:
            loaded = _load(experiment, options, settings, seed)
            folder.check_images(loaded)
            if domains is None:  # the layers of all seeds are the same
                _check_layers(experiment, settings, loaded, options.layers)
            domains = loaded
        for name in todo:
            assert domains is not None
            _train(experiment, settings, domains, name, seed, folder)
            folder.write_summary()
    metrics = folder.write_summary()
    assert domains is not None
    drawn = _draw(folder, domains, options.seed, options.layers)
    rows = results.table(experiment, metrics)
    report.write(
        folder.path / "report.html",
        experiment.title,
        experiment.description,
        rows,
        drawn,
        _command(experiment, options, settings, metrics),
        _made(metrics),
        json.loads((folder.path / "config.json").read_text()),
    )
    print(f"\n{results.markdown(rows)}\n\nWritten to {folder.path}/")
    return metrics


def _load(
    experiment: Experiment, options: Options, settings: Settings, seed: int
) -> Domains:
    """The data; without them the program ends with one line."""
    try:
        domains = experiment.load(options, settings, seed)
    except (ImportError, OSError, ValueError) as error:
        return stop(f"{experiment.name}: {error}")
    fewest = min(len(domains.source.x), len(domains.target.x))
    if fewest < settings.batch_size // 2:
        stop(
            f"--batch-size: expected at most {2 * fewest}, twice the "
            f"{fewest} training images of a domain, received "
            f"{settings.batch_size}"
        )
    return domains


def _command(
    experiment: Experiment,
    options: Options,
    settings: Settings,
    metrics: list[dict[str, Any]],
) -> str:
    """What makes this again, without the paths of one computer."""
    seeds = [m["seed"] for m in metrics]
    flags: dict[str, Any] = {"preset": options.preset}
    if min(seeds) != Options.seed:
        flags["seed"] = min(seeds)
    if max(seeds) - min(seeds) + 1 != Options.seeds:
        flags["seeds"] = max(seeds) - min(seeds) + 1
    flags |= experiment.files | experiment.flags
    found = dict.fromkeys(m["method"] for m in metrics)
    if list(found) != _methods(experiment, Options(), settings):
        flags["methods"] = ",".join(found)
    if options.layers:
        flags["layers"] = ",".join(options.layers)
    preset = dataclasses.asdict(experiment.presets[options.preset])
    for name, value in dataclasses.asdict(settings).items():
        if value != preset[name]:
            flags[name] = said(value)
    given = [f"--{n.replace('_', '-')} {value}" for n, value in flags.items()]
    backend = f"KERAS_BACKEND={keras.backend.backend()}"
    return " ".join([backend, experiment.command, *given])


def _made(metrics: list[dict[str, Any]]) -> str:
    """When the runs were made, and with what."""
    days = sorted({m["date"] for m in metrics})
    versions = sorted({m["keras"] for m in metrics})
    backend = keras.backend.backend()
    return (
        f"Made on {' and '.join(dict.fromkeys([days[0], days[-1]]))} with "
        f"Keras {', '.join(versions)} on {backend}."
    )


def _methods(
    experiment: Experiment, options: Options, settings: Settings
) -> list[str]:
    """What is to be run, and before it what it needs."""
    asked = options.methods or tuple(
        name
        for name in experiment.methods
        # The paper's networks have no batch normalisation: it is the same as
        # "source only" with them.
        if name != "domain_statistics" or settings.network != "paper"
    )
    unknown = [name for name in asked if name not in experiment.methods]
    if unknown:
        stop(
            f"--methods: expected some of {', '.join(experiment.methods)}, "
            f"received {', '.join(unknown)}"
        )
    needed = {METHODS[name].after for name in asked}
    return [n for n in experiment.methods if n in asked or n in needed]


def _train(
    experiment: Experiment,
    settings: Settings,
    domains: Domains,
    name: str,
    seed: int,
    folder: results.Folder,
) -> None:
    method = METHODS[name]
    checkpoints = folder.run(name, seed) / "checkpoint"
    task = Task(experiment, settings, domains, name, seed, checkpoints)
    if method.after is None:
        trained = method.train(task)
    else:
        network = folder.model(method.after, seed)
        trained = method.train(task, Trained(network, [], {}, 0.0))
    folder.write_run(name, seed, trained, domains)
    shutil.rmtree(checkpoints, ignore_errors=True)
    found = results.headline([{"method": name, **trained.metrics}], name)
    print(
        f"{method.title}, seed {seed}: target accuracy {results.cell(found)}, "
        f"{trained.seconds:.0f} s",
        flush=True,
    )


def _check_layers(
    experiment: Experiment,
    settings: Settings,
    domains: Domains,
    asked: tuple[str, ...],
) -> None:
    """Before hours of training: are there layers of these names?"""
    if not asked:
        return
    network = experiment.network(settings, domains)
    known = [
        layer.name
        for part in (network.feature_extractor, network.label_predictor)
        for layer in part.layers
    ]
    unknown = [name for name in asked if name not in known]
    if unknown:
        stop(
            f"--layers: expected some of {', '.join(known)}, received "
            f"{', '.join(unknown)}"
        )


def _draw(
    folder: results.Folder,
    domains: Domains,
    seed: int,
    chosen: tuple[str, ...],
) -> list[tuple[str, Path]]:
    """Figures 2, 3 and 4 of the paper, as far as the runs are there."""
    path = folder.path / "figures"
    source, target = domains.source.x, domains.target.x
    drawn = []
    if source.ndim == 4 and source.shape[-1] in (1, 3):  # not features
        shown = min(SHOWN, len(source), len(target))
        figures.examples(
            {
                "source: labelled": source[:shown],
                "target: unlabelled": target[:shown],
            },
            path / "examples.png",
        )
        drawn.append(("Examples of the domains", path / "examples.png"))
    history = folder.history()
    if history:
        figures.errors(history, METHODS, path / "training.png")
        drawn.append(("Along training", path / "training.png"))
    adapted = [
        m for m in ("dann", "semi_supervised_dann") if folder.done(m, seed)
    ]
    compared = [m for m in ("source_only", *adapted) if folder.done(m, seed)]
    some = {"source": source[:EMBEDDED], "target": target[:EMBEDDED]}
    layers: dict[str, dict[str, tuple[Any, Any]]] = {}
    for name in compared:
        model = folder.model(name, seed)
        if name in adapted:
            saved = folder.run(name, seed) / "model.keras"
            shutil.copyfile(saved, folder.path / "model.keras")
        for layer, features in _features(model, some, chosen).items():
            layers.setdefault(layer, {})[METHODS[name].title] = features
    for layer, each in layers.items():
        file = path / f"features_{layer.replace(' ', '_')}.png"
        figures.embeddings(each, file, f"Features: {layer} (t-SNE)")
        drawn.append((f"Features before and after: {layer}", file))
    return drawn


def _outputs(
    model: Any, some: dict[str, Any], layer: str | None = None
) -> tuple[Any, ...]:
    """Of a layer, by default the feature extractor: for each domain."""
    return tuple(
        keras.ops.convert_to_numpy(
            model.extract_features({domain: x}, at=layer)
        ).reshape(len(x), -1)
        for domain, x in some.items()
    )


def _features(
    model: Any, some: dict[str, Any], chosen: tuple[str, ...]
) -> dict[str, Any]:
    """Of some images of both domains, in the chosen or the paper's layers."""
    if chosen:
        return {layer: _outputs(model, some, layer) for layer in chosen}
    activations = measures.Hidden(model)
    extracted = _outputs(model, some)
    hidden = tuple(activations(domain, x) for domain, x in some.items())
    found = {"feature extractor": extracted}
    # The label predictor may have one layer of weights: then they are the same.
    if hidden[0].shape != extracted[0].shape or not np.allclose(
        hidden[0], extracted[0]
    ):
        found["last hidden layer"] = hidden
    return found
