"""Data of validation, evaluation and prediction: as they were trained on."""

import functools
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from tests.streams.test_columns import Frame
from tests.testing import fresh

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 64)
X = RNG.normal(size=(64, 3)).astype("float32")
X[:, 0] = Y


def made(units=3, **kwargs):
    keras.utils.set_random_seed(0)
    model = DANNModel(
        keras.layers.Dense(8, "tanh"),
        keras.layers.Dense(units, "softmax"),
        keras.layers.Dense(1),
        **kwargs,
    )
    model.compile(
        keras.optimizers.Adam(0.05),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def built():
    model = made()
    model.build((None, 3))
    return model


def pairs(source=X, target=X):
    return keras_grl.pair((source, Y), target, batch_size=32, seed=0)


def frame(columns):
    return Frame(X[:, ["abc".index(each) for each in columns]], *columns)


def test_columns_are_matched_by_name_after_training():
    model = made()
    history = model.fit(
        pairs(frame("abc"), frame("cab")),
        epochs=10,
        validation_data=(frame("bca"), Y),
        verbose=0,
    ).history
    right = model.evaluate(X, Y, verbose=0)
    assert right[1] > 0.9
    assert history["val_accuracy"][-1] == pytest.approx(right[1], abs=0.05)
    want = model.predict(X, verbose=0)
    for columns in ("abc", "bca", "cba"):
        got = model.evaluate(frame(columns), Y, verbose=0)
        assert got == pytest.approx(right, rel=1e-5)
        for predicted in (
            model.predict(frame(columns), verbose=0),
            model.predict(x=frame(columns), verbose=0),
        ):
            np.testing.assert_allclose(predicted, want, atol=1e-6)


def test_a_column_that_is_missing():
    model = made()
    data = pairs(frame("abc"), frame("abc"))
    with pytest.raises(ValueError, match=r"validation_data.*same columns"):
        model.fit(data, validation_data=(frame("ab"), Y), verbose=0)
    model.fit(data, verbose=0)
    with pytest.raises(ValueError, match=r"same columns.*Received"):
        model.predict(frame("bc"), verbose=0)
    with pytest.raises(ValueError, match=r"same columns.*Received"):
        model.evaluate(frame("bc"), Y, verbose=0)


class Batches(keras.utils.PyDataset):
    def __init__(self, y):
        super().__init__()
        self._y = y

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[:8], self._y[:8]


def of_tf_data(y):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, y)).batch(8)


@pytest.mark.parametrize("dataset", [Batches, of_tf_data])
def test_labels_of_a_validation_dataset(dataset):
    model = fresh(built)
    before = model.get_weights()
    for wrong in (1, -1, 250):
        with pytest.raises(
            ValueError, match=r"(?i)labels of `validation_data`"
        ):
            model.fit(pairs(), validation_data=dataset(Y + wrong), verbose=0)
    for got, want in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, want)
    history = model.fit(pairs(), validation_data=dataset(Y), verbose=0).history
    assert np.isfinite(history["val_loss"]).all()


def test_labels_in_evaluate_before_the_model_is_built():
    for labels in (Y + 7, Y - 1, Y + 0.5):
        with pytest.raises(ValueError, match=r"(?i)labels"):
            made().evaluate(X, labels, verbose=0)
        data = keras_grl.pair((X, labels), X, batch_size=32)
        with pytest.raises(ValueError, match=r"(?i)labels"):
            made().evaluate(data, verbose=0)
    assert len(made().evaluate(X, Y, verbose=0)) == 2


def warned(call):
    """What users are warned of. Keras has warnings for developers too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if w.category is UserWarning]


def test_validation_inputs_that_are_not_finite():
    def fit(x):
        fresh(built).fit(pairs(), validation_data=(x, Y), verbose=0)

    for value in (np.nan, np.inf):
        x = X.copy()
        x[3, 1] = value
        messages = warned(functools.partial(fit, x))
        assert messages
        assert "`validation_data` are not all finite" in messages[0]
        assert "infinite value is 3." in messages[0]
    assert warned(lambda: fit(X)) == []


def test_a_model_that_was_never_built_is_saved(tmp_path):
    path = tmp_path / "model.keras"
    (message,) = warned(lambda: made().save(path))
    assert "not yet been built" in message
    loaded = keras.models.load_model(path)
    loaded.fit(pairs(), verbose=0)
    assert loaded.predict(X, verbose=0).shape == (64, 3)


@pytest.mark.parametrize(
    ("labels", "loss", "message"),
    [
        (np.eye(3)[Y], "sparse_categorical_crossentropy", "(?i)one-hot"),
        (Y, "categorical_crossentropy", "(?i)integer|one-hot|categorical"),
        (Y[:, None], "categorical_crossentropy", "(?i)labels"),
        (Y + 1, "sparse_categorical_crossentropy", "(?i)labels"),
    ],
)
def test_labels_of_the_first_fit_of_a_model(labels, loss, message):
    """Which Keras on JAX and torch builds with a loss, before training."""
    model = made()
    model.compile("sgd", loss)
    data = keras_grl.pair((X, labels), X, batch_size=32)
    with pytest.raises(ValueError, match=message) as raised:
        model.fit(data, verbose=0)
    assert "source stream" in str(raised.value)
