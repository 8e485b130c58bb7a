"""What every experiment does: runs, resumes, tables, figures, a report."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from applications import figures
from applications.files import locked
from applications.files import whole
from applications.options import said
from applications.options import stop
from applications.runner import comparison
from applications.runner import measures
from applications.runner import report
from applications.runner.methods import TRAIN
from applications.runner.methods import Task
from applications.runner.methods import Trained
from applications.runner.names import METHODS
from applications.runner.program import chosen_methods
from applications.runner.results import Folder
from applications.runner.settings import Domains
from applications.runner.settings import Experiment
from applications.runner.settings import Options
from applications.runner.settings import Settings
from applications.start import interruptible

SHOWN = 36  # images in a sheet
EMBEDDED = 500  # images of each domain in a t-SNE


def run(
    experiment: Experiment,
    options: Options,
    settings: Settings,
    methods: list[str],
) -> list[dict[str, Any]]:
    """Runs what is not done yet, then writes tables, figures and report.

    Args:
        experiment: Which one.
        options: Of the command line.
        settings: Of the preset, with the changes that were asked for.
        methods: What is to be run, in this order.

    Returns:
        The metrics of every run in the folder.
    """
    folder = Folder.of(experiment, options, settings)
    print(
        f"{experiment.title}, preset {options.preset}, "
        f"{keras.backend.backend()}, Keras {keras.version()}: {folder.path}/",
        flush=True,
    )
    with interruptible(
        f"Interrupted. The same command resumes what is in {folder.path}/"
    ):
        domains = _train_all(experiment, options, settings, methods, folder)
        return _write(experiment, options, settings, folder, domains)


def _train_all(
    experiment: Experiment,
    options: Options,
    settings: Settings,
    methods: list[str],
    folder: Folder,
) -> Domains:
    """Trains what is not done yet. Returns the data of the first seed."""
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
            folder.claim()
            with locked(folder.run(name, seed) / ".lock") as alone:
                if not alone:
                    stop(
                        f"--name: another process trains {METHODS[name].title}"
                        f", seed {seed}, in {folder.path}. Wait for it, or "
                        f"pass other --methods or another --seed"
                    )
                if not folder.done(name, seed):  # by another process
                    _train(experiment, settings, domains, name, seed, folder)
            folder.write_summary()
    assert domains is not None
    return domains


def _write(
    experiment: Experiment,
    options: Options,
    settings: Settings,
    folder: Folder,
    domains: Domains,
) -> list[dict[str, Any]]:
    """Writes tables, figures and report of all that is in the folder."""
    metrics = folder.write_summary()
    drawn = _draw(folder, domains, options.seed, options.layers)
    others = comparison.unlike_paper(experiment, dataclasses.asdict(settings))
    note = ""
    if others and experiment.published:
        note = comparison.note("; ".join(others))
    rows = comparison.table(
        experiment, metrics, comparison.MARK if note else ""
    )
    report.write(
        folder.path / "report.html",
        experiment.title,
        f"{experiment.description.strip()}\n\nThe network is "
        f"{experiment.network_in_words(settings)}.",
        rows,
        note,
        drawn,
        _command(experiment, options, settings, metrics),
        _made(metrics),
        folder.config,
    )
    print(f"\n{comparison.markdown(rows)}\n")
    if note:
        print(f"{note}\n")
    print(f"Written to {folder.path}/")
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
    if list(found) != chosen_methods(experiment, Options(), settings):
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


def _train(
    experiment: Experiment,
    settings: Settings,
    domains: Domains,
    name: str,
    seed: int,
    folder: Folder,
) -> None:
    method = METHODS[name]
    checkpoints = folder.run(name, seed) / "checkpoint"
    task = Task(experiment, settings, domains, name, seed, checkpoints)
    if method.after is None:
        trained = TRAIN[name](task)
    else:
        network = folder.model(method.after, seed)
        trained = TRAIN[name](task, Trained(network, [], {}, 0.0))
    folder.write_run(name, seed, trained, domains)
    shutil.rmtree(checkpoints, ignore_errors=True)
    found = comparison.headline([{"method": name, **trained.metrics}], name)
    accuracy = comparison.cell(found)
    print(
        f"{method.title}, seed {seed}: target accuracy {accuracy}, "
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
    folder: Folder,
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
            with whole(folder.path / "model.keras") as copy:
                shutil.copyfile(saved, copy)
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
