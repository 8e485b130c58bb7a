"""A `target_loss` returns one number."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_extractor
from tests.testing import to_numpy

X, Y, T = small_data()


def model_with(target_loss, predictor=None, loss=None):
    model = keras_grl.AdaptationModel(
        small_extractor(), predictor or small_classifier()
    )
    model.compile(
        "sgd",
        loss or "sparse_categorical_crossentropy",
        target_loss=target_loss,
    )
    return model


def two_outputs():
    features = keras.Input((4,))
    outputs = {
        name: keras.layers.Dense(3, "softmax", name=name)(features)
        for name in ("digit", "color")
    }
    return keras.Model(features, outputs)


def refused(model, y, words):
    before = [to_numpy(each) for each in model.weights]
    pairs = keras_grl.pair((X, y), T, batch_size=4, seed=0)
    with pytest.raises(ValueError, match=f"(?s)`target_loss`.*scalar.*{words}"):
        model.fit(pairs, verbose=0)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), value)


@pytest.mark.parametrize(
    ("target_loss", "words"),
    [
        (lambda p: ops.mean(p, axis=-1), r"shape \(.+,\)"),
        (lambda p: ops.reshape(ops.mean(p), (1,)), r"shape \(1,\)"),
        (lambda p: p, r"shape \(.+, 3\)"),
        (lambda p: None, "returned None"),
        (lambda p: [ops.mean(p)], "returned \\["),
    ],
    ids=["rows", "one row", "predictions", "None", "list"],
)
def test_anything_but_a_scalar_is_refused(target_loss, words):
    refused(model_with(target_loss), Y, words)


def test_each_of_several_losses_returns_a_scalar():
    sparse = "sparse_categorical_crossentropy"
    model = model_with(
        {
            "digit": lambda p: ops.mean(p),
            "color": lambda p: ops.mean(p, axis=-1),
        },
        two_outputs(),
        {"digit": sparse, "color": sparse},
    )
    refused(model, {"digit": Y, "color": Y}, "shape")


def test_a_number_is_a_scalar():
    model = model_with(lambda p: 2)
    logs = model.fit(
        keras_grl.pair((X, Y), T, batch_size=4, seed=0), verbose=0
    ).history
    assert logs["target_loss"] == [2.0]
    np.testing.assert_allclose(
        logs["loss"][0], logs["label_loss"][0] + 2.0, rtol=1e-6
    )
