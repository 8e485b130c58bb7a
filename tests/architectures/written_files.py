"""A small network, and what writes it in every format of published files.

By bytes, or by the format's own program.
"""

import json
import pickle
import struct

import keras
import numpy as np
import pytest

NAMES = {"first": "conv1", "second": "conv2", "dense": "fc6"}
# Of the map that the network flattens: height, width, channels.
MAP = (3, 4, 6)
FLATTENED = {"dense": MAP}


def network():
    """Axes of different lengths, a convolution of two groups."""
    return keras.Sequential(
        [
            keras.Input((5, 7, 3)),
            keras.Sequential(
                [
                    keras.layers.Conv2D(4, (2, 3), name="first"),
                    keras.layers.Conv2D(6, (2, 2), groups=2, name="second"),
                ],
                name="inner",
            ),
            keras.layers.Flatten(),
            keras.layers.Dense(5, name="dense"),
        ]
    )


def caffe_arrays():
    """(filters, channels, height, width) and (units, inputs)."""
    rng = np.random.default_rng(1)
    shapes = {
        "conv1": [(4, 3, 2, 3), (4,)],
        "conv2": [(6, 2, 2, 2), (6,)],
        "fc6": [(5, 72), (5,)],
    }
    return {
        layer: [rng.normal(size=shape).astype("float32") for shape in both]
        for layer, both in shapes.items()
    }


def outputs_of_caffe(x, arrays):
    """Of images (n, channels, height, width), all in that order."""

    def convolve(x, kernel, bias):
        view = np.lib.stride_tricks.sliding_window_view(
            x, kernel.shape[2:], axis=(2, 3)
        )
        y = np.einsum("nchwij,ocij->nohw", view, kernel, dtype="float64")
        return y + bias[:, None, None]

    x = convolve(x, *arrays["conv1"])
    kernel, bias = arrays["conv2"]
    x = np.concatenate(
        [
            convolve(x[:, :2], kernel[:3], bias[:3]),
            convolve(x[:, 2:], kernel[3:], bias[3:]),
        ],
        axis=1,
    )
    kernel, bias = arrays["fc6"]
    return x.reshape(len(x), -1) @ kernel.T.astype("float64") + bias


def images():
    return np.random.default_rng(2).normal(size=(2, 5, 7, 3)).astype("float32")


# Writers: (path, arrays of `caffe_arrays`).


def caffe_tensorflow(arrays):
    """Its dictionary: Keras's layout, rows of (height, width, channels)."""
    dictionary = {}
    for layer, (kernel, bias) in arrays.items():
        if kernel.ndim == 4:
            kernel = np.moveaxis(kernel, (0, 1), (3, 2))
        elif layer == "fc6":
            height, width, channels = MAP
            kernel = kernel.reshape(-1, channels, height, width)
            kernel = np.moveaxis(kernel, (0, 1), (3, 2)).reshape(-1, 5)
        else:
            kernel = kernel.T
        dictionary[layer] = [np.ascontiguousarray(kernel), bias]
    return dictionary


def write_npy(path, arrays):
    np.save(path, caffe_tensorflow(arrays), allow_pickle=True)


def write_npy_fortran_with_bytes_as_names(path, arrays):
    dictionary = {
        layer.encode(): [np.asfortranarray(array) for array in both]
        for layer, both in caffe_tensorflow(arrays).items()
    }
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, NPY_HEADER)
        pickle.dump(np.array(dictionary), file, protocol=2)


NPY_HEADER = {"descr": "|O", "fortran_order": False, "shape": ()}


def python2(value):
    """What Python 2 and NumPy 1 wrote: their bytes are strings."""
    if value is None:
        return b"N"
    if isinstance(value, str):
        return b"T" + struct.pack("<i", len(value)) + value.encode("latin1")
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, tuple | list):
        start, stop = (
            (b"(", b"t") if isinstance(value, tuple) else (b"](", b"e")
        )
        return start + b"".join(map(python2, value)) + stop
    if isinstance(value, dict):
        pairs = [python2(part) for pair in value.items() for part in pair]
        return b"}(" + b"".join(pairs) + b"u"
    assert isinstance(value, np.ndarray)
    data = value.tobytes().decode("latin1")
    if value.dtype.kind == "O":
        data = [value.item()]
    return python2_array(value.shape, value.dtype, data)


def python2_array(shape, dtype, data):
    order, flags = ("|", 63) if dtype.kind == "O" else ("<", 0)
    code = f"{dtype.kind}{dtype.itemsize}"
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
        + python2((0,))
        + python2("b")
        + b"tR("
        + python2(1)
        + python2(shape)
        + b"cnumpy\ndtype\n"
        + python2((code, 0, 1))
        + b"R"
        + python2((3, order, None, None, None, -1, -1, flags))
        + b"b"
        + python2(False)
        + python2(data)
        + b"tb"
    )


def write_npy_of_python2(path, arrays):
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, NPY_HEADER)
        dictionary = np.array(caffe_tensorflow(arrays))
        file.write(b"\x80\x02" + python2(dictionary) + b".")


def write_npz(path, arrays):
    flat = {}
    for layer, both in arrays.items():
        for name, array in zip("wb", both, strict=False):
            flat[f"{layer}/{name}"] = array
    np.savez(path, **flat)


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number, content):
    """A field of Protocol Buffers' wire format."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(array):
    dims = b"".join(map(varint, array.shape))
    return field(7, field(1, dims)) + field(5, array.astype("<f4").tobytes())


def blob_of_doubles(array):
    dims = b"".join(map(varint, array.shape))
    return field(7, field(1, dims)) + field(8, array.astype("<f8").tobytes())


def blob_of_four_axes(array):
    shape = (1,) * (4 - array.ndim) + array.shape
    axes = [field(number, axis) for number, axis in enumerate(shape, start=1)]
    gradients = field(6, np.ones(array.shape, "<f4").tobytes())
    return b"".join(axes) + field(5, array.astype("<f4").tobytes()) + gradients


def write_caffe(path, arrays, encode, layer_number, name_number, blob_number):
    net = field(1, b"net")
    # Layers without weights, and one whose three blobs are statistics.
    others = {"data": [], "batch_norm": [np.ones(3, "float32")] * 3}
    for layer, blobs in {**others, **arrays}.items():
        content = field(name_number, layer.encode())
        for array in blobs:
            content += field(blob_number, encode(array))
        net += field(layer_number, content)
    path.write_bytes(net)


def write_caffe_1(path, arrays):
    write_caffe(path, arrays, blob_of_four_axes, 2, 4, 6)


def write_caffe_2(path, arrays):
    write_caffe(path, arrays, blob, 100, 1, 7)


def write_caffe_of_doubles(path, arrays):
    write_caffe(path, arrays, blob_of_doubles, 100, 1, 7)


def state_dict(arrays):
    flat = {}
    for layer, both in arrays.items():
        for name, array in zip(("weight", "bias"), both, strict=False):
            flat[f"{layer}.{name}"] = array
    return flat


def torch_state(arrays):
    torch = pytest.importorskip("torch", reason="PyTorch reads its own files")
    state = {k: torch.tensor(v) for k, v in state_dict(arrays).items()}
    # As batch normalization has them.
    state["norm.running_mean"] = torch.ones(3)
    state["norm.num_batches_tracked"] = torch.tensor(7)
    return torch, state


def write_torch(path, arrays):
    torch, state = torch_state(arrays)
    torch.save(state, path)


def write_torch_before_zip(path, arrays):
    torch, state = torch_state(arrays)
    torch.save(state, path, _use_new_zipfile_serialization=False)


def write_torch_checkpoint(path, arrays):
    torch, state = torch_state(arrays)
    state["conv1.weight"] = torch.nn.Parameter(state["conv1.weight"])
    torch.save({"epoch": 90, "state_dict": state}, path)


def write_safetensors(path, arrays):
    pytest.importorskip("safetensors", reason="reads .safetensors files")
    header, data = {}, b""
    for name, array in state_dict(arrays).items():
        start = len(data)
        data += array.astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": array.shape,
            "data_offsets": [start, len(data)],
        }
    encoded = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


WRITERS = {
    "python3.npy": write_npy,
    "fortran.npy": write_npy_fortran_with_bytes_as_names,
    "python2.npy": write_npy_of_python2,
    "net.npz": write_npz,
    "v1.caffemodel": write_caffe_1,
    "v2.caffemodel": write_caffe_2,
    "double.caffemodel": write_caffe_of_doubles,
    "state.pth": write_torch,
    "old.pth": write_torch_before_zip,
    "checkpoint.PT": write_torch_checkpoint,
    "net.safetensors": write_safetensors,
}


def needs_protobuf(name):
    if name.endswith(".caffemodel"):
        pytest.importorskip("google.protobuf", reason="reads .caffemodel files")


def write(folder, name, arrays=None):
    """The path of a new file of the network; `name` is one of `WRITERS`."""
    needs_protobuf(name)
    path = folder / name
    WRITERS[name](path, arrays or caffe_arrays())
    return path
