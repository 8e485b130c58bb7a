"""Inputs of different scales, or of another than the model expects."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.layers import MeanSubtraction
from keras_grl.monitor.scales import Bounds
from keras_grl.monitor.scales import bounds_of
from keras_grl.monitor.scales import check_scales
from keras_grl.monitor.scales import different_scales
from keras_grl.monitor.scales import expects_raw_images
from keras_grl.monitor.scales import scaled_twice


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ((0, 1), (0, 255), True),
        ((0, 255), (0, 1), True),
        ((-1, 1), (0, 255), True),
        ((0, 0.9), (0, 10.0), True),
        ((0, 0.9), (0, 9.9), False),
        ((0, 1.1), (0, 255), False),
        ((0, 255), (0, 255), False),
        ((0, 1), (0, 1), False),
        # Black images have no scale, nor have two kinds of numbers.
        ((0, 0), (0, 255), False),
        ((-3, 1), (0, 255), False),
        ((0, 1), (-100, 255), False),
        ((float("nan"), float("nan")), (0, 255), False),
    ],
)
def test_different_scales(a, b, found):
    finding = different_scales("source", Bounds(*a), Bounds(*b))
    assert (finding is not None) == found


def test_only_images_have_a_scale():
    numbers = np.linspace(0, 1, 32).reshape(2, 16)
    assert bounds_of(numbers) == (0, 1)
    assert bounds_of(numbers.astype("uint8")) == (0, 1)
    assert bounds_of(numbers[:, :15]) is None
    assert bounds_of(numbers.astype("int32")) is None
    assert different_scales("source", None, Bounds(0, 255)) is None


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ([(0, 1), (0, 1)], True),
        ([(-1, 1), (0, 0.5)], True),
        ([(0, 1), (0, 255)], False),
        ([(0, 0), (0, 1)], False),
    ],
)
def test_scaled_twice(bounds, found):
    finding = scaled_twice(*(Bounds(*each) for each in bounds))
    assert (finding is not None) == found
    assert scaled_twice(None, Bounds(0, 1)) is None


def test_builders_expect_raw_images():
    model = keras_grl.architectures.LeNet(input_shape=(16, 16, 1))
    assert expects_raw_images(model.feature_extractor)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (keras.layers.Rescaling(1 / 255), True),
        (keras.layers.Rescaling(1 / 127.5, offset=-1), True),
        (keras.layers.Rescaling(0.5), False),
        (MeanSubtraction(mean=[104, 117, 123]), True),
        (MeanSubtraction(scale=127.5), True),
        (MeanSubtraction(), False),
        (keras.layers.Flatten(), False),
    ],
)
def test_the_first_layer_tells(layer, expected):
    inner = keras.Sequential([keras.Input((4, 4, 3)), layer])
    outer = keras.Sequential([inner, keras.layers.Flatten()])
    assert expects_raw_images(layer) == expected
    assert expects_raw_images(outer) == expected
    assert not expects_raw_images(keras.Sequential())


def model_of(num_sources=1, **kwargs):
    return keras_grl.DANNModel(
        keras.Sequential([keras.layers.Flatten()]),
        keras.layers.Dense(2, "softmax"),
        num_sources=num_sources,
        **kwargs,
    )


def batch(**highs):
    """Images from 0 to a number, for each stream."""
    ramp = np.linspace(0, 1, 16).reshape(1, 4, 4, 1)
    return {
        name: (high * ramp).astype("float32") for name, high in highs.items()
    }


def topics(model, x):
    return [finding.topic for finding in check_scales(model, x)]


def test_each_source_is_compared_with_the_target():
    x = batch(source_0=1.0, source_1=255.0, target=1.0)
    (finding,) = check_scales(model_of(2), x)
    assert "in the source_1 stream" in finding.message
    assert topics(model_of(2), batch(source_0=1, source_1=1, target=1)) == []


def test_every_input_of_a_structure_is_compared():
    names = ("a", "b")
    source, target = (
        dict(zip(names, batch(a=1.0, b=high).values(), strict=True))
        for high in (1.0, 255.0)
    )
    found = topics(model_of(), {"source": source, "target": target})
    assert found == ["different-scales"]


def test_preprocessing_layers_may_scale_each_domain():
    x = batch(source=1.0, target=255.0)
    rescaling = keras.layers.Rescaling(1 / 255)
    own = {"source": None, "target": rescaling}
    assert topics(model_of(preprocessing=own), x) == []
    # Each domain has its own mean and the same scale.
    means = {name: MeanSubtraction(scale=127.5) for name in x}
    assert topics(model_of(preprocessing=means), x) == ["different-scales"]
    twice = batch(source=1.0, target=1.0)
    assert topics(model_of(preprocessing=means), twice) == [
        "images-scaled-twice"
    ]
    scales = {
        "source": MeanSubtraction(scale=0.5),
        "target": MeanSubtraction(scale=127.5),
    }
    assert topics(model_of(preprocessing=scales), x) == []
