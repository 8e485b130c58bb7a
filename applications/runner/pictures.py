"""Figures 2, 3 and 4 of the paper, of the runs that are done."""

import shutil
from pathlib import Path

import keras
import numpy as np

from applications import figures
from applications.files import whole
from applications.runner import measures
from applications.runner.job import Job
from applications.runner.names import METHODS
from applications.runner.results import Folder
from applications.runner.settings import Domains

SHOWN = 36  # images in a sheet
EMBEDDED = 500  # images of each domain in a t-SNE

Samples = dict[str, np.ndarray]  # domain to its first training images


def samples(domains: Domains) -> Samples:
    """The images that figures show: no others need stay in memory."""
    return {
        "source": np.array(domains.source.x[:EMBEDDED]),
        "target": np.array(domains.target.x[:EMBEDDED]),
    }


def draw(job: Job, folder: Folder, samples: Samples) -> list[tuple[str, Path]]:
    """Writes the figures, and a copy of the adapted model.

    Args:
        job: Names the first seed and the layers.
        folder: Has the runs.
        samples: Images of the first seed.

    Returns:
        Pairs of a title and the file.
    """
    return [
        *_examples(folder.path / "figures" / "examples.png", samples),
        *_training(folder.path / "figures" / "training.png", job, folder),
        *_features(folder.path / "figures", job, folder, samples),
    ]


def _examples(path: Path, samples: Samples) -> list[tuple[str, Path]]:
    source, target = samples["source"], samples["target"]
    if source.ndim != 4 or source.shape[-1] not in (1, 3):
        return []  # features, not images
    shown = min(SHOWN, len(source), len(target))
    figures.examples(
        {
            "source: labeled": source[:shown],
            "target: unlabeled": target[:shown],
        },
        path,
    )
    return [("Examples of the domains", path)]


def _training(path: Path, job: Job, folder: Folder) -> list[tuple[str, Path]]:
    history = folder.history()
    if not history:
        return []
    if any("target_accuracy" in row for row in history):
        figures.errors(history, METHODS, path)
    else:  # measured on validation images
        first = [row for row in history if row["seed"] == job.options.seed]
        figures.training_curves(first, METHODS, path)
    return [("Training", path)]


def _features(
    path: Path, job: Job, folder: Folder, samples: Samples
) -> list[tuple[str, Path]]:
    """t-SNE of each layer, with and without adaptation."""
    seed = job.options.seed
    adapted = ("dann", "semi_supervised_dann")
    layers: dict[str, dict[str, tuple[np.ndarray, ...]]] = {}
    for name in ("source_only", *adapted):
        if not folder.done(name, seed):
            continue
        if name in adapted:
            saved = folder.run(name, seed) / "model.keras"
            with whole(folder.path / "model.keras") as copy:
                shutil.copyfile(saved, copy)
        outputs = _outputs(
            folder.model(name, seed), samples, job.options.layers
        )
        for layer, features in outputs.items():
            layers.setdefault(layer, {})[METHODS[name].title] = features
    drawn = []
    for layer, each in layers.items():
        file = path / f"features_{layer.replace(' ', '_')}.png"
        figures.embeddings(each, file, f"Features: {layer} (t-SNE)")
        drawn.append((f"Features before and after: {layer}", file))
    return drawn


def _outputs(
    model: keras.Model, samples: Samples, chosen: tuple[str, ...]
) -> dict[str, tuple[np.ndarray, ...]]:
    """The outputs of the chosen layers, or of those in the paper."""
    if chosen:
        return {layer: _outputs_at(model, samples, layer) for layer in chosen}
    hidden_of = measures.Hidden(model)
    extracted = _outputs_at(model, samples)
    hidden = tuple(hidden_of(domain, x) for domain, x in samples.items())
    found = {"feature extractor": extracted}
    # The label predictor may have one layer of weights: then they are the same.
    if hidden[0].shape != extracted[0].shape or not np.allclose(
        hidden[0], extracted[0]
    ):
        found["last hidden layer"] = hidden
    return found


def _outputs_at(
    model: keras.Model, samples: Samples, layer: str | None = None
) -> tuple[np.ndarray, ...]:
    """The outputs of a layer, by default the last of the extractor."""
    return tuple(
        keras.ops.convert_to_numpy(
            model.extract_features({domain: x}, at=layer)
        ).reshape(len(x), -1)
        for domain, x in samples.items()
    )
