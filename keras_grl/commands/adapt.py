"""keras-grl adapt: two folders in, a model and its report out."""

import argparse
import hashlib
import shlex
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from keras_grl import adapting
from keras_grl.adapting.candidates import REFERENCE
from keras_grl.adapting.report import accuracies
from keras_grl.adapting.report import write_report
from keras_grl.adapting.settings import ResumeError
from keras_grl.commands import backbones
from keras_grl.commands import check
from keras_grl.commands import files
from keras_grl.commands import folders
from keras_grl.commands.check import Data
from keras_grl.commands.errors import CommandError
from keras_grl.commands.errors import counted
from keras_grl.commands.errors import shown
from keras_grl.commands.folders import Folder
from keras_grl.files import replaced
from keras_grl.files import write_json
from keras_grl.types import JSON
from keras_grl.types import Array

_MOST_CLASSES = 20  # printed
# The higher rate undoes much of what pretrained weights have learned.
_LEARNING_RATE, _OF_PRETRAINED = 1e-3, 1e-4
_BATCH = 128


def run(options: argparse.Namespace, found: list[Folder], output: Path) -> None:
    """Loads, checks, trains, chooses, and writes the results.

    Args:
        options: Of `arguments.parse`.
        found: The folders of source, target and perhaps the test.
        output: The folder to write.

    Raises:
        CommandError: If something that was asked for is wrong. Nothing is
            trained or written then.
    """
    weights = backbones.check(options.backbone, options.weights)
    source, target, *test = (_read(folder, options) for folder in found)
    notes = check.duplicates(source, target)
    notes += check.notes(source, target, options.image_size)
    for data in (source, target, *test):
        print(check.describe(data))
    for note in notes:
        print(f"Note: {note}")
    classes = source.folder.classes
    build = backbones.builder(
        options.backbone, weights, options.image_size, len(classes)
    )
    # Once, so that what is wrong is known before training.
    build()
    if options.learning_rate is None:
        options.learning_rate = _OF_PRETRAINED if weights else _LEARNING_RATE
    asked = _asked(options, weights, source, target)
    with files.started(output, asked, options.resume):
        adaptation = _adapt(build, source, target, output, options)
        tested = _tested(adaptation, test[0], source) if test else None
        _write(output, adaptation, options, source, target, tested, notes)
    _print(output, adaptation, classes, tested)


def _adapt(
    build: Callable[[], keras.Model],
    source: Data,
    target: Data,
    output: Path,
    options: argparse.Namespace,
) -> adapting.Adaptation:
    try:
        return adapting.adapt(
            build,
            (source.loaded.images, source.folder.labels),
            target.loaded.images,
            minutes=options.minutes,
            max_candidates=options.max_candidates,
            steps=options.steps,
            methods=options.methods,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            seed=options.seed,
            directory=output / files.RUNS,
            resume=options.resume,
        )
    except ResumeError as error:
        raise CommandError(
            f"--resume: the runs in {shown(output)} were trained otherwise, "
            "perhaps with another version. Choose another --output"
        ) from error
    except adapting.NoModelError as error:
        reason = str(error.__cause__).rpartition("Received: ")[2]
        raise CommandError(
            f"no model can be kept ({reason}). Train longer (--steps or "
            "--minutes), with pretrained --weights or another --backbone"
        ) from error


def _read(folder: Folder, options: argparse.Namespace) -> Data:
    """The images of a folder, if all can be read."""
    data = check.read(folder, options.image_size)
    unreadable = data.loaded.unreadable
    if unreadable:
        file, reason = unreadable[0]
        more = len(unreadable) - 1
        others = f", and {counted(more, 'other file')}" if more else ""
        raise CommandError(
            f"{folder.name}: cannot read {shown(file)} ({reason}){others}. "
            "Remove what `keras-grl check` lists"
        )
    return data


def _asked(
    options: argparse.Namespace, weights: str | None, source: Data, target: Data
) -> dict[str, JSON]:
    """All that the result depends on, besides the machine."""
    asked: dict[str, JSON] = {
        data.folder.name: files.digest(_names(data), data.loaded.digests)
        for data in (source, target)
    }
    for name in (
        "image_size",
        "backbone",
        "weights",
        "learning_rate",
        "batch_size",
        "seed",
        "minutes",
        "max_candidates",
        "steps",
        "methods",
    ):
        value = getattr(options, name)
        asked["--" + name.replace("_", "-")] = (
            ",".join(value) if isinstance(value, tuple) else value
        )
    asked["KERAS_BACKEND"] = keras.backend.backend()
    if weights not in (None, "imagenet"):
        content = Path(weights).read_bytes()
        asked["a file of --weights"] = hashlib.sha256(content).hexdigest()[:16]
    return asked


def _names(data: Data) -> list[str]:
    """The file of each image, within its folder."""
    folder = data.folder
    return [folder.relative(file) for file in folder.files]


def _write(
    output: Path,
    adaptation: adapting.Adaptation,
    options: argparse.Namespace,
    source: Data,
    target: Data,
    tested: dict[str, float] | None,
    notes: list[str],
) -> None:
    """Writes the four files."""
    names, classes = _names(target), source.folder.classes
    command = repeating(options, adaptation)
    with replaced(output / files.MODEL) as temporary:
        adaptation.model.save(temporary)
    files.write_predictions(
        output / files.PREDICTIONS, names, adaptation.predictions, classes
    )
    write_report(
        adaptation,
        output / files.REPORT,
        images=target.loaded.images,
        class_names=classes,
        files=names,
        test=tested,
        command=command,
        notes=notes,
    )
    result = {
        "class_names": list(map(shown, classes)),
        "command": command,
        "data_notes": notes,
        "test": tested,
        **adaptation.to_dict(),
    }
    write_json(output / files.RESULT, result)


def repeating(
    options: argparse.Namespace, adaptation: adapting.Adaptation
) -> str:
    """The command that gives the same result on a machine of any speed.

    Args:
        options: What was asked for.
        adaptation: The result.
    """
    candidates = adaptation.settings["candidates"]
    fixed = {
        "steps": adaptation.settings["steps"],
        "max_candidates": len(candidates),
        "methods": tuple(name for name in candidates if name != REFERENCE),
    }
    words = ["keras-grl", "adapt", options.source, options.target]
    for name in (
        "steps",
        "max_candidates",
        "methods",
        "backbone",
        "weights",
        "image_size",
        "learning_rate",
        "batch_size",
        "seed",
        "target_test",
    ):
        value = fixed.get(name, getattr(options, name))
        if value not in (None, ()):
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            words += ["--" + name.replace("_", "-"), text]
    return shlex.join([*words, "--output", f"{options.output}-again"])


def _print(
    output: Path,
    adaptation: adapting.Adaptation,
    classes: tuple[str, ...],
    tested: dict[str, float] | None,
) -> None:
    """The result in a few lines."""
    print(f"\n{adaptation.table}\n\nKept: {adaptation.choice}")
    print(adaptation.reason)
    if tested is not None:
        print(accuracies(tested, adaptation.choice))
    counts = np.bincount(
        adaptation.predictions.argmax(1), minlength=len(classes)
    )
    print(f"Predicted: {_predicted(counts, classes)}")
    for warning in adaptation.warnings:
        print(f"Warning: {warning}")
    print(
        f"Written to {shown(output)}: {files.MODEL}, {files.PREDICTIONS}, "
        f"{files.REPORT}, {files.RESULT}"
    )


def _predicted(counts: Array, classes: tuple[str, ...]) -> str:
    """How many images of each class, the most frequent ones first."""
    most = np.argsort(-counts, kind="stable")[:_MOST_CLASSES]
    if len(classes) > _MOST_CLASSES:
        most = most[counts[most] > 0]
    text = ", ".join(f"{shown(classes[n])} {counts[n]:,}" for n in most)
    rest = counts.sum() - counts[most].sum()
    if len(most) < len(classes):
        text += f"; {len(classes) - len(most)} other classes {rest:,}"
    return text


def _tested(
    adaptation: adapting.Adaptation, test: Data, source: Data
) -> dict[str, float]:
    """Accuracies on labeled target images, as the report takes them."""
    labels = folders.numbered(test.folder, source.folder)

    def accuracy(model: keras.Model) -> float:
        probabilities = model.predict(
            test.loaded.images, batch_size=_BATCH, verbose=0
        )
        return float(np.mean(probabilities.argmax(axis=1) == labels))

    return {
        "accuracy": accuracy(adaptation.model),
        "source_only": accuracy(adaptation.reference_model),
        "images": len(labels),
    }
