import keras
import numpy as np
import pytest

import keras_grl

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
CLASSES = np.arange(16) % 3


def one_output():
    return keras.layers.Dense(3, "softmax")


def two_outputs():
    inputs = keras.Input((4,))
    outputs = {
        name: keras.layers.Dense(units, activation, name=name)(inputs)
        for name, units, activation in (
            ("kind", 3, "softmax"),
            ("size", 1, None),
        )
    }
    return keras.Model(inputs, outputs)


def largest(y_true, y_pred):
    return keras.ops.max(y_pred, axis=-1)


# Label predictor, labels, loss, arguments of `compile` with metrics.
SPARSE = "sparse_categorical_crossentropy"
KINDS = {
    "an object": (
        one_output,
        np.eye(3)[CLASSES],
        "categorical_crossentropy",
        {"metrics": [keras.metrics.F1Score]},
    ),
    "by name and weighted": (
        one_output,
        CLASSES,
        SPARSE,
        {
            "metrics": ["accuracy", largest],
            "weighted_metrics": ["sparse_categorical_crossentropy"],
        },
    ),
    "by output": (
        two_outputs,
        {"kind": CLASSES, "size": CLASSES / 3},
        {"kind": SPARSE, "size": "mse"},
        {"metrics": {"kind": ["accuracy"], "size": ["mae"]}},
    ),
}


class Counting(keras_grl.DANNModel):
    """Counts how often Python runs through a step."""

    steps = 0

    def train_step(self, *args):
        self.steps += 1
        return super().train_step(*args)

    def test_step(self, *args):
        self.steps += 1
        return super().test_step(*args)


@pytest.mark.parametrize("name", KINDS)
def test_a_step_is_not_traced_again_for_metrics(name):
    predictor, labels, loss, metrics = KINDS[name]
    metrics = {
        key: [v() if isinstance(v, type) else v for v in value]
        if isinstance(value, list)
        else value
        for key, value in metrics.items()
    }
    counts, logs = [], []
    for further in ({}, metrics):
        keras.utils.set_random_seed(0)
        model = Counting(
            keras.layers.Dense(4, "relu"), predictor(), keras.layers.Dense(1)
        )
        model.compile("sgd", loss, **further)
        pairs = keras_grl.pair((X, labels), X + 1, batch_size=8)
        history = model.fit(pairs, epochs=2, verbose=0).history
        counts.append(model.steps)
        logs.append({key: values[-1] for key, values in history.items()})
    assert counts[0] == counts[1]
    assert set(logs[0]) < set(logs[1])
    for key, value in logs[0].items():
        np.testing.assert_allclose(logs[1][key], value, rtol=1e-6)


@pytest.mark.parametrize(
    "first",
    [
        lambda model: model.evaluate(X, CLASSES, verbose=0),
        lambda model: model.test_on_batch(X, CLASSES),
        lambda model: model.train_on_batch({"source": X, "target": X}, CLASSES),
    ],
    ids=["evaluate", "test_on_batch", "train_on_batch"],
)
def test_a_first_step_is_traced_once(first):
    model = Counting(
        keras.layers.Dense(4, "relu"),
        one_output(),
        keras.layers.Dense(1),
        total_steps=2,
    )
    model.build((None, 4))
    model.compile("adam", SPARSE, metrics=["accuracy"])
    first(model)
    assert model.steps == 1


def test_metrics_begin_at_zero():
    model = keras_grl.DANNModel(
        keras.layers.Dense(4, "relu"), one_output(), keras.layers.Dense(1)
    )
    # No step changes the weights.
    model.compile(
        keras.optimizers.SGD(0.0), SPARSE, metrics=["accuracy", largest]
    )
    logs = model.fit(
        keras_grl.pair((X, CLASSES), X, batch_size=8), verbose=0
    ).history
    predicted = model.predict(X, verbose=0)
    accuracy = np.mean(predicted.argmax(axis=1) == CLASSES)
    np.testing.assert_allclose(logs["accuracy"], accuracy, rtol=1e-6)
    np.testing.assert_allclose(
        logs["largest"], predicted.max(axis=1).mean(), rtol=1e-6
    )


def test_a_subclass_computes_metrics_from_the_inputs():
    class FromInputs(keras_grl.DANNModel):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            logs = super().compute_metrics(x, y, y_pred, sample_weight)
            return {**logs, "rows": keras.ops.shape(x["source"])[0]}

    model = FromInputs(
        keras.layers.Dense(4, "relu"), one_output(), keras.layers.Dense(1)
    )
    model.compile(
        "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    pairs = keras_grl.pair((X, CLASSES), X + 1, batch_size=8)
    history = model.fit(pairs, verbose=0).history
    assert history["rows"] == [4]
