"""A loaded model matches the columns of data frames as before it was saved."""

import json
import warnings

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.streams import Columns
from tests.models.test_columns import X_TARGET
from tests.models.test_columns import X
from tests.models.test_columns import Y
from tests.models.test_columns import frame
from tests.models.test_columns import made
from tests.streams.test_columns import Frame


@pytest.fixture(scope="module")
def trained():
    model = made()
    data = keras_grl.pair(
        (frame("abc"), Y), frame("abc", X_TARGET), batch_size=24
    )
    model.fit(data, verbose=0)
    return model


def loaded_of(model, path):
    model.save(path / "model.keras")
    return keras.models.load_model(path / "model.keras")


def copied(model):
    clone = keras.models.clone_model(model)
    clone.build((None, 3))
    clone.set_weights(model.get_weights())
    return clone


def test_columns_are_matched_in_another_order(trained, tmp_path):
    want = trained.predict(X, verbose=0)
    loaded = loaded_of(trained, tmp_path)
    again = loaded_of(loaded, tmp_path)
    for model in (loaded, again, copied(trained)):
        for columns in ("abc", "cab", "bca"):
            got = model.predict(frame(columns), verbose=0)
            np.testing.assert_allclose(got, want, atol=1e-6)
    right = trained.evaluate(X, Y, verbose=0)
    got = loaded.evaluate(frame("cba"), Y, verbose=0)
    assert got == pytest.approx(right, rel=1e-5)


def test_other_columns_are_refused(trained, tmp_path):
    loaded = loaded_of(trained, tmp_path)
    with pytest.raises(ValueError, match=r"same columns.*\['a', 'b', 'c'\]"):
        loaded.predict(frame("ab"), verbose=0)


def test_a_file_without_columns():
    """As those of older versions, and of models trained on arrays."""
    model = made()
    config = model.get_config()
    assert "columns" not in config
    model.fit(keras_grl.pair((X, Y), X_TARGET, batch_size=24), verbose=0)
    assert model.get_config().keys() == config.keys()
    assert type(model).from_config(config).fitted_columns is None


class Dated:
    """A name that no file holds, such as a date."""


@pytest.mark.backend_free
@pytest.mark.parametrize(
    "names", [["a", "b"], [1, 0], [("a", 1), ("a", 2)], [np.int64(3), 2.5]]
)
def test_names_of_every_kind(names):
    columns = Columns()
    x = {"table": Frame(np.zeros((2, 2)), *names)}
    columns.to_numpy("source", (x,))
    config = json.loads(json.dumps(columns.get_config()))
    restored = Columns.from_config(config)
    values = {"table": Frame(np.eye(2), *names[::-1])}
    got = restored.sorted_inputs("x", values)["table"]
    np.testing.assert_array_equal(got, np.eye(2)[:, ::-1])


@pytest.mark.backend_free
def test_names_that_cannot_be_saved():
    columns = Columns()
    columns.to_numpy("source", (Frame(np.zeros((2, 2)), Dated(), Dated()),))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert columns.get_config() == []
    assert "by position" in str(caught[0].message)
