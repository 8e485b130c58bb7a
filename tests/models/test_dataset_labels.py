"""Labels of datasets that `pair` has not made: each batch is checked."""

import keras
import numpy as np
import pytest

import keras_grl
from keras_grl import DANNModel
from keras_grl.streams.checked import checked
from keras_grl.streams.errors import ReadErrors
from tests import paired_data
from tests.testing import fresh
from tests.testing import small_classifier
from tests.testing import small_data
from tests.testing import small_domain_classifier
from tests.testing import small_extractor

X, Y, TARGET = small_data(source=12, target=12)
PAIRED = {"source": X, "target": TARGET}
LATE = np.where(np.arange(12) < 8, Y, 7)  # in the third batch
WRONG = r"(?s)labels.*integers from 0 to 2.*Received: labels from"


def made():
    model = DANNModel(
        small_extractor(), small_classifier(), small_domain_classifier()
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def unbuilt():
    model = DANNModel(
        keras.layers.Dense(4), small_classifier(), small_domain_classifier()
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class Batches(keras.utils.PyDataset):
    """Batches of four samples, whose reads are counted."""

    def __init__(self, x, y, weight=None, **kwargs):
        super().__init__(**kwargs)
        parts = (x, y) if weight is None else (x, y, weight)
        self.batches = [
            keras.tree.map_structure(lambda a, s=s: a[s : s + 4], parts)
            for s in (0, 4, 8)
        ]
        self.read = []

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.read.append(index)
        return self.batches[index]


class Shuffled(Batches):
    """Other batches in each epoch."""

    def on_epoch_begin(self):
        self.batches = self.batches[1:] + self.batches[:1]


def generator(x, y):
    while True:
        yield from Batches(x, y).batches


def tf_data(x, y):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(4)


def loader(x, y):
    torch = pytest.importorskip("torch")

    class Samples(torch.utils.data.Dataset):
        def __len__(self):
            return 12

        def __getitem__(self, index):
            return keras.tree.map_structure(lambda a: a[index], (x, y))

    return torch.utils.data.DataLoader(Samples(), batch_size=4)


def grain(x, y):
    library = pytest.importorskip("grain")
    batches = library.MapDataset.source(Batches(x, y).batches)
    return batches.repeat().to_iter_dataset()


KINDS = [Batches, Shuffled, generator, tf_data, loader, grain]
kinds = pytest.mark.parametrize("kind", KINDS, ids=paired_data.name_of)


def steps(kind, name="steps_per_epoch"):
    return {name: 3} if kind in (generator, grain) else {}


@kinds
@pytest.mark.parametrize("labels", [Y + 3, LATE], ids=["first", "late"])
def test_training(kind, labels):
    with pytest.raises(ValueError, match=WRONG) as raised:
        fresh(made).fit(
            kind(PAIRED, labels), shuffle=False, verbose=0, **steps(kind)
        )
    assert str(raised.value).startswith("The labels of the source stream must")


@kinds
def test_right_labels_are_trained_on(kind):
    history = fresh(made).fit(
        kind(PAIRED, Y), verbose=0, shuffle=False, **steps(kind)
    )
    assert history.history["label_loss"][0] > 0


@kinds
def test_a_model_that_is_not_built(kind):
    model = unbuilt()
    with pytest.raises(ValueError, match=WRONG):
        model.fit(kind(PAIRED, Y + 3), verbose=0, shuffle=False, **steps(kind))


@kinds
def test_evaluation(kind):
    with pytest.raises(ValueError, match=WRONG):
        fresh(made).evaluate(kind(X, LATE), verbose=0, **steps(kind, "steps"))
    loss = fresh(made).evaluate(kind(X, Y), verbose=0, **steps(kind, "steps"))
    assert loss > 0


@kinds
def test_validation(kind):
    pairs = keras_grl.pair((X, Y), TARGET, batch_size=24)
    options = steps(kind, "validation_steps")
    with pytest.raises(ValueError, match=WRONG) as raised:
        fresh(made).fit(
            pairs, validation_data=kind(X, LATE), verbose=0, **options
        )
    assert "labels of `validation_data`" in str(raised.value)


def test_a_batch_of_pairs_that_tensorflow_reads():
    """It quotes the error in one of its own."""
    data = keras_grl.pair(loader(X, LATE), TARGET, batch_size={"target": 4})
    with pytest.raises(ValueError, match=WRONG):
        fresh(made).fit(data, verbose=0)
    with pytest.raises(ValueError, match=WRONG):
        fresh(made).evaluate(data, verbose=0)
    pairs = keras_grl.pair((X, Y), TARGET, batch_size=24)
    with pytest.raises(ValueError, match=WRONG):
        fresh(made).fit(pairs, validation_data=data, verbose=0)


def test_an_error_of_the_dataset_itself():
    class Broken(Batches):
        def __getitem__(self, index):
            if index == 2:
                raise KeyError("no such file")
            return super().__getitem__(index)

    with pytest.raises(KeyError, match="no such file"):
        fresh(made).fit(Broken(PAIRED, Y), shuffle=False, verbose=0)


@pytest.mark.parametrize("value", [np.nan, -1.0])
def test_sample_weights(value):
    weights = np.where(np.arange(12) < 8, 1.0, value)
    with pytest.raises(
        ValueError, match=r"(?s)weights in argument `x`.*of|for"
    ):
        fresh(made).fit(Batches(PAIRED, Y, weights), shuffle=False, verbose=0)


class Once(Batches):
    """Gives each batch once, whatever the index."""

    def __init__(self, length=None):
        super().__init__(PAIRED, Y)
        self.length, self.given = length, []
        self.source = iter(self.batches * 4)

    @property
    def num_batches(self):
        return self.length

    def __getitem__(self, index):
        self.given.append(next(self.source))
        return self.given[-1]


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow",
    reason="Keras itself reads two batches before, and loses them",
)
@pytest.mark.parametrize("length", [None, 3])
def test_no_batch_is_lost(length):
    model = made()
    # Keras reads a batch to build what is not built.
    model.fit(Batches(PAIRED, Y), verbose=0)
    data = Once(length)
    model.fit(data, steps_per_epoch=3, shuffle=False, verbose=0)
    assert len(data.given) == 3


def test_a_generator_continues_after_fit():
    batches = generator(PAIRED, Y)
    fresh(made).fit(batches, steps_per_epoch=2, shuffle=False, verbose=0)
    next(batches)  # It is not closed.


def test_a_first_batch_is_of_its_epoch():
    """One that was read before `on_epoch_begin` may belong to no epoch."""
    seen = []
    data = checked(Shuffled(PAIRED, Y), seen.append, None, ReadErrors())
    data.read_first()
    data.on_epoch_begin()
    np.testing.assert_array_equal(data[0][1], Y[4:8])
    data = checked(Batches(PAIRED, Y), seen.append, None, ReadErrors())
    data.read_first()
    data.on_epoch_begin()
    data[0], data[0]
    assert data._dataset.read == [0, 0]


def test_user_attributes_of_a_loader_stay():
    data = loader(PAIRED, Y)
    same = checked(data, lambda batch: None, None, ReadErrors())
    assert isinstance(same, type(data)) and len(same) == 3
    assert same.dataset is data.dataset
