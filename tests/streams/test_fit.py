"""What streams accept and warn about, in `fit`."""

import keras
import numpy as np
import pytest

from keras_grl import DANNModel
from keras_grl import pair
from tests.paired_data import Batches
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor
from tests.testing import to_numpy


def small_model(loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(0)
    model = DANNModel(
        small_extractor(), small_classifier(), small_domain_classifier()
    )
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    "streams", [lambda *data: data, Batches], ids=["arrays", "dataset"]
)
def test_labels_in_a_column_train_as_those_in_a_row(streams):
    x, y, x_target = small_data(target=12)
    size = 8 if streams is not Batches else None
    results = []
    for labels in (y, y[:, None]):
        model = small_model()
        data = pair(
            streams(x, labels), Batches(x_target), batch_size=size, seed=0
        )
        history = model.fit(data, epochs=2, verbose=0).history
        weights = [to_numpy(w) for w in model.trainable_variables]
        results.append((history, weights))
    (flat, flat_weights), (column, column_weights) = results
    for name in ("accuracy", "label_loss", "loss"):
        np.testing.assert_allclose(column[name], flat[name], atol=1e-6)
    assert 0 < flat["accuracy"][-1] <= 1
    for a, b in zip(column_weights, flat_weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def bad_label(x, y):
    y = y.astype("float32")
    y[1] = np.nan
    return x, y


def strings(x, y):
    return x, np.array(["cat", "dog", "fox"])[y]


def single_sample(x, y):
    return x[0], y[0]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (bad_label, "finite.*nan"),
        (strings, "strings, such as"),
        (single_sample, r"dataset\.batch\(64\)"),
    ],
)
def test_batches_are_refused_before_the_first_step(spoil, message):
    x, y, x_target = small_data(target=12)
    model = small_model()
    before = [to_numpy(weight) for weight in model.trainable_variables]
    batches = Batches(*small_data()[:2])
    batches.batches = [spoil(x, y)] * 3
    with pytest.raises(ValueError, match=message):
        model.fit(pair(batches, Batches(x_target)), verbose=0)
    assert int(model.optimizer.iterations.value) == 0
    for weight, value in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), value)
