"""A model that is dropped, and its data, leave nothing behind."""

import gc
import weakref

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl.models import fitting
from keras_grl.streams.wrapped import lent
from tests.testing import small_classifier
from tests.testing import small_domain_classifier
from tests.testing import small_extractor


class Pairs(keras.utils.PyDataset):
    """A dataset of the user, which `pair` has not made."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        x = np.ones((4, 3), "float32")
        return {"source": x, "target": x}, np.arange(4) % 3


def pairs():
    x, y = Pairs()[0]
    return keras_grl.pair((x["source"], y), x["target"], batch_size=8)


def model():
    made = keras_grl.DANNModel(
        small_extractor(),
        small_classifier(),
        small_domain_classifier(),
        total_steps=4,
    )
    made.compile("sgd", "sparse_categorical_crossentropy")
    return made


def fitted(*datasets):
    """References to what was used for `fit` and is not used any more."""
    trained = model()
    for data in datasets:
        trained.fit(data, validation_data=data, epochs=2, verbose=0)
        trained.evaluate(data, verbose=0)
    return [weakref.ref(each) for each in (trained, *datasets)]


def test_models_and_data_are_freed(monkeypatch):
    """TensorFlow keeps what reads a dataset, and with it all that it holds."""
    lent_to_keras = []

    def counted(data):
        lent_to_keras.append(type(data).__name__)
        return lent(data)

    monkeypatch.setattr(fitting, "lent", counted)
    references = fitted(pairs(), Pairs())
    gc.collect()
    assert [each() for each in references] == [None] * 3
    # On the other backends too: data, validation data, and those of evaluate.
    assert lent_to_keras == [
        *("WatchedDataset", "PairedDataset", "PairedDataset"),
        *("CheckedDataset", "CheckedDataset", "CheckedDataset"),
    ]


@pytest.mark.backend_free
def test_a_dataset_is_read_only_while_it_is_lent():
    data = Pairs()
    with lent(data) as batches:
        assert batches.num_batches == 1
        assert batches[0][1].tolist() == data[0][1].tolist()
    with pytest.raises(TypeError, match="NoneType"):
        batches[0]


@pytest.mark.backend_free
def test_it_is_taken_back_after_an_error():
    data = Pairs()
    with pytest.raises(RuntimeError), lent(data) as batches:
        raise RuntimeError
    reference = weakref.ref(data)
    del data
    assert reference() is None
    assert batches is not None


@pytest.mark.backend_free
@pytest.mark.parametrize("data", [None, np.zeros(3), (np.zeros(3), 1)])
def test_other_data_are_passed_on(data):
    with lent(data) as passed:
        assert passed is data
