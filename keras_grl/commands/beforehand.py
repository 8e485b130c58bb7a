"""What is refused before Keras is imported, which takes seconds."""

import argparse
import importlib.util
import os
from pathlib import Path

from keras_grl.commands import files
from keras_grl.commands import folders
from keras_grl.commands.arguments import SMALL
from keras_grl.commands.errors import CommandError
from keras_grl.commands.errors import shown
from keras_grl.commands.folders import Folder

# The candidates of `keras_grl.adapting`, which imports Keras.
METHODS = ("mcc", "dann_mcc", "bnm", "dann", "cdan", "dann_bnm")
_NEEDED = {"PIL": "Pillow"}
_NEEDED_TO_ADAPT = {
    **_NEEDED,
    "matplotlib": "Matplotlib",
    "sklearn": "scikit-learn",
}
_BACKENDS = ("tensorflow", "jax", "torch")


def to_check(options: argparse.Namespace) -> tuple[Folder, Folder]:
    """The folders of source and target. No image is opened.

    Args:
        options: Of `arguments.parse`.

    Raises:
        CommandError: If one is no folder.
    """
    _check_installed(_NEEDED, "check")
    return _both(options)


def to_adapt(options: argparse.Namespace) -> tuple[list[Folder], Path]:
    """The folders of source, target and perhaps the test, and the output.

    Args:
        options: Of `arguments.parse`, for `adapt`.

    Raises:
        CommandError: If something that was asked for is wrong.
    """
    _check_installed(_NEEDED_TO_ADAPT, "adapt")
    _check_methods(options.methods)
    _check_weights(options.backbone, options.weights)
    source, target = found = _both(options)
    for fault in folders.faults(source, target):
        raise CommandError(fault)
    for folder in found:
        folders.check_batch(folder, options.batch_size)
    every = [*found]
    if options.target_test is not None:
        test = folders.labeled("--target-test", options.target_test)
        folders.check_test(test, source)
        every.append(test)
    folders.check_output(options.output, *every)
    return every, files.check_output(options.output, options.resume)


def import_keras() -> None:
    """Imports Keras and its backend.

    Raises:
        CommandError: If the backend is not installed, or cannot train.
    """
    asked = os.environ.get("KERAS_BACKEND")
    if asked and asked not in _BACKENDS:
        raise CommandError(
            f"KERAS_BACKEND: expected one of {', '.join(_BACKENDS)}, received "
            f"{shown(asked)!r}"
        )
    try:
        import keras  # noqa: F401
    except ImportError as error:
        installed = [
            each for each in _BACKENDS if importlib.util.find_spec(each)
        ]
        raise CommandError(
            "KERAS_BACKEND: expected a backend that is installed "
            f"({', '.join(installed) or 'none is'}), received "
            f"{asked or 'nothing, so Keras takes its default'} ({error})"
        ) from None


def _both(options: argparse.Namespace) -> tuple[Folder, Folder]:
    return (
        folders.labeled("SOURCE", options.source),
        folders.unlabeled("TARGET", options.target),
    )


def _check_installed(needed: dict[str, str], command: str) -> None:
    for module, package in needed.items():
        if importlib.util.find_spec(module) is None:
            raise CommandError(
                f"keras-grl {command} needs {package}. Install it: "
                f"pip install {package.lower()}"
            )


def _check_methods(names: tuple[str, ...] | None) -> None:
    unknown = [name for name in names or () if name not in METHODS]
    if unknown:
        raise CommandError(
            f"--methods: expected names of {', '.join(METHODS)}, received "
            f"{shown(unknown[0])!r}"
        )


def _check_weights(backbone: str, weights: str | None) -> None:
    if weights in (None, "none"):
        return
    if backbone == SMALL:
        raise CommandError(
            "--weights: the small backbone is trained from scratch. Pass "
            "--weights with a network of keras.applications, such as "
            "--backbone MobileNetV2"
        )
    if weights != "imagenet" and not os.path.isfile(weights):
        raise CommandError(
            "--weights: expected imagenet, none or a file of weights, received "
            f"{shown(weights)!r} (there is no such file)"
        )
