"""An optimizer belongs to one model."""

import keras
import numpy as np
import pytest
from keras import optimizers

import keras_grl
from keras_grl import DANNModel
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy

X_SOURCE, Y_SOURCE, X_TARGET = small_data(target=12)
BATCH = {"source": X_SOURCE, "target": X_TARGET}


def made(optimizer, **kwargs):
    model = DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", **kwargs)
    return model


def pairs():
    return keras_grl.pair((X_SOURCE, Y_SOURCE), X_TARGET, batch_size=12)


def fit(model):
    model.fit(pairs(), verbose=0)


def train_on_batch(model):
    model.train_on_batch(BATCH, Y_SOURCE)


def refused(model, train, *words):
    before = [to_numpy(weight) for weight in model.weights]
    with pytest.raises(ValueError, match="one optimizer for each model") as e:
        train(model)
    for each in ("was built for other weights", *words):
        assert each in str(e.value)
    # Not the values, of maybe millions of weights.
    assert "value=" not in str(e.value)
    for got, want in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(got), want)


@pytest.mark.parametrize("train", [fit, train_on_batch])
@pytest.mark.parametrize(
    "wrapped",
    [lambda each: each, optimizers.LossScaleOptimizer],
    ids=["plain", "scaled"],
)
def test_an_optimizer_of_two_models(train, wrapped):
    """On JAX the second one was trained with the state of the first."""
    optimizer = wrapped(optimizers.SGD(0.1, momentum=0.9))
    # Batch by batch without compilation.
    how = EAGERLY_ON_TENSORFLOW if train is train_on_batch else {}
    first, second = made(optimizer, **how), made(optimizer, **how)
    train(first)
    steps = int(to_numpy(optimizer.iterations))
    name = type(optimizer).__name__
    refused(second, train, f"optimizers.{name}(…)", "'feature_extractor/")
    assert int(to_numpy(optimizer.iterations)) == steps
    train(first)


def test_an_optimizer_of_a_plain_model():
    optimizer = optimizers.Adam()
    plain = small_extractor()
    plain.compile(optimizer, "mse")
    plain.train_on_batch(X_SOURCE, np.zeros((12, 4)))
    refused(made(optimizer), fit, "'adam'")


def test_a_layer_that_was_unfrozen():
    model = made(optimizers.SGD())
    model.feature_extractor.trainable = False
    fit(model)
    model.feature_extractor.trainable = True
    refused(model, fit, "does not know 2 of")
    model.compile(model.optimizer, "sparse_categorical_crossentropy")
    refused(model, train_on_batch, "does not know 2 of")
    model.compile(optimizers.SGD(), "sparse_categorical_crossentropy")
    fit(model)


class Subclassed(keras.Model):
    """Has weights only after its first batch."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4)

    def call(self, x, training=False):
        return self.dense(x)


def test_a_model_that_is_built_in_fit():
    optimizer = optimizers.SGD()
    fit(made(optimizer))
    model = DANNModel(
        Subclassed(), small_classifier(), small_domain_classifier()
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="one optimizer for each model"):
        fit(model)


def test_what_is_right():
    model = made(optimizers.SGD())
    # The other model never trains.
    made(model.optimizer)
    for _ in range(2):
        fit(model)
        train_on_batch(model)
        model.compile(model.optimizer, "sparse_categorical_crossentropy")
    # Each of these updates a part of the weights.
    parts = optimizers.SGD(0.1), optimizers.Adam()
    model = made(
        optimizers.MultiOptimizer(
            lambda variable: parts["bias" in variable.path]
        ),
        **EAGERLY_ON_TENSORFLOW,
    )
    for _ in range(2):
        fit(model)


class Counting(DANNModel):
    """Counts how often Python runs through a training step."""

    steps = 0

    def train_step(self, *args):
        self.steps += 1
        return super().train_step(*args)


def traces(optimizer, built):
    extractor = small_extractor() if built else keras.layers.Dense(4)
    model = Counting(extractor, small_classifier(), small_domain_classifier())
    assert model.built == built
    model.compile(optimizer, "sparse_categorical_crossentropy")
    fit(model)
    return model.steps


@pytest.mark.parametrize(
    ("optimizer", "built"),
    [
        (lambda: optimizers.Adam(0.01), True),
        (
            lambda: optimizers.LossScaleOptimizer(optimizers.SGD(momentum=0.9)),
            False,
        ),
    ],
    ids=["Adam", "scaled"],
)
def test_a_step_is_not_traced_again_for_an_optimizer(optimizer, built):
    """SGD has no variables that depend on the weights."""
    assert traces(optimizer(), built) == traces(optimizers.SGD(), built)
