"""Weights of files put into a Keras model; published files downloaded."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_grl.architectures.weight_files import PublishedWeights
from keras_grl.architectures.weight_files import check_file
from keras_grl.types import PathLike
from keras_grl.validation import check_choice
from keras_grl.validation import invalid


class Download(NamedTuple):
    """Where a file is published, and how its checksum begins."""

    url: str
    algorithm: str
    digest: str


PUBLISHED = {
    "alexnet_caffe": Download(
        "http://dl.caffe.berkeleyvision.org/bvlc_alexnet.caffemodel",
        "sha1",
        "9116a64c0fbe4459d18f4bb6b56d647b63920377",
    ),
    # PyTorch publishes eight digits, as part of the name.
    "alexnet_torchvision": Download(
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "sha256",
        "7be5be79",
    ),
}


def assign(
    model: keras.Model,
    published: PublishedWeights,
    names: Mapping[str, str],
    flattened: Mapping[str, tuple[int, int, int]] | None = None,
    flipped: str | None = None,
) -> None:
    """Puts published weights into a model: all of `names`, or none.

    Args:
        model: A built Keras model. Layers of nested models are found too.
        published: Of `weight_files.read`.
        names: The model's layers by name, and what the file calls them:
            `{"conv1": "features.0"}`. Their kernels and biases are assigned.
        flattened: The dense layers of `names` that follow a flattened feature
            map, and that map's `(height, width, channels)`. Their kernels'
            rows are put into Keras's order if the file has another.
        flipped: Name of a layer whose kernel's input channels are reversed:
            the first convolution of a network trained on BGR images, for RGB
            ones.

    Raises:
        ValueError: If a layer is missing, or an array is missing, of another
            shape, not of floats or not finite. The model is then as before.

    Example:

    >>> model = keras.Sequential([keras.Input((5,)),
    ...                           keras.layers.Dense(2, name="mine")])
    >>> arrays = {"kernel": np.ones((5, 2)), "bias": np.zeros(2)}
    >>> published = PublishedWeights("net.npz", {"fc": arrays}, True)
    >>> assign(model, published, {"mine": "fc"})
    >>> model.predict(np.ones((1, 5)), verbose=0).tolist()
    [[5.0, 5.0]]
    """
    flattened = flattened or {}
    for name in (*flattened, *([flipped] if flipped else [])):
        if name not in names:
            expected = f'"{name}" too, since `flattened` or `flipped` names it'
            raise ValueError(invalid("names", expected, dict(names)))
    plan: list[tuple[keras.Variable, np.ndarray]] = []
    for name, file_name in names.items():
        layer = _find(model, name)
        for kind in ("kernel", "bias"):
            # `kernel` raises AttributeError where a layer is not built yet.
            variable = getattr(layer, kind, None)
            values = _check_values(published, name, file_name, kind, variable)
            if values is None:
                continue
            if kind == "kernel" and name in flattened:
                values = _reorder(published, name, values, flattened[name])
            if kind == "kernel" and name == flipped:
                values = values[..., ::-1, :]
            plan.append((variable, values))
    for variable, values in plan:
        variable.assign(values)


def load_keras(model: keras.Model, path: PathLike) -> None:
    """`model.load_weights` of the whole of a file, or of nothing of it.

    Keras assigns what precedes an error, and leaves layers of the file that
    the model does not have unread.

    Args:
        model: A built Keras model.
        path: Of a `.weights.h5` file, as `model.save_weights` writes it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read or is of another model. The
            model is then as before.

    Example:

    >>> model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
    >>> path = os.path.join(tempfile.mkdtemp(), "mine.weights.h5")
    >>> model.save_weights(path)
    >>> load_keras(model, path)
    """
    path = check_file(path, (".weights.h5",))
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else [])]
    before = [ops.convert_to_numpy(variable) for variable in variables]
    try:
        model.load_weights(path)
        _check_all_was_read(model, path)
    except Exception as error:
        for variable, values in zip(variables, before, strict=True):
            variable.assign(values)
        raise ValueError(
            invalid(
                "weights",
                f'a file of the weights of the model "{model.name}"',
                path,
                f"The file cannot be loaded: {type(error).__name__}: {error}",
            )
        ) from error


def download(name: str, cache_dir: PathLike | None = None) -> str:
    """The path of a published file, downloaded unless it was before.

    Args:
        name: One of `PUBLISHED`: "alexnet_caffe" or "alexnet_torchvision".
        cache_dir: Folder that exists; the file is put into its `models`. By
            default that of Keras, `~/.keras`.

    Returns:
        The path of a file whose checksum is right.

    Raises:
        OSError: If the file cannot be downloaded.
        ValueError: If the name is unknown or the checksum is wrong.

    Example:

    >>> path = download("alexnet_caffe")  # doctest: +SKIP
    >>> published = weight_files.read(path)  # doctest: +SKIP
    """
    check_choice("name", name, PUBLISHED)
    url, algorithm, digest = PUBLISHED[name]
    try:
        # Keras's own check knows neither SHA-1 nor beginnings of checksums.
        path = keras.utils.get_file(
            origin=url, cache_subdir="models", cache_dir=cache_dir
        )
    # Keras raises a bare `Exception` where a network is absent.
    except Exception as error:
        raise OSError(
            f"The published weights cannot be downloaded from {url}: {error}\n"
            "Download that file by hand, on another computer if necessary, and "
            'pass its path: `weights="path/to/file"`.'
        ) from error
    with open(path, "rb") as file:
        received = hashlib.file_digest(file, algorithm).hexdigest()
    if not received.startswith(digest):
        os.remove(path)
        raise ValueError(
            invalid(
                "weights",
                f'a file whose {algorithm} begins with "{digest}"',
                url,
                f'The {algorithm} of the downloaded file is "{received}". It '
                "has been deleted: try again, and if that fails, check the "
                "file at that address.",
            )
        )
    return path


def _find(model: keras.Model, name: str) -> keras.Layer:
    """The one layer of that name, in nested models too."""
    found = {id(layer): layer for layer in _layers(model) if layer.name == name}
    if len(found) != 1:
        expected = f'names of one layer each of the model "{model.name}"'
        hint = f"{len(found)} of its layers have that name."
        raise ValueError(invalid("names", expected, name, hint))
    return next(iter(found.values()))


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _check_values(
    published: PublishedWeights,
    name: str,
    file_name: str,
    kind: str,
    variable: keras.Variable | None,
) -> np.ndarray | None:
    """What the file has for a variable, as float32 of its shape."""
    arrays = published.layers.get(file_name, {})
    values = arrays.get(kind)
    if kind == "bias" and variable is None and values is None:
        return None
    wanted = "none, or not built" if variable is None else tuple(variable.shape)
    received = "none" if values is None else values.shape
    if not arrays:
        received = f"no such layer, but {sorted(published.layers)}"
    elif values is not None and received == wanted:
        received = f"{values.dtype} numbers"
        # For NumPy (2.4) ml_dtypes' bfloat16 is of no kind of float.
        if values.dtype.kind == "f" or values.dtype.name == "bfloat16":
            with np.errstate(over="ignore"):
                values = np.array(values, "float32", order="C")
            if np.isfinite(values).all():
                return values
            received = "NaN or infinity"
    expected = (
        f'a file whose layer "{file_name}" has the {kind} of the layer '
        f'"{name}", of shape {wanted}, in finite floating point numbers'
    )
    hint = f"The file has {received}."
    raise ValueError(invalid("weights", expected, published.path, hint))


def _reorder(
    published: PublishedWeights,
    name: str,
    kernel: np.ndarray,
    flattened: tuple[int, int, int],
) -> np.ndarray:
    """A dense kernel whose rows are those of (height, width, channels)."""
    height, width, channels = flattened
    if kernel.ndim != 2 or height * width * channels != len(kernel):
        expected = (
            f'(height, width, channels) of the {len(kernel)} values that "'
            f'{name}" takes'
        )
        raise ValueError(invalid("flattened", expected, flattened))
    if not published.flattened_channels_first:
        return kernel
    maps = kernel.reshape(channels, height, width, -1)
    return maps.transpose(1, 2, 0, 3).reshape(kernel.shape)


def _check_all_was_read(model: keras.Model, path: str) -> None:
    """That the file has the arrays that the model would save, no others."""
    with tempfile.TemporaryDirectory() as folder:
        own_path = os.path.join(folder, "own.weights.h5")
        model.save_weights(own_path)
        others = _places(path) ^ _places(own_path)
    if others:
        raise ValueError(f"not in both file and model: {sorted(others)}")


def _places(path: str) -> set[str]:
    """Where a `.weights.h5` file has arrays, without its optimizer's."""
    import h5py  # type: ignore[import-untyped]  # Keras brings it.

    places: list[str] = []
    with h5py.File(path) as file:
        file.visit(places.append)
    arrays = re.compile(r"(?!optimizer/)(.*/)?vars/\d+")
    return set(filter(arrays.fullmatch, places))
