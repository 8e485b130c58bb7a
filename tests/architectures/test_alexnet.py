"""AlexNet: the original networks' weights give the original outputs."""

import pickle

import keras
import numpy as np
import pytest

from keras_grl.architectures import AlexNet
from keras_grl.architectures import AlexNetBottleneck
from keras_grl.layers import GradientScaling
from tests.architectures import reference as by_hand
from tests.architectures import written_files
from tests.testing import BACKEND
from tests.testing import to_numpy

# Small enough to be quick: 67 x 67 pixels leave one position after pool5.
SIZE = 67
CAFFE_KERNELS = {
    "conv1": (11, 11, 3, 96),
    "conv2": (5, 5, 48, 256),
    "conv3": (3, 3, 256, 384),
    "conv4": (3, 3, 192, 384),
    "conv5": (3, 3, 192, 256),
    "fc6": (256, 4096),
    "fc7": (4096, 4096),
    "fc8": (4096, 20),
}


def images(count, size=SIZE):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(count, size, size, 3), dtype="uint8")


def random_weights(shapes, seed=0):
    """Of a scale that keeps activations alive to the end."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        fan_in = int(np.prod(shape[:-1]))
        kernel = rng.standard_normal(shape, "float32")
        kernel *= (2 / fan_in) ** 0.5
        bias = rng.normal(scale=0.1, size=shape[-1])
        weights[name] = [kernel, bias.astype("float32")]
    return weights


def write_npy(path, weights):
    """As `bvlc_alexnet.npy`: a dictionary, pickled by Python 2."""
    array = np.empty((), dtype=object)
    array[()] = weights
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        pickle.dump(array, file, protocol=2)


@pytest.fixture
def begins_at_zero(monkeypatch):
    """Random weights that a file replaces would take seconds to generate."""

    def zeros(self, shape, dtype=None, **kwargs):
        # From NumPy: JAX compiles its own zeros, for every shape.
        return keras.ops.convert_to_tensor(np.zeros(shape, "float32"), dtype)

    monkeypatch.setattr(keras.initializers.GlorotUniform, "__call__", zeros)


@pytest.fixture(scope="module")
def caffe():
    return random_weights(CAFFE_KERNELS)


@pytest.fixture(scope="module")
def caffe_file(caffe, tmp_path_factory):
    path = tmp_path_factory.mktemp("caffe") / "bvlc_alexnet.npy"
    write_npy(path, caffe)
    return path


def caffe_forward(x, weights):
    """`bvlc_alexnet` on RGB images: fc7 and the logits."""
    x = x[..., ::-1] - np.array([104.0, 117.0, 123.0])  # B, G, R
    x = by_hand.relu(by_hand.convolution(x, *weights["conv1"], stride=4))
    x = by_hand.local_response_normalization(x)
    x = by_hand.max_pool(x, 3, 2)
    x = by_hand.convolution(x, *weights["conv2"], pad=2, groups=2)
    x = by_hand.local_response_normalization(by_hand.relu(x))
    x = by_hand.max_pool(x, 3, 2)
    x = by_hand.relu(by_hand.convolution(x, *weights["conv3"], pad=1))
    for name in ("conv4", "conv5"):
        x = by_hand.convolution(x, *weights[name], pad=1, groups=2)
        x = by_hand.relu(x)
    x = by_hand.max_pool(x, 3, 2).reshape(len(x), -1)
    for name in ("fc6", "fc7"):
        x = by_hand.relu(by_hand.dense(x, *weights[name]))
    return x, by_hand.dense(x, *weights["fc8"])


@pytest.mark.usefixtures("begins_at_zero")
def test_caffes_weights_give_caffes_outputs(caffe, caffe_file):
    x = images(2)
    model = AlexNet(
        20,
        input_shape=(SIZE, SIZE, 3),
        weights=caffe_file,
        classifier_activation=None,
    )
    _, logits = caffe_forward(x, caffe)
    close = {"rtol": 1e-3, "atol": 1e-4 * np.abs(logits).max()}
    got = model.predict(x, verbose=0)
    np.testing.assert_allclose(got, logits, **close)
    # Images and the order of their channels make a difference to the test.
    _, flipped = caffe_forward(x[..., ::-1], caffe)
    assert not np.allclose(logits[0], logits[1], **close)
    assert not np.allclose(logits, flipped, **close)


@pytest.mark.usefixtures("quick_weights")
def test_features_of_the_bottleneck(caffe, caffe_file):
    """fc7 of the file, then a dense layer without ReLU."""
    x = images(2)
    model = AlexNetBottleneck(
        5, input_shape=(SIZE, SIZE, 3), weights=caffe_file, bottleneck=8
    )
    fc7, _ = caffe_forward(x, caffe)
    kernel, bias = model.feature_extractor.get_layer("bottleneck").weights
    want = fc7 @ to_numpy(kernel) + to_numpy(bias)
    got = to_numpy(model.feature_extractor(x))
    assert (want < 0).any()
    np.testing.assert_allclose(
        got, want, rtol=1e-3, atol=1e-4 * np.abs(want).max()
    )


@pytest.mark.usefixtures("begins_at_zero")
def test_at_227_pixels_the_shapes_are_caffes():
    model = AlexNet(num_classes=1000)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["conv1"] == (55, 55, 96)
    assert shapes["pool1"] == (27, 27, 96)
    assert shapes["conv2"] == (27, 27, 256)
    assert shapes["pool2"] == (13, 13, 256)
    assert shapes["conv5"] == (13, 13, 256)
    assert shapes["pool5"] == (6, 6, 256)
    assert model.count_params() == 60_965_224
    order = [layer.name for layer in model.layers[1:6]]
    assert order == ["conv1", "relu1", "norm1", "pool1", "conv2"]


@pytest.mark.usefixtures("begins_at_zero")
def test_torchvisions_size():
    model = AlexNet(variant="torchvision")
    assert model.input_shape == (None, 224, 224, 3)
    assert model.count_params() == 61_100_840


def torchvision_network(classes):
    """`torchvision.models.alexnet`, written down."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Conv2d(64, 192, kernel_size=5, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Conv2d(192, 384, kernel_size=3, padding=1),
                nn.ReLU(),
                nn.Conv2d(384, 256, kernel_size=3, padding=1),
                nn.ReLU(),
                nn.Conv2d(256, 256, kernel_size=3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
            )
            self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
            self.classifier = nn.Sequential(
                nn.Dropout(),
                nn.Linear(256 * 6 * 6, 4096),
                nn.ReLU(),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(),
                nn.Linear(4096, classes),
            )

        def forward(self, x):
            x = self.avgpool(self.features(x))
            return self.classifier(torch.flatten(x, 1))

    torch.manual_seed(0)
    return Network().eval()


@pytest.fixture(scope="module")
def torchvision(tmp_path_factory):
    """The network and the file of its weights."""
    torch = pytest.importorskip("torch")
    network = torchvision_network(classes=20)
    path = tmp_path_factory.mktemp("torchvision") / "alexnet.pth"
    torch.save(network.state_dict(), path)
    return network, path


@pytest.mark.usefixtures("begins_at_zero")
@pytest.mark.parametrize("size", [224, 100])
def test_torchvisions_weights_give_torchvisions_outputs(torchvision, size):
    """Another size too: its average-pooling adapts."""
    torch = pytest.importorskip("torch")
    network, path = torchvision
    x = images(2, size)
    mean = np.array([0.485, 0.456, 0.406])
    deviation = np.array([0.229, 0.224, 0.225])
    inputs = ((x / 255 - mean) / deviation).transpose(0, 3, 1, 2)
    with torch.no_grad():
        logits = network(torch.tensor(inputs, dtype=torch.float32)).numpy()
    model = AlexNet(
        20,
        input_shape=(size, size, 3),
        weights=path,
        classifier_activation=None,
        variant="torchvision",
    )
    got = model.predict(x, verbose=0)
    np.testing.assert_allclose(got, logits, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("begins_at_zero")
def test_the_bottleneck_scales_the_gradient_of_what_is_pretrained():
    model = AlexNetBottleneck(
        5, input_shape=(SIZE, SIZE, 3), pretrained_scale=0.2
    )
    names = [layer.name for layer in model.feature_extractor.layers]
    assert names[-3:] == ["alexnet", "pretrained_scale", "bottleneck"]
    layer = model.feature_extractor.get_layer("pretrained_scale")
    assert isinstance(layer, GradientScaling)
    assert layer.scale == 0.2
    dropout = [
        layer.rate
        for layer in model.domain_classifier.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert dropout == [0.5, 0.5]


@pytest.mark.usefixtures("begins_at_zero")
def test_what_is_not_pretrained_learns_at_full_rate(caffe_file):
    def scale(**kwargs):
        model = AlexNetBottleneck(5, input_shape=(SIZE, SIZE, 3), **kwargs)
        return model.feature_extractor.get_layer("pretrained_scale").scale

    assert scale() == 1.0
    assert scale(weights=caffe_file) == 0.1
    assert scale(weights=caffe_file, pretrained_scale=0.5) == 0.5


@pytest.fixture(scope="module")
def larger(caffe, tmp_path_factory):
    """A file of Caffe for 99 pixels, an image, and its fc7 by hand."""
    pytest.importorskip("google.protobuf")
    weights = {**caffe, **random_weights({"fc6": (1024, 4096)})}
    arrays = {}
    for name, (kernel, bias) in weights.items():
        axes = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        arrays[name] = [np.ascontiguousarray(kernel.transpose(axes)), bias]
    # Rows in the order (channels, height, width).
    rows = arrays["fc6"][0].reshape(4096, 2, 2, 256).transpose(0, 3, 1, 2)
    arrays["fc6"][0] = np.ascontiguousarray(rows.reshape(4096, 1024))
    path = tmp_path_factory.mktemp("larger") / "alexnet.caffemodel"
    written_files.write_caffe_1(path, arrays)
    x = images(1, 99)
    return path, x, caffe_forward(x, weights)[0]


@pytest.mark.usefixtures("begins_at_zero")
@pytest.mark.parametrize(
    "data_format",
    [
        "channels_last",
        pytest.param(
            "channels_first",
            marks=pytest.mark.skipif(
                BACKEND == "tensorflow",
                reason="TensorFlow has no such convolution on the CPU",
            ),
        ),
    ],
)
def test_rows_of_fc6_are_caffes(larger, data_format):
    """2 x 2 positions, which Caffe flattens in another order than Keras."""
    keras.config.set_image_data_format(data_format)
    path, x, fc7 = larger
    first = data_format == "channels_first"
    shape = (3, 99, 99) if first else (99, 99, 3)
    model = AlexNetBottleneck(5, input_shape=shape, weights=path)
    alexnet = model.feature_extractor.get_layer("alexnet")
    centered = x - np.array([123.0, 117.0, 104.0])
    if first:
        centered = centered.transpose(0, 3, 1, 2)
    got = to_numpy(alexnet(centered))
    np.testing.assert_allclose(
        got, fc7, rtol=1e-3, atol=1e-4 * np.abs(fc7).max()
    )


@pytest.mark.usefixtures("begins_at_zero")
def test_weights_of_the_other_variant(caffe_file):
    with pytest.raises(ValueError, match=r'(?s)other.*variant="caffe"'):
        AlexNet(weights=caffe_file, variant="torchvision")


@pytest.mark.usefixtures("begins_at_zero")
def test_weights_of_another_size_are_refused(caffe_file):
    with pytest.raises(ValueError, match=r"fc6.*bvlc_alexnet\.npy"):
        AlexNetBottleneck(
            5, input_shape=(SIZE + 32, SIZE + 32, 3), weights=caffe_file
        )


@pytest.mark.usefixtures("begins_at_zero")
@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"variant": "vgg"}, "variant"),
        ({"bottleneck": 0}, "bottleneck"),
        ({"pretrained_scale": -1.0}, "pretrained_scale"),
        ({"weights": "missing.npy"}, "weights"),
    ],
)
def test_bad_arguments(kwargs, argument):
    error = FileNotFoundError if argument == "weights" else ValueError
    with pytest.raises(error, match=f"`{argument}`.*Received"):
        AlexNetBottleneck(5, input_shape=(SIZE, SIZE, 3), **kwargs)


def test_all_backends_have_grouped_convolutions_and_their_gradients():
    """Two steps of SGD against the same network as two towers."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 6, 6, 4)).astype("float32")
    y = rng.normal(size=(4, 1)).astype("float32")

    def head(maps):
        return keras.layers.Dense(1)(keras.layers.Flatten()(maps))

    inputs = keras.Input((6, 6, 4))
    grouped_layer = keras.layers.Conv2D(8, 3, groups=2)
    grouped = keras.Model(inputs, head(grouped_layer(inputs)))
    inputs = keras.Input((6, 6, 4))
    towers = [keras.layers.Conv2D(4, 3) for _ in range(2)]
    parts = [
        towers[0](inputs[..., :2]),
        towers[1](inputs[..., 2:]),
    ]
    separate = keras.Model(inputs, head(keras.layers.Concatenate()(parts)))
    kernel, bias = (to_numpy(w) for w in grouped_layer.weights)
    for number, tower in enumerate(towers):
        half = slice(4 * number, 4 * number + 4)
        tower.set_weights([kernel[..., half], bias[half]])
    for own, other in zip(
        separate.layers[-1].weights, grouped.layers[-1].weights, strict=True
    ):
        own.assign(to_numpy(other))
    for model in (grouped, separate):
        model.compile("sgd", "mse")
        model.fit(x, y, epochs=2, verbose=0)
    moved = to_numpy(grouped_layer.kernel)
    assert np.abs(moved - kernel).max() > 1e-4
    np.testing.assert_allclose(
        moved,
        np.concatenate([to_numpy(t.kernel) for t in towers], axis=-1),
        rtol=1e-4,
        atol=1e-6,
    )
