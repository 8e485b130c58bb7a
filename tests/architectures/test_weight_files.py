"""A small network in every format, read."""

import functools
import os
import pickle
import sys
import warnings

import numpy as np
import pytest

from keras_grl.architectures import weight_files
from keras_grl.architectures import weights
from tests.architectures.written_files import FLATTENED
from tests.architectures.written_files import MAP
from tests.architectures.written_files import NAMES
from tests.architectures.written_files import NPY_HEADER
from tests.architectures.written_files import WRITERS
from tests.architectures.written_files import caffe_arrays
from tests.architectures.written_files import caffe_tensorflow
from tests.architectures.written_files import field
from tests.architectures.written_files import images
from tests.architectures.written_files import needs_protobuf
from tests.architectures.written_files import network
from tests.architectures.written_files import outputs_of_caffe
from tests.architectures.written_files import python2
from tests.architectures.written_files import python2_array
from tests.architectures.written_files import torch_state
from tests.architectures.written_files import varint
from tests.architectures.written_files import write
from tests.testing import to_numpy


@pytest.fixture
def written(tmp_path):
    return functools.partial(write, tmp_path)


# Files that can be read.


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_function_of_its_network(written, name):
    """The network of the file in NumPy, with Caffe's and PyTorch's axes."""
    arrays = caffe_arrays()
    path = written(name)
    published = weight_files.read(path)
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
    layers = weight_files.read(written(name)).layers
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
    (read,) = weight_files.read(path).layers.items()
    assert read[0] == "ip"
    np.testing.assert_array_equal(read[1]["kernel"], layer)
    np.testing.assert_array_equal(read[1]["bias"], [1, -1])


def test_half_precision_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "half.pth"
    torch.save({"a.weight": torch.ones(2, 3, dtype=torch.bfloat16) * 1.5}, path)
    kernel = weight_files.read(path).layers["a"]["kernel"]
    np.testing.assert_array_equal(kernel, np.full((3, 2), 1.5))


# Files that cannot be read.


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kept", ["nothing", "half", "all but a byte"])
def test_truncated_files(written, name, kept):
    path = written(name)
    content = path.read_bytes()
    size = {"nothing": 0, "half": len(content) // 2}.get(kept, -1)
    path.write_bytes(content[:size])
    with pytest.raises(ValueError, match="`weights`") as raised:
        weight_files.read(path)
    assert str(path) in str(raised.value)
    assert f"`{path.suffix.lower()}` file" in str(raised.value)
    assert raised.value.__cause__ is not None


def test_a_caffe_blob_whose_numbers_do_not_fill_its_shape(tmp_path):
    needs_protobuf(".caffemodel")
    path = tmp_path / "ip.caffemodel"
    content = field(7, field(1, varint(3))) + field(5, b"\0" * 8)
    layer = field(1, b"ip") + field(7, content)
    path.write_bytes(field(100, layer))
    with pytest.raises(ValueError, match=r'"ip": 2 numbers for \(3,\)'):
        weight_files.read(path)


@pytest.mark.parametrize(
    "content",
    [np.arange(3.0), np.array([{"a": 1}, {"b": 2}], dtype=object)],
)
def test_other_arrays_than_a_dictionary(tmp_path, content):
    path = tmp_path / "array.npy"
    np.save(path, content, allow_pickle=True)
    with pytest.raises(ValueError, match=r"dictionary.*array of shape"):
        weight_files.read(path)


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
        weight_files.read(path)


@pytest.mark.parametrize("name", ["a.txt", "a", 5, None, "a.weights.h5"])
def test_an_unknown_format(name):
    with pytest.raises(ValueError, match=r"`weights`.*\.npy or \.npz"):
        weight_files.read(name)


@pytest.mark.parametrize("name", ["a.npy", "a.pth", "a.caffemodel"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"`weights`.*{name}"):
        weight_files.read(tmp_path / name)


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
        weight_files.read(tmp_path / name)
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
        weight_files.read(path)
    assert str(path) in str(raised.value)
    assert isinstance(raised.value.__cause__, pickle.UnpicklingError)
    assert not marker.exists()
    np.load(path, allow_pickle=True)
    assert marker.exists(), "this was not a bomb"


@pytest.mark.parametrize("new", [True, False])
def test_a_bomb_in_a_torch_file_does_not_go_off(tmp_path, new):
    torch, state = torch_state(caffe_arrays())
    path, marker = tmp_path / "bomb.pth", tmp_path / "marker"
    state["x.weight"] = Bomb(marker)
    torch.save(state, path, _use_new_zipfile_serialization=new)
    with pytest.raises(ValueError, match="`weights`") as raised:
        weight_files.read(path)
    assert str(path) in str(raised.value)
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists(), "this was not a bomb"


def test_a_pickle_called_torch_does_not_go_off(tmp_path):
    pytest.importorskip("torch")
    path, marker = tmp_path / "bomb.pth", tmp_path / "marker"
    path.write_bytes(pickle.dumps(Bomb(marker), protocol=2))
    with pytest.raises(ValueError, match="`weights`"):
        weight_files.read(path)
    assert not marker.exists()


def test_pickled_objects_of_an_npz_file_are_refused(tmp_path):
    path, marker = tmp_path / "bomb.npz", tmp_path / "marker"
    bomb = np.empty((), dtype=object)
    bomb[()] = Bomb(marker)
    np.savez(path, **{"conv1/w": bomb})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        weight_files.read(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("shape", "dtype", "data"),
    [
        # NumPy reads past the end of this list.
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
        weight_files.read(path)
