"""A small network in every format, written by bytes or by its own program."""

import json
import os
import pickle
import struct
import sys
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.architectures import weights
from keras_grl.architectures.weights import Download
from keras_grl.architectures.weights import PublishedWeights
from tests.testing import to_numpy

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


def values(model):
    return [np.array(to_numpy(variable)) for variable in model.variables]


def assert_same(model, before):
    for got, expected in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(got, expected)


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
    # As batch normalisation has them.
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


@pytest.fixture
def written(tmp_path):
    def write(name, arrays=None):
        needs_protobuf(name)
        path = tmp_path / name
        WRITERS[name](path, arrays or caffe_arrays())
        return path

    return write


# Reading and assigning.


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_function_of_its_network(written, name):
    """The network of the file in NumPy, with Caffe's and PyTorch's axes."""
    arrays = caffe_arrays()
    path = written(name)
    published = weights.read(path)
    assert published.path == str(path)
    assert published.flattened_channels_first == (not name.endswith(".npy"))
    model = network()
    weights.assign(model, published, NAMES, flattened=FLATTENED)
    x = images()
    np.testing.assert_allclose(
        to_numpy(model(x)),
        outputs_of_caffe(x.transpose(0, 3, 1, 2), arrays),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("name", WRITERS)
def test_every_number_lands_in_its_place(written, name):
    arrays = caffe_arrays()
    layers = weights.read(written(name)).layers
    assert set(NAMES.values()) <= set(layers) <= {*NAMES.values(), "norm"}
    for layer in ("conv1", "conv2"):
        kernel, bias = arrays[layer]
        for o, i, h, w in np.ndindex(kernel.shape):
            assert layers[layer]["kernel"][h, w, i, o] == kernel[o, i, h, w]
        np.testing.assert_array_equal(layers[layer]["bias"], bias)
    kernel, bias = arrays["fc6"]
    height, width, channels = MAP
    for o, c, h, w in np.ndindex(5, channels, height, width):
        row = column = (c * height + h) * width + w
        if name.endswith(".npy"):
            row = (h * width + w) * channels + c
        assert layers["fc6"]["kernel"][row, o] == kernel[o, column]
    np.testing.assert_array_equal(layers["fc6"]["bias"], bias)


def test_numpy_itself_reads_what_stands_for_python_2(written):
    """So that the file of the test is one that NumPy has written."""
    path = written("python2.npy")
    with warnings.catch_warnings():
        # Of the module names of NumPy 1.
        warnings.simplefilter("ignore", DeprecationWarning)
        read = np.load(path, allow_pickle=True, encoding="latin1").item()
    for layer, both in caffe_tensorflow(caffe_arrays()).items():
        for got, expected in zip(read[layer], both, strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("net", "layer"),
    [
        # 1 x 1 x 2 x 3, and a bias of two; in the net's field 2.
        (
            "12 3c 22 02 6970 32 22 08 01 10 01 18 02 20 03 2a 18"
            "0000803f 00000040 00004040 00008040 0000a040 0000c040"
            "32 12 08 01 10 01 18 01 20 02 2a 08 0000803f 000080bf",
            [[1, 4], [2, 5], [3, 6]],
        ),
        # The same with a shape; in the net's field 100; floats not packed.
        (
            "a2 06 3b 0a 02 6970 3a 24 3a 04 0a 02 02 03"
            "2d 0000803f 2d 00000040 2d 00004040"
            "2d 00008040 2d 0000a040 2d 0000c040"
            "3a 0f 3a 03 0a 01 02 2a 08 0000803f 000080bf",
            [[1, 4], [2, 5], [3, 6]],
        ),
    ],
)
def test_bytes_of_a_dense_layer_of_caffe(tmp_path, net, layer):
    needs_protobuf(".caffemodel")
    path = tmp_path / "ip.caffemodel"
    path.write_bytes(bytes.fromhex(net))
    (read,) = weights.read(path).layers.items()
    assert read[0] == "ip"
    np.testing.assert_array_equal(read[1]["kernel"], layer)
    np.testing.assert_array_equal(read[1]["bias"], [1, -1])


def test_half_precision_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "half.pth"
    torch.save({"a.weight": torch.ones(2, 3, dtype=torch.bfloat16) * 1.5}, path)
    kernel = weights.read(path).layers["a"]["kernel"]
    np.testing.assert_array_equal(kernel, np.full((3, 2), 1.5))


def test_half_precision_of_safetensors(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "half.safetensors"
    header = {"dtype": "BF16", "shape": [2, 1], "data_offsets": [0, 4]}
    encoded = json.dumps({"a.weight": header}).encode()
    # 1.5 and -2 are the upper halves of their float32s.
    data = bytes.fromhex("c03f 00c0")
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(2, use_bias=False, name="a")]
    )
    weights.assign(model, weights.read(path), {"a": "a"})
    np.testing.assert_array_equal(values(model)[0], [[1.5, -2.0]])


def test_flipped_takes_the_other_order_of_colours(written):
    model = network()
    weights.assign(
        model,
        weights.read(written("net.npz")),
        NAMES,
        flattened=FLATTENED,
        flipped="first",
    )
    rgb = images()
    bgr = rgb.transpose(0, 3, 1, 2)[:, ::-1]
    np.testing.assert_allclose(
        to_numpy(model(rgb)),
        outputs_of_caffe(bgr, caffe_arrays()),
        rtol=1e-4,
        atol=1e-4,
    )


def test_only_the_named_layers_change(written):
    model = network()
    before = values(model)
    weights.assign(model, weights.read(written("net.npz")), {"second": "conv2"})
    changed = [
        variable.path
        for variable, old in zip(model.variables, before, strict=True)
        if not np.array_equal(to_numpy(variable), old)
    ]
    assert [path.split("/")[-2:] for path in changed] == [
        ["second", "kernel"],
        ["second", "bias"],
    ]


# Files and arguments that do not fit.


def without_bias(arrays):
    del arrays["fc6"][1]


def of_another_shape(arrays):
    arrays["fc6"][0] = arrays["fc6"][0][:, :-1]


def transposed(arrays):
    arrays["conv2"][0] = arrays["conv2"][0].transpose(1, 0, 2, 3)


def of_integers(arrays):
    arrays["fc6"][0] = arrays["fc6"][0].astype("int32")


def of_text(arrays):
    arrays["fc6"][0] = arrays["fc6"][0].astype(str)


def not_a_number(arrays):
    arrays["fc6"][0][2, 3] = np.nan


def infinite(arrays):
    arrays["fc6"][1][0] = -np.inf


def infinite_in_float32(arrays):
    arrays["fc6"][0] = np.full((5, 72), 1e300)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda arrays: arrays.pop("fc6"),
            r'"fc6".*"dense".*no such layer, but \[\'conv1\', \'conv2\'\]',
        ),
        (without_bias, r'"fc6" has the bias.*"dense".*\(5,\).*has none'),
        (of_another_shape, r'kernel.*"dense".*\(72, 5\).*has \(71, 5\)'),
        (transposed, r'"second".*\(2, 2, 2, 6\).*has \(2, 2, 6, 2\)'),
        (of_integers, r'kernel.*"dense".*finite float.*has int32'),
        (of_text, r'kernel.*"dense".*finite float.*has <U'),
        (not_a_number, r'kernel.*"dense".*has NaN or infinity'),
        (infinite, r'bias.*"dense".*has NaN or infinity'),
        (infinite_in_float32, r'kernel.*"dense".*has NaN or infinity'),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(written, spoil, message):
    arrays = caffe_arrays()
    spoil(arrays)
    path = written("net.npz", arrays)
    model = network()
    before = values(model)
    with pytest.raises(ValueError, match=f"(?s)`weights`.*{message}") as raised:
        weights.assign(model, weights.read(path), NAMES, flattened=FLATTENED)
    assert str(path) in str(raised.value)
    assert_same(model, before)


def test_a_bias_that_the_model_has_not(written):
    model = keras.Sequential(
        [keras.Input((72,)), keras.layers.Dense(5, use_bias=False, name="a")]
    )
    before = values(model)
    with pytest.raises(ValueError, match=r"(?s)bias.*none.*has \(5,\)"):
        weights.assign(model, weights.read(written("net.npz")), {"a": "fc6"})
    assert_same(model, before)


def test_a_layer_that_is_not_built(written):
    model = keras.Sequential([keras.layers.Dense(5, name="a")])
    with pytest.raises(ValueError, match=r'"a".*not built'):
        weights.assign(model, weights.read(written("net.npz")), {"a": "fc6"})


def test_names_that_are_none_or_two():
    dense = keras.layers.Dense(2, name="twice")
    other = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, name="twice")], name="other"
    )
    model = keras.Sequential([keras.Input((2,)), dense, other], name="mine")
    arrays = {"kernel": np.ones((2, 2)), "bias": np.ones(2)}
    published = PublishedWeights("a.npz", {"a": arrays}, True)
    for name, count in (("absent", 0), ("twice", 2)):
        with pytest.raises(ValueError, match=f'(?s)"mine".*{name}.*{count} of'):
            weights.assign(model, published, {name: "a"})


def test_a_layer_used_in_two_places_is_one():
    dense = keras.layers.Dense(2, name="shared")
    inner = keras.Sequential([keras.Input((2,)), dense], name="inner")
    model = keras.Sequential([keras.Input((2,)), dense, inner])
    arrays = {"kernel": np.eye(2) * 3, "bias": np.ones(2)}
    published = PublishedWeights("a.npz", {"a": arrays}, True)
    weights.assign(model, published, {"shared": "a"})
    got = to_numpy(model(np.array([[1.0, 2.0]], "float32")))
    np.testing.assert_allclose(got, [[13.0, 22.0]])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"flattened": {"dense": (3, 4, 5)}}, r"`flattened`.*72.*\(3, 4, 5\)"),
        ({"flattened": {"first": (3, 4, 6)}}, "`flattened`"),
        ({"flattened": {"other": (3, 4, 6)}}, '`names`.*"other"'),
        ({"flipped": "other"}, '`names`.*"other"'),
    ],
)
@pytest.mark.parametrize("name", ["net.npz", "python3.npy"])
def test_bad_arguments(written, kwargs, message, name):
    model = network()
    before = values(model)
    with pytest.raises(ValueError, match=message):
        weights.assign(model, weights.read(written(name)), NAMES, **kwargs)
    assert_same(model, before)


# Files that cannot be read.


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kept", ["nothing", "half", "all but a byte"])
def test_truncated_files(written, name, kept):
    path = written(name)
    content = path.read_bytes()
    size = {"nothing": 0, "half": len(content) // 2}.get(kept, -1)
    path.write_bytes(content[:size])
    with pytest.raises(ValueError, match="`weights`") as raised:
        weights.read(path)
    assert str(path) in str(raised.value)
    assert f"`{path.suffix.lower()}` file" in str(raised.value)
    assert raised.value.__cause__ is not None


def test_a_caffemodel_that_ends_between_two_layers(written):
    path = written("v1.caffemodel")
    arrays = caffe_arrays()
    del arrays["fc6"]
    shorter = len(written("v1.caffemodel", arrays).read_bytes())
    written("v1.caffemodel")
    path.write_bytes(path.read_bytes()[:shorter])
    model = network()
    before = values(model)
    with pytest.raises(ValueError, match="no such layer"):
        weights.assign(model, weights.read(path), NAMES, flattened=FLATTENED)
    assert_same(model, before)


def test_a_caffe_blob_whose_numbers_do_not_fill_its_shape(tmp_path):
    needs_protobuf(".caffemodel")
    path = tmp_path / "ip.caffemodel"
    content = field(7, field(1, varint(3))) + field(5, b"\0" * 8)
    layer = field(1, b"ip") + field(7, content)
    path.write_bytes(field(100, layer))
    with pytest.raises(ValueError, match=r'"ip": 2 numbers for \(3,\)'):
        weights.read(path)


@pytest.mark.parametrize(
    "content",
    [np.arange(3.0), np.array([{"a": 1}, {"b": 2}], dtype=object)],
)
def test_other_arrays_than_a_dictionary(tmp_path, content):
    path = tmp_path / "array.npy"
    np.save(path, content, allow_pickle=True)
    with pytest.raises(ValueError, match=r"dictionary.*array of shape"):
        weights.read(path)


@pytest.mark.parametrize(
    "content",
    [
        {"conv1": {"weights": np.ones(2), "biases": np.ones(2)}},
        {"conv1": [np.array([{}, {}], dtype=object)]},
        {"conv1": 3},
        ["conv1"],
        {},
    ],
)
def test_other_dictionaries_than_of_layers(tmp_path, content):
    path = tmp_path / "other.npy"
    array = np.empty((), dtype=object)
    array[()] = content
    np.save(path, array, allow_pickle=True)
    with pytest.raises(ValueError, match="`weights`"):
        weights.read(path)


@pytest.mark.parametrize("name", ["a.txt", "a", 5, None, "a.weights.h5"])
def test_an_unknown_format(name):
    with pytest.raises(ValueError, match=r"`weights`.*\.npy or \.npz"):
        weights.read(name)


@pytest.mark.parametrize("name", ["a.npy", "a.pth", "a.caffemodel"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"`weights`.*{name}"):
        weights.read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("a.pth", "torch", "torch"),
        ("a.safetensors", "safetensors.numpy", "safetensors"),
        ("a.caffemodel", "google.protobuf.descriptor_pb2", "protobuf"),
    ],
)
def test_a_package_that_is_not_there(
    tmp_path, monkeypatch, name, module, package
):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ImportError, match=f"pip install {package}") as raised:
        weights.read(tmp_path / name)
    assert ("safetensors" in str(raised.value)) == (package != "protobuf")


# Files that mean harm.


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"echo > {self.marker}",)


def test_a_bomb_in_an_npy_file_does_not_go_off(tmp_path):
    path, marker = tmp_path / "bomb.npy", tmp_path / "marker"
    dictionary = {**caffe_tensorflow(caffe_arrays()), "x": Bomb(marker)}
    np.save(path, dictionary, allow_pickle=True)
    with pytest.raises(ValueError, match=r"system.*malicious") as raised:
        weights.read(path)
    assert str(path) in str(raised.value)
    assert isinstance(raised.value.__cause__, pickle.UnpicklingError)
    assert not marker.exists()
    np.load(path, allow_pickle=True)
    assert marker.exists(), "this was no bomb"


@pytest.mark.parametrize("new", [True, False])
def test_a_bomb_in_a_torch_file_does_not_go_off(tmp_path, new):
    torch, state = torch_state(caffe_arrays())
    path, marker = tmp_path / "bomb.pth", tmp_path / "marker"
    state["x.weight"] = Bomb(marker)
    torch.save(state, path, _use_new_zipfile_serialization=new)
    with pytest.raises(ValueError, match="`weights`") as raised:
        weights.read(path)
    assert str(path) in str(raised.value)
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists(), "this was no bomb"


def test_a_pickle_called_torch_does_not_go_off(tmp_path):
    pytest.importorskip("torch")
    path, marker = tmp_path / "bomb.pth", tmp_path / "marker"
    path.write_bytes(pickle.dumps(Bomb(marker), protocol=2))
    with pytest.raises(ValueError, match="`weights`"):
        weights.read(path)
    assert not marker.exists()


def test_pickled_objects_of_an_npz_file_are_refused(tmp_path):
    path, marker = tmp_path / "bomb.npz", tmp_path / "marker"
    bomb = np.empty((), dtype=object)
    bomb[()] = Bomb(marker)
    np.savez(path, **{"conv1/w": bomb})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        weights.read(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("shape", "dtype", "data"),
    [
        # NumPy reads behind the end of this list.
        ((10_000_000,), np.dtype(object), ["a"]),
        ((1_000_000_000,), np.dtype("float32"), "\0" * 8),
        ((3,), np.dtype("float32"), "\0" * 8),
    ],
)
def test_sizes_that_a_file_does_not_have(tmp_path, shape, dtype, data):
    path = tmp_path / "large.npy"
    array = python2_array(shape, dtype, data)
    layers = b"}(" + python2("conv1") + b"](" + array + b"eu"
    outer = python2_array((), np.dtype(object), [])
    assert outer.endswith(python2([]) + b"tb")
    outer = outer.removesuffix(python2([]) + b"tb") + b"](" + layers + b"etb"
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, NPY_HEADER)
        file.write(b"\x80\x02" + outer + b".")
    with pytest.raises(ValueError, match="`weights`"):
        weights.read(path)


# Weights of Keras.


def stack(*units):
    """Dense layers; their names are no part of Keras's files."""
    return keras.Sequential(
        [
            keras.Input((3,)),
            *(
                keras.layers.Dense(size, name=f"dense_{size}_{number}")
                for number, size in enumerate(units)
            ),
        ]
    )


def test_weights_of_keras(tmp_path):
    path = tmp_path / "own.weights.h5"
    saved = stack(4, 2)
    saved.save_weights(path)
    model = stack(4, 2)
    weights.load_keras(model, path)
    assert_same(model, values(saved))


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ((4,), "(?s)dense_2_1.*expected 2 variables"),
        ((4, 3), r"(?s)dense_2_1.*\(4, 2\)"),
        ((4, 2, 2), "not in both file and model.*dense_2/vars/0"),
    ],
)
def test_weights_of_another_model_of_keras(tmp_path, units, message):
    path = tmp_path / "other.weights.h5"
    x = np.ones((4, 3))
    other, model = stack(*units), stack(4, 2)
    for trained, epochs in ((other, 1), (model, 2)):
        trained.compile("sgd", "mse")
        y = np.ones((4, trained.output_shape[-1]))
        trained.fit(x, y, epochs=epochs, verbose=0)
    other.save_weights(path)
    before = values(model)
    optimizer_before = values(model.optimizer)
    with pytest.raises(ValueError, match=message) as raised:
        weights.load_keras(model, path)
    assert "`weights`" in str(raised.value)
    assert str(path) in str(raised.value)
    assert raised.value.__cause__ is not None
    assert_same(model, before)
    assert_same(model.optimizer, optimizer_before)
    # Keras itself changes the first layer all the same.
    with pytest.raises(AssertionError):
        try:
            model.load_weights(path)
        except ValueError:
            pass
        assert_same(model, before)


@pytest.mark.parametrize("size", [0, 100, -1])
def test_truncated_weights_of_keras(tmp_path, size):
    path = tmp_path / "own.weights.h5"
    stack(4, 2).save_weights(path)
    path.write_bytes(path.read_bytes()[:size])
    model = stack(4, 2)
    before = values(model)
    with pytest.raises(ValueError, match=r"`weights`.*own\.weights\.h5"):
        weights.load_keras(model, path)
    assert_same(model, before)


def test_other_files_than_weights_of_keras(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`weights`.*a\.weights\.h5"):
        weights.load_keras(stack(2), tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match=r"`weights`.*\.weights\.h5.*a\.keras"):
        weights.load_keras(stack(2), tmp_path / "a.keras")


def test_weights_of_a_trained_model_into_one_never_compiled(tmp_path):
    """The file has an optimizer's and metrics' values too."""

    def adaptive():
        return keras_grl.DANNModel(
            keras.Sequential(
                [
                    keras.Input((3,)),
                    keras.layers.Dense(4),
                    keras.layers.BatchNormalization(),
                    keras.layers.Dropout(0.5),
                ]
            ),
            keras.layers.Dense(2, activation="softmax"),
        )

    trained = adaptive()
    trained.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    data = keras_grl.pair((x, np.arange(8) % 2), x, batch_size=4)
    trained.fit(data, verbose=0)
    path = tmp_path / "trained.weights.h5"
    trained.save_weights(path)
    model = adaptive()
    assert not np.allclose(
        model.predict(x, verbose=0), trained.predict(x, verbose=0)
    )
    weights.load_keras(model, path)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), trained.predict(x, verbose=0), atol=1e-6
    )
    assert int(to_numpy(model.gradient_reversal.step)) == 4


# Downloading.

SHA1_OF_ABC = "a9993e364706816aba3e25717850c26c9cd0d89d"
SHA256_OF_ABC = (
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A file of the bytes "abc", published as "tiny"."""
    origin = tmp_path / "web" / "tiny.npz"
    origin.parent.mkdir()
    origin.write_bytes(b"abc")

    def publish(algorithm, digest):
        entry = Download(origin.as_uri(), algorithm, digest)
        monkeypatch.setitem(weights.PUBLISHED, "tiny", entry)
        return origin

    return publish


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("sha1", SHA1_OF_ABC), ("sha256", SHA256_OF_ABC[:8])],
)
def test_a_download_is_checked_and_kept(tmp_path, published, algorithm, digest):
    origin = published(algorithm, digest)
    path = weights.download("tiny", cache_dir=tmp_path)
    assert path == str(tmp_path / "models" / "tiny.npz")
    with open(path, "rb") as file:
        assert file.read() == b"abc"
    origin.unlink()
    assert weights.download("tiny", cache_dir=tmp_path) == path


def test_a_download_with_another_checksum_is_deleted(tmp_path, published):
    origin = published("sha1", SHA1_OF_ABC)
    origin.write_bytes(b"a page that says: not found")
    with pytest.raises(ValueError, match=f"{SHA1_OF_ABC}.*tiny.npz") as raised:
        weights.download("tiny", cache_dir=tmp_path)
    assert "try again" in str(raised.value)
    assert not (tmp_path / "models" / "tiny.npz").exists()
    origin.write_bytes(b"abc")
    weights.download("tiny", cache_dir=tmp_path)


def test_a_kept_file_that_was_spoilt_is_not_used(tmp_path, published):
    published("sha256", SHA256_OF_ABC[:8])
    path = weights.download("tiny", cache_dir=tmp_path)
    with open(path, "ab") as file:
        file.write(b"d")
    with pytest.raises(ValueError, match="deleted"):
        weights.download("tiny", cache_dir=tmp_path)
    assert weights.download("tiny", cache_dir=tmp_path) == path


def test_a_download_without_a_network(tmp_path, published):
    origin = published("sha1", SHA1_OF_ABC)
    origin.unlink()
    with pytest.raises(OSError, match="by hand") as raised:
        weights.download("tiny", cache_dir=tmp_path)
    assert origin.as_uri() in str(raised.value)
    assert 'weights="path/to/file"' in str(raised.value)
    assert raised.value.__cause__ is not None
    assert list((tmp_path / "models").iterdir()) == []


def test_an_unknown_download():
    with pytest.raises(ValueError, match=r'`name`.*"alexnet_caffe"'):
        weights.download("alexnet")
