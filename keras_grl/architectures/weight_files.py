"""Published weight files, read."""

import importlib
import math
import os
import pickle
from collections.abc import Callable
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np

from keras_grl.types import PathLike
from keras_grl.validation import invalid

if TYPE_CHECKING:
    from google.protobuf.message import Message

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


def read(path: PathLike) -> PublishedWeights:
    """Reads the kernels and biases of a published weight file.

    | file | written by | layers are named |
    |---|---|---|
    | `.npy` | caffe-tensorflow, as `bvlc_alexnet.npy` | `conv1` |
    | `.npz` | NumPy: `conv1/w`, `conv1/b` in Caffe's layout | `conv1` |
    | `.caffemodel` | Caffe; needs `protobuf` | `conv1` |
    | `.pth`, `.pt` | PyTorch, a state dict; needs `torch` | `features.0` |
    | `.safetensors` | the same; needs `safetensors` | `features.0` |

    Nothing that a file says is executed. Of other arrays than kernels and
    biases, such as the statistics of batch normalization, nothing is read.

    Args:
        path: Of the file, whose name says the format.

    Returns:
        `PublishedWeights`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the package that reads the format is not installed.
        ValueError: If the format is unknown or the file cannot be read.

    Example:

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.npz")
    >>> np.savez(path, **{"fc/w": np.ones((2, 5)), "fc/b": np.ones(2)})
    >>> read(path).layers["fc"]["kernel"].shape
    (5, 2)
    """
    path = check_file(path, SUFFIXES)
    suffix = os.path.splitext(path)[1].lower()
    try:
        layers = _READERS[suffix](path)
        if not layers:
            raise ValueError("it holds no kernels")
    except ImportError:
        raise
    # Every format's reader has its own errors, some derived from
    # `Exception` alone.
    except Exception as error:
        expected = f"a `{suffix}` file of a network's weights"
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise ValueError(
            invalid("weights", expected, path, f"It cannot be read: {reason}")
        ) from error
    return PublishedWeights(path, layers, suffix != ".npy")


def check_file(path: PathLike, suffixes: tuple[str, ...]) -> str:
    name = str(path)
    if not name.lower().endswith(suffixes):
        expected = "the path of a file that ends in " + " or ".join(suffixes)
        raise ValueError(invalid("weights", expected, path))
    if not os.path.isfile(name):
        raise FileNotFoundError(
            invalid("weights", "the path of a file that exists", name)
        )
    return name


def _optional(module: str, package: str, hint: str = "") -> ModuleType:
    """A module that only some formats need."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This weight file needs `{package}`: `pip install {package}`{hint}"
        ) from error


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


def _caffe_net() -> "type[Message]":
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
    # A separate pool: a program that imports Caffe has put these names into
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
        # One or two are a kernel and a bias; batch normalization has three.
        if 1 <= len(layer.blobs) <= 2:
            kernel, *bias = (_blob(blob, layer.name) for blob in layer.blobs)
            layers[layer.name] = {"kernel": _to_keras(kernel)}
            if bias:
                layers[layer.name]["bias"] = bias[0].reshape(-1)
    return layers


def _blob(blob: "Message", name: str) -> np.ndarray:
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

    def __init__(self, *args: object):
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state


# Nothing else is called. `encode` is how protocol 2 writes bytes.
_PICKLED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Stand,
    ("numpy", "dtype"): _Stand,
    ("numpy.core.multiarray", "_reconstruct"): _Stand,
    ("numpy._core.multiarray", "_reconstruct"): _Stand,
    ("_codecs", "encode"): str.encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if (module, name) not in _PICKLED:
            raise pickle.UnpicklingError(
                f"the file would call `{module}.{name}`, which weights do not "
                "need: it may be malicious"
            )
        return _PICKLED[module, name]


def _array(stand: _Stand) -> np.ndarray:
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

SUFFIXES = tuple(_READERS)
