"""A small network's weights: assigned, loaded by Keras, downloaded."""

import functools
import json
import struct

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.architectures import weight_files
from keras_grl.architectures import weights
from keras_grl.architectures.weight_files import PublishedWeights
from keras_grl.architectures.weights import Download
from tests.architectures.written_files import FLATTENED
from tests.architectures.written_files import NAMES
from tests.architectures.written_files import caffe_arrays
from tests.architectures.written_files import images
from tests.architectures.written_files import network
from tests.architectures.written_files import outputs_of_caffe
from tests.architectures.written_files import write
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import to_numpy


@pytest.fixture
def written(tmp_path):
    return functools.partial(write, tmp_path)


def values(model):
    return [np.array(to_numpy(variable)) for variable in model.variables]


def assert_same(model, before):
    for got, expected in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(got, expected)


# Assigning.


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
    weights.assign(model, weight_files.read(path), {"a": "a"})
    np.testing.assert_array_equal(values(model)[0], [[1.5, -2.0]])


def test_flipped_takes_the_other_order_of_colors(written):
    model = network()
    weights.assign(
        model,
        weight_files.read(written("net.npz")),
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
    weights.assign(
        model, weight_files.read(written("net.npz")), {"second": "conv2"}
    )
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
        weights.assign(
            model, weight_files.read(path), NAMES, flattened=FLATTENED
        )
    assert str(path) in str(raised.value)
    assert_same(model, before)


def test_a_bias_that_the_model_has_not(written):
    model = keras.Sequential(
        [keras.Input((72,)), keras.layers.Dense(5, use_bias=False, name="a")]
    )
    before = values(model)
    with pytest.raises(ValueError, match=r"(?s)bias.*none.*has \(5,\)"):
        weights.assign(
            model, weight_files.read(written("net.npz")), {"a": "fc6"}
        )
    assert_same(model, before)


def test_a_layer_that_is_not_built(written):
    model = keras.Sequential([keras.layers.Dense(5, name="a")])
    with pytest.raises(ValueError, match=r'"a".*not built'):
        weights.assign(
            model, weight_files.read(written("net.npz")), {"a": "fc6"}
        )


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
        weights.assign(model, weight_files.read(written(name)), NAMES, **kwargs)
    assert_same(model, before)


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
        weights.assign(
            model, weight_files.read(path), NAMES, flattened=FLATTENED
        )
    assert_same(model, before)


# Weights of Keras.


def stack(*units):
    """Dense layers; their names are not part of Keras's files."""
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
        trained.compile("sgd", "mse", **EAGERLY_ON_TENSORFLOW)
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
        "adam",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **EAGERLY_ON_TENSORFLOW,
    )
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    data = keras_grl.pair((x, np.arange(8) % 2), x, batch_size=4)
    trained.fit(data, verbose=0)
    path = tmp_path / "trained.weights.h5"
    trained.save_weights(path)
    model = adaptive()
    outputs = trained.predict(x, verbose=0)
    assert not np.allclose(model.predict(x, verbose=0), outputs)
    weights.load_keras(model, path)
    np.testing.assert_allclose(model.predict(x, verbose=0), outputs, atol=1e-6)
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
