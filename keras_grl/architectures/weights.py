"""Published weight files: read, checked and put into a Keras model."""

import hashlib
import importlib
import math
import os
import pickle
import re
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_grl.validation import check_choice
from keras_grl.validation import invalid

Layers = dict[str, dict[str, np.ndarray]]


class PublishedWeights(NamedTuple):
    """What a file holds, in Keras's layout.

    Args:
        path: Of the file.
        layers: `{"conv1": {"kernel": …, "bias": …}}`. Kernels are (height,
            width, channels per group, filters) or (inputs, units).
        flattened_channels_first: Whether the file's network flattened its
            feature maps as (channels, height, width) before its first dense
            layer. Keras flattens (height, width, channels).
    """

    path: str
    layers: Layers
    flattened_channels_first: bool


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


def read(path: Any) -> PublishedWeights:
    """Reads the kernels and biases of a published weight file.

    | file | written by | layers are named |
    |---|---|---|
    | `.npy` | caffe-tensorflow, as `bvlc_alexnet.npy` | `conv1` |
    | `.npz` | NumPy: `conv1/w`, `conv1/b` in Caffe's layout | `conv1` |
    | `.caffemodel` | Caffe; needs `protobuf` | `conv1` |
    | `.pth`, `.pt` | PyTorch, a state dict; needs `torch` | `features.0` |
    | `.safetensors` | the same; needs `safetensors` | `features.0` |

    Nothing that a file says is executed. Of other arrays than kernels and
    biases, such as the statistics of batch normalisation, nothing is read.

    Args:
        path: Of the file, whose name says the format.

    Returns:
        `PublishedWeights`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the package that reads the format is not installed.
        ValueError: If the format is unknown or the file cannot be read.

    Example:

    >>> path = os.path.join(tempfile.mkdtemp(), "net.npz")
    >>> np.savez(path, **{"fc/w": np.ones((2, 5)), "fc/b": np.ones(2)})
    >>> read(path).layers["fc"]["kernel"].shape
    (5, 2)
    """
    path = _check_file(path, tuple(_READERS))
    suffix = os.path.splitext(path)[1].lower()
    try:
        layers = _READERS[suffix](path)
        if not layers:
            raise ValueError("it holds no kernels")
    except ImportError:
        raise
    # Every format's reader has errors of its own, some derived from
    # `Exception` alone.
    except Exception as error:
        expected = f"a `{suffix}` file of a network's weights"
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise ValueError(
            invalid("weights", expected, path, f"It cannot be read: {reason}")
        ) from error
    return PublishedWeights(path, layers, suffix != ".npy")


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
        published: Of `read`.
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
            expected = f'"{name}" too, for `flattened` or `flipped` has it'
            raise ValueError(invalid("names", expected, dict(names)))
    plan: list[tuple[Any, np.ndarray]] = []
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
                # A copy, because torch takes no negative strides.
                values = values[..., ::-1, :].copy()
            plan.append((variable, values))
    for variable, values in plan:
        variable.assign(values)


def load_keras(model: keras.Model, path: Any) -> None:
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
    path = _check_file(path, (".weights.h5",))
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


def download(name: str, cache_dir: Any = None) -> str:
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

    >>> published = read(download("alexnet_caffe"))  # doctest: +SKIP
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
            "Download that file by hand, on another computer if need be, and "
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
                f'The {algorithm} of what was downloaded is "{received}". It '
                "has been deleted: try again, and if that fails, check what "
                "the address sends.",
            )
        )
    return path


def _check_file(path: Any, suffixes: tuple[str, ...]) -> str:
    name = str(path)
    if not name.lower().endswith(suffixes):
        expected = "the path of a file that ends in " + " or ".join(suffixes)
        raise ValueError(invalid("weights", expected, path))
    if not os.path.isfile(name):
        raise FileNotFoundError(
            invalid("weights", "the path of a file that exists", name)
        )
    return name


def _optional(module: str, package: str, mend: str = "") -> Any:
    """A module that only some formats need."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This weight file needs `{package}`: `pip install {package}`{mend}"
        ) from error


def _find(model: keras.Model, name: str) -> keras.Layer:
    """The one layer of that name, in nested models too."""
    found = {id(layer): layer for layer in _layers(model) if layer.name == name}
    if len(found) != 1:
        expected = f'names of one layer each of the model "{model.name}"'
        mend = f"{len(found)} of its layers have that name."
        raise ValueError(invalid("names", expected, name, mend))
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
    variable: Any,
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
        # NumPy does not count ml_dtypes' bfloat16 among its floats.
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
    mend = f"The file has {received}."
    raise ValueError(invalid("weights", expected, published.path, mend))


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
    """Where a `.weights.h5` file has arrays, its optimizer's apart."""
    import h5py  # type: ignore[import-untyped]  # Keras brings it.

    places: list[str] = []
    with h5py.File(path) as file:
        file.visit(places.append)
    arrays = re.compile(r"(?!optimizer/)(.*/)?vars/\d+")
    return set(filter(arrays.fullmatch, places))


_SUFFIXES = {
    ".weight": "kernel",
    ".bias": "bias",
    "/w": "kernel",
    "/b": "bias",
}


def _from_arrays(arrays: Mapping[str, np.ndarray]) -> Layers:
    """Layers of arrays named by layer and kind."""
    layers: Layers = {}
    for name, array in arrays.items():
        for suffix, kind in _SUFFIXES.items():
            if name.endswith(suffix):
                layer = layers.setdefault(name.removesuffix(suffix), {})
                layer[kind] = _to_keras(array)
    return layers


def _to_keras(array: np.ndarray) -> np.ndarray:
    """(filters, channels, height, width) to (…, channels, filters)."""
    axes = range(array.ndim)
    return array.transpose(*axes[2:], *reversed(axes[:2]))


def _read_npz(path: str) -> Layers:
    # NumPy leaves a truncated file open that it has opened.
    with open(path, "rb") as file:
        with np.load(file, allow_pickle=False) as archive:
            return _from_arrays(archive)


def _read_torch(path: str) -> Layers:
    # The reader of the format, under any backend of Keras.
    torch = _optional(
        "torch", "torch", ", or convert the file to `.safetensors`."
    )
    state = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(state, dict):
        state = state.get("state_dict", state)
    if not isinstance(state, dict):
        raise ValueError(f"expected a state dict, received a {type(state)}")
    arrays = {}
    for name, tensor in state.items():
        if torch.is_tensor(tensor):
            # NumPy has no bfloat16.
            if tensor.is_floating_point():
                tensor = tensor.float()
            arrays[str(name)] = tensor.detach().numpy()
    return _from_arrays(arrays)


def _read_safetensors(path: str) -> Layers:
    safetensors = _optional("safetensors.numpy", "safetensors")
    return _from_arrays(safetensors.load_file(path))


# What is needed of caffe.proto.
_CAFFE = {
    "BlobShape": ["repeated INT64 dim 1"],
    "BlobProto": [
        "optional INT32 num 1",
        "optional INT32 channels 2",
        "optional INT32 height 3",
        "optional INT32 width 4",
        "repeated FLOAT data 5",
        "optional BlobShape shape 7",
        "repeated DOUBLE double_data 8",
    ],
    "LayerParameter": ["optional STRING name 1", "repeated BlobProto blobs 7"],
    "V1LayerParameter": [
        "optional STRING name 4",
        "repeated BlobProto blobs 6",
    ],
    "NetParameter": [
        "repeated V1LayerParameter layers 2",
        "repeated LayerParameter layer 100",
    ],
}


def _caffe_net() -> Any:
    """The message class `caffe.NetParameter`."""
    protobuf, pool, factory = (
        _optional(f"google.protobuf.{module}", "protobuf")
        for module in ("descriptor_pb2", "descriptor_pool", "message_factory")
    )
    file = protobuf.FileDescriptorProto(
        name="caffe.proto", package="caffe", syntax="proto2"
    )
    for message_name, fields in _CAFFE.items():
        message = file.message_type.add(name=message_name)
        for label, kind, name, number in map(str.split, fields):
            field = message.field.add(name=name, number=int(number))
            field.label = getattr(field, f"LABEL_{label.upper()}")
            if kind in _CAFFE:
                field.type_name = f".caffe.{kind}"
            else:
                field.type = getattr(field, f"TYPE_{kind}")
    # A pool of its own: a program that imports Caffe has put these names into
    # the default one.
    messages = pool.DescriptorPool()
    messages.Add(file)
    return factory.GetMessageClass(
        messages.FindMessageTypeByName("caffe.NetParameter")
    )


def _read_caffemodel(path: str) -> Layers:
    with open(path, "rb") as file:
        net = _caffe_net().FromString(file.read())
    layers: Layers = {}
    for layer in (*net.layers, *net.layer):
        # One or two are a kernel and a bias; batch normalisation has three.
        if 1 <= len(layer.blobs) <= 2:
            kernel, *bias = (_blob(blob, layer.name) for blob in layer.blobs)
            layers[layer.name] = {"kernel": _to_keras(kernel)}
            if bias:
                layers[layer.name]["bias"] = bias[0].reshape(-1)
    return layers


def _blob(blob: Any, name: str) -> np.ndarray:
    data = np.array(blob.data or blob.double_data, "float32")
    shape = tuple(blob.shape.dim)
    if not blob.HasField("shape"):
        # Old Caffe knew four axes only: a dense kernel is (1, 1, units,
        # inputs).
        shape = (blob.num, blob.channels, blob.height, blob.width)
        shape = shape[2:] if shape[:2] == (1, 1) else shape
    if math.prod(shape) != data.size:
        raise ValueError(f'layer "{name}": {data.size} numbers for {shape}')
    return data.reshape(shape)


class _Stand:
    """In for an array or dtype of a pickle, until all of it has been read.

    NumPy's own believe what a file says of sizes, and crash.
    """

    def __init__(self, *args: Any):
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


# Nothing else is called. `encode` is how protocol 2 writes bytes.
_PICKLED = {
    ("numpy", "ndarray"): _Stand,
    ("numpy", "dtype"): _Stand,
    ("numpy.core.multiarray", "_reconstruct"): _Stand,
    ("numpy._core.multiarray", "_reconstruct"): _Stand,
    ("_codecs", "encode"): str.encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PICKLED:
            raise pickle.UnpicklingError(
                f"the file would call `{module}.{name}`, which weights do not "
                "need: it may be malicious"
            )
        return _PICKLED[module, name]


def _array(stand: Any) -> np.ndarray:
    _, shape, dtype, fortran, data = stand.state
    # Python 2 wrote bytes as strings.
    data = data.encode("latin1") if isinstance(data, str) else data
    array = np.frombuffer(data, f"{dtype.state[1]}{dtype.args[0]}")
    return array.reshape(shape, order="F" if fortran else "C")


def _read_npy(path: str) -> Layers:
    with open(path, "rb") as file:
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, _, dtype = readers[np.lib.format.read_magic(file)](file)
        if shape != () or dtype.kind != "O":
            raise ValueError(
                "expected a dictionary `{layer: [kernel, bias]}`, received an "
                f"array of shape {shape} of {dtype}"
            )
        stand = _Unpickler(file, encoding="latin1").load()
    (dictionary,) = stand.state[-1]
    layers: Layers = {}
    for name, arrays in dictionary.items():
        if isinstance(name, bytes):
            name = name.decode("latin1")
        # As in Caffe, one or two are a kernel and a bias.
        if 1 <= len(arrays) <= 2:
            kinds = ("kernel", "bias")[: len(arrays)]
            both = zip(kinds, arrays, strict=True)
            layers[name] = {kind: _array(stand) for kind, stand in both}
    return layers


_READERS: dict[str, Callable[[str], Layers]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".caffemodel": _read_caffemodel,
    ".pth": _read_torch,
    ".pt": _read_torch,
    ".safetensors": _read_safetensors,
}
