"""Where a classifier is cut."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.adapting import splitting

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def nested():
    inputs = keras.Input((4,))
    body = keras.Sequential([keras.layers.Dense(6, "relu", name="in_body")])
    head = keras.Sequential(
        [keras.layers.Dense(5, "relu"), keras.layers.Dense(3)]
    )
    outputs = keras.layers.Softmax()(head(body(inputs)))
    return keras.Model(inputs, outputs)


def flat():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, "relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3),
            keras.layers.Activation("softmax"),
        ]
    )


def adaptation_model():
    return keras_grl.DANNModel(
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "relu")]),
        keras.Sequential([keras.layers.Dense(3, "softmax")]),
    )


@pytest.mark.parametrize("make", [nested, flat, adaptation_model])
@pytest.mark.parametrize("as_object", [False, True])
def test_parts_are_the_whole(make, as_object):
    network = splitting.build(make() if as_object else make, X)
    features = network.feature_extractor(X)
    assert features.shape == (8, 5)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(network.label_predictor(features)),
        keras.ops.convert_to_numpy(network.classifier(X)),
        atol=1e-6,
    )
    assert splitting.check(network, X) == 3
    weights = {id(weight) for weight in network.classifier.weights}
    parts = network.feature_extractor, network.label_predictor
    assert {id(w) for part in parts for w in part.weights} == weights
