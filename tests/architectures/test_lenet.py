import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.architectures import LeNet
from tests.testing import BACKEND
from tests.testing import to_numpy


def images(count, shape=(28, 28, 3)):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(count, *shape), dtype="uint8")


def parameters(part):
    return [tuple(w.shape) for w in part.trainable_weights]


def test_layers_of_figure_5a():
    model = LeNet()
    assert parameters(model.feature_extractor) == [
        (5, 5, 3, 32),
        (32,),
        (5, 5, 32, 48),
        (48,),
    ]
    assert model.feature_extractor.output_shape == (None, 768)
    assert parameters(model.label_predictor) == [
        (768, 100),
        (100,),
        (100, 100),
        (100,),
        (100, 10),
        (10,),
    ]
    assert parameters(model.domain_classifier) == [
        (768, 100),
        (100,),
        (100, 1),
        (1,),
    ]


def test_features_by_hand():
    """Convolution, pooling and ReLU against NumPy, in the paper's order."""
    model = LeNet(mean=100.0)
    x = images(2)
    kernel1, bias1, kernel2, bias2 = (
        to_numpy(w) for w in model.feature_extractor.trainable_weights
    )

    def convolve(x, kernel, bias):
        windows = np.lib.stride_tricks.sliding_window_view(
            x, kernel.shape[:2], axis=(1, 2)
        )
        return np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias

    def pool(x):
        n, h, w, c = x.shape
        return x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))

    f = (x.astype("float64") - 100.0) / 127.5
    f = pool(np.maximum(convolve(f, kernel1, bias1), 0))
    f = pool(np.maximum(convolve(f, kernel2, bias2), 0))
    np.testing.assert_allclose(
        to_numpy(model.feature_extractor(x)), f.reshape(2, -1), atol=1e-4
    )


def test_raw_images_of_any_dtype_give_the_same():
    model = LeNet()
    x = images(3)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(expected.sum(axis=1), 1.0, rtol=1e-5)
    for dtype in ("float32", "int32"):
        got = model.predict(x.astype(dtype), verbose=0)
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_options():
    model = LeNet(
        num_classes=4,
        input_shape=(32, 40, 1),
        classifier_activation=None,
        name="mine",
        adaptation_factor=0.2,
        domain_classifier=keras.layers.Dense(1),
    )
    assert model.name == "mine"
    assert model.adaptation_factor == pytest.approx(0.2)
    assert model.predict(images(2, (32, 40, 1)), verbose=0).shape == (2, 4)
    assert len(model.domain_classifier.weights) == 2


def test_mean_per_channel():
    model = LeNet(mean=np.array([10.0, 20.0, 30.0]))
    normalization = model.feature_extractor.layers[0]
    pixel = np.array([[[[137.5, 20.0, 30.0]]]], "float32")
    got = to_numpy(normalization(np.broadcast_to(pixel, (1, 28, 28, 3))))
    np.testing.assert_allclose(got[0, 0, 0], [1.0, 0.0, 0.0], atol=1e-6)


@pytest.mark.skipif(
    BACKEND == "tensorflow",
    reason="TensorFlow has no channels_first convolution on the CPU",
)
def test_channels_first():
    x = images(2)
    last = LeNet()
    keras.config.set_image_data_format("channels_first")
    first = LeNet(input_shape=(3, 28, 28))
    for w_first, w_last in zip(
        first.feature_extractor.trainable_weights,
        last.feature_extractor.trainable_weights,
        strict=True,
    ):
        w_first.assign(w_last)
    np.testing.assert_allclose(
        to_numpy(first.feature_extractor(x.transpose(0, 3, 1, 2))),
        to_numpy(last.feature_extractor(x)),
        atol=1e-4,
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_one_fit_and_a_round_trip(tmp_path, policy):
    keras.config.set_dtype_policy(policy)
    model = LeNet()
    model.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.arange(16) % 10
    dataset = keras_grl.pair((images(16), labels), images(12), batch_size=16)
    model.fit(dataset, verbose=0)
    model.save(tmp_path / "lenet.keras")
    loaded = keras.models.load_model(tmp_path / "lenet.keras")
    np.testing.assert_allclose(
        loaded.predict(images(4), verbose=0),
        model.predict(images(4), verbose=0),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"num_classes": 0}, "num_classes"),
        ({"num_classes": 2.5}, "num_classes"),
        ({"input_shape": (28, 28)}, "input_shape"),
        ({"input_shape": (8, 28, 3)}, "input_shape"),
        ({"input_shape": (None, None, 3)}, "input_shape"),
        ({"mean": [1.0, 2.0]}, "mean"),
        ({"mean": "imagenet"}, "mean"),
    ],
)
def test_bad_arguments(kwargs, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received"):
        LeNet(**kwargs)
