"""A `target_loss` returns one number."""

import keras
import numpy as np
import pytest
from keras import ops

import keras_grl
from keras_grl import losses
from keras_grl.models.target_outputs import check_outputs
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


def refused(model, y, words, expected="scalar"):
    before = [to_numpy(each) for each in model.weights]
    pairs = keras_grl.pair((X, y), T, batch_size=4, seed=0)
    pattern = f"(?s)`target_loss`.*{expected}.*{words}"
    with pytest.raises(ValueError, match=pattern):
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


# Predictions that are not class probabilities.


def own(y_true, y_pred):
    return ops.mean(y_pred, axis=-1)


def dense(units, activation=None):
    return keras.layers.Dense(units, activation=activation)


def hidden(function, units=3):
    """The activation is not that of the last layer."""
    features = keras.Input((4,))
    outputs = function(keras.layers.Dense(units)(features))
    return keras.Model(features, outputs)


def one_hot():
    return np.eye(3, dtype="float32")[Y]


@pytest.mark.parametrize(
    ("predictor", "loss", "labels", "words"),
    [
        (lambda: dense(3), None, lambda: Y, "not rows of probabilities"),
        (
            lambda: dense(3, "sigmoid"),
            "binary_crossentropy",
            one_hot,
            "ends in activation='sigmoid'",
        ),
        (lambda: dense(3, "relu"), own, one_hot, "activation='relu'"),
        (lambda: dense(1), own, lambda: Y % 2, "not rows of probabilities"),
        (
            lambda: hidden(lambda x: ops.square(ops.tanh(x))),
            own,
            one_hot,
            "not rows of probabilities",
        ),
        (
            lambda: keras.layers.Dense(3, kernel_initializer="zeros"),
            None,
            lambda: Y,
            "not rows of probabilities",
        ),
    ],
    ids=["logits", "sigmoids", "relu", "one unit", "hidden", "zeros"],
)
def test_outputs_that_are_no_probabilities_are_refused_before_training(
    predictor, loss, labels, words
):
    model = model_with(losses.NuclearNorm(), predictor(), loss)
    refused(model, labels(), words, "needs class probabilities")


@pytest.mark.parametrize("named", [False, True])
def test_logits_of_classes_that_do_not_exclude_each_other(named):
    target_loss = losses.PredictionEntropy(from_logits=True)
    predictor, y = dense(3), one_hot()
    if named:
        features = keras.Input((4,))
        predictor = keras.Model(features, {"tags": predictor(features)})
        target_loss, y = {"tags": target_loss}, {"tags": y}
    model = model_with(
        target_loss,
        predictor,
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    refused(model, y, "3 outputs of two classes", "`PredictionEntropy`")


def test_each_output_by_its_name():
    features = keras.Input((4,))
    outputs = {
        "digit": keras.layers.Dense(3, "softmax")(features),
        "color": keras.layers.Dense(3)(features),
    }
    predictor = keras.Model(features, outputs)
    y = {"digit": Y, "color": Y}
    loss = losses.PredictionEntropy()
    model = model_with({"digit": loss, "color": loss}, predictor)
    refused(model, y, "not rows", "for the output 'color' needs class")


@pytest.mark.parametrize(
    ("predictor", "labels"),
    [
        (lambda: dense(3, "softmax"), lambda: Y),
        (lambda: dense(1, "sigmoid"), lambda: Y % 2),
        (lambda: hidden(lambda x: ops.softmax(x, axis=-1)), lambda: Y),
        (lambda: hidden(lambda x: ops.square(ops.tanh(x)), 1), lambda: Y % 2),
    ],
)
def test_probabilities_are_not_refused(predictor, labels):
    model = model_with(losses.NuclearNorm(), predictor(), own)
    pairs = keras_grl.pair((X, labels()), T, batch_size=4, seed=0)
    model(pairs[0][0])
    check_outputs(model)


def several(names):
    features = keras.Input((4,))
    outputs = [keras.layers.Dense(3, "softmax")(features) for _ in range(2)]
    if names:
        outputs = dict(zip(names, outputs, strict=True))
    return keras.Model(features, outputs)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (None, "2 outputs without names.*keras.Model.*target_loss="),
        (("digit", "color"), "\\['color', 'digit'\\].*target_loss={'color'"),
    ],
)
@pytest.mark.parametrize("as_pairs", [True, False])
def test_one_loss_for_several_outputs(names, words, as_pairs):
    y = dict.fromkeys(names, Y) if names else [Y, Y]
    loss = "sparse_categorical_crossentropy"
    model = model_with(
        losses.NuclearNorm(),
        several(names),
        dict.fromkeys(names, loss) if names else [loss, loss],
    )
    if as_pairs:
        refused(model, y, words, "a dict with the names")
        return
    with pytest.raises(ValueError, match=f"(?s)`target_loss`.*{words}"):
        model.train_on_batch({"source": X, "target": T}, y)
