"""`class_weight` of `fit`: a weight for each labeled sample."""

import keras
import numpy as np
import pytest

import keras_grl
from tests import paired_data
from tests.models.test_checks import X_SOURCE
from tests.models.test_checks import X_TARGET
from tests.models.test_checks import Y_SOURCE
from tests.models.test_checks import model_of
from tests.testing import EAGERLY_ON_TENSORFLOW
from tests.testing import fresh
from tests.testing import to_numpy

WEIGHTS = {0: 1.0, 1: 5.0}  # and 1 for class 2
LABELED = (X_TARGET[:4], Y_SOURCE[:4])


def of_columns():
    """Labels of another rank need another trace on TensorFlow."""
    return model_of()


def of_one_hot():
    """The others train in compiled steps."""
    return model_of(loss="categorical_crossentropy", **EAGERLY_ON_TENSORFLOW)


def label_loss(model, data, **kwargs):
    model.optimizer.learning_rate = 0.0
    return model.fit(data, verbose=0, **kwargs).history["label_loss"][0]


def expected(model, x, labels):
    weights = np.array([1.0, 5.0, 1.0])[labels]
    predicted = to_numpy(model(x))[np.arange(len(x)), labels]
    return (weights * -np.log(predicted)).mean()


@pytest.mark.parametrize("dataset", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("labeled", [False, True])
def test_all_labeled_samples_are_weighted(dataset, one_hot, labeled):
    model = fresh(of_one_hot if one_hot else of_columns)

    def labels(y):
        return keras.utils.to_categorical(y, 3) if one_hot else y[:, None]

    source = (X_SOURCE, labels(Y_SOURCE))
    sizes = {"source": 12, "target": 12}
    if dataset:
        source = paired_data.Batches(*source, batch=12)
        del sizes["source"]
    streams, x, y = [source, X_TARGET], X_SOURCE, Y_SOURCE
    if labeled:
        streams.append((LABELED[0], labels(LABELED[1])))
        sizes["labeled_target"] = 4
        x = np.concatenate([X_SOURCE, LABELED[0]])
        y = np.concatenate([Y_SOURCE, LABELED[1]])
    data = keras_grl.pair(*streams, batch_size=sizes)
    got = label_loss(model, data, class_weight=WEIGHTS)
    assert got == pytest.approx(expected(model, x, y), rel=1e-5)


def test_class_weights_keep_the_order_of_the_batches():
    weights = []
    for kwargs in ({}, {"class_weight": {}}):
        keras.utils.set_random_seed(0)
        model = fresh(model_of)
        data = keras_grl.pair(
            (X_SOURCE, Y_SOURCE), X_TARGET, batch_size=8, seed=1
        )
        model.fit(data, epochs=2, verbose=0, **kwargs)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(
    ("class_weight", "words"),
    [
        ([1.0, 5.0], "class_weight=.1.0, 5.0"),
        ({0: -1.0}, r"class_weight\[0\]"),
        ({0: np.nan}, r"class_weight\[0\]"),
    ],
)
def test_bad_weights(class_weight, words):
    data = keras_grl.pair((X_SOURCE, Y_SOURCE), X_TARGET, batch_size=8)
    with pytest.raises(ValueError, match=words):
        model_of().fit(data, class_weight=class_weight, verbose=0)


def test_class_weight_and_sample_weight():
    source = (X_SOURCE, Y_SOURCE, np.ones(12))
    data = keras_grl.pair(source, X_TARGET, batch_size=8)
    with pytest.raises(ValueError, match="one weight"):
        model_of().fit(data, class_weight=WEIGHTS, verbose=0)


def test_label_maps_are_refused():
    maps = np.zeros((12, 4, 4))
    # Losses of Keras refuse them themselves.
    model = model_of(loss=lambda y, predicted: keras.ops.mean(predicted))
    data = keras_grl.pair((X_SOURCE, maps), X_TARGET, batch_size=8)
    with pytest.raises(ValueError, match=r"one class.*\(4, 4, 4\)"):
        model.fit(data, class_weight=WEIGHTS, verbose=0)
