"""Sets that TensorFlow Datasets prepares: builders, files and their checks.

This module needs none of what is optional; most others of this room do.
"""

import contextlib
import importlib
from collections.abc import Callable
from types import ModuleType

from keras_grl.datasets.facts import Dataset
from keras_grl.types import Array
from keras_grl.types import PathLike

# The extra "datasets": keras-grl itself is in no package index.
INSTALL = (
    "Install them: `pip install array-record filelock importlib-resources loky "
    "matplotlib pillow requests scikit-learn tensorflow-datasets`, or `pip "
    'install ".[datasets]"` in a clone of keras-grl.'
)


def register(dataset: Dataset, module: str) -> dict[str, type]:
    """Makes a set known to TensorFlow Datasets, unless it is already.

    Args:
        dataset: A synthetic set, or one with `prepare`.
        module: Name of its module.

    Returns:
        The classes of its builder and of the configurations, by their names.

    Raises:
        ImportError: If `tensorflow-datasets` or what else is needed is not
            installed.
    """
    return _module("registration").classes(dataset, module)


def builder_classes(dataset: Dataset, module: str) -> Callable[[str], type]:
    """Registers a set where TensorFlow Datasets is installed.

    Args:
        dataset: A synthetic set, or one with `prepare`.
        module: Name of its module.

    Returns:
        The `__getattr__` of that module, which has the classes: `MnistM` of
        "mnist_m", `SynNumbers` and `SynNumbersConfig` of "syn_numbers".
    """
    name = dataset.builder_name

    def attribute(wanted: str) -> type:
        if wanted in (name, f"{name}Config"):
            classes = register(dataset, module)
            if wanted in classes:
                return classes[wanted]
        raise AttributeError(f"module {module!r} has no attribute {wanted!r}")

    with contextlib.suppress(ImportError):  # they are optional
        register(dataset, module)
    return attribute


def load_prepared(
    name: str,
    split: str,
    data_dir: PathLike | None = None,
    manual_dir: PathLike | None = None,
) -> dict[str, Array]:
    """Prepares a set, unless it was before, and reads one split of it.

    Args:
        name: As TFDS knows it: "mnist", "office31/amazon".
        split: As TFDS knows it: "train", "test[:1000]".
        data_dir: As `keras_grl.datasets.load` takes it.
        manual_dir: As `keras_grl.datasets.load` takes it.

    Returns:
        `{feature: array}`.

    Raises:
        ImportError: If `tensorflow-datasets` is not installed.
        OSError: If something must be downloaded and cannot be, or the disk is
            full.
        ValueError: If there is no such split or folder, or a file is damaged.
    """
    prepared, reading = _module("prepared"), _module("reading")
    builder = prepared.ready(name, data_dir, manual_dir)
    return reading.read(builder, split)


def _module(name: str) -> ModuleType:
    """A module of this room, if what it needs is installed."""
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ImportError as error:
        raise ImportError(
            f"This set needs TensorFlow Datasets and more. {INSTALL}"
        ) from error
