import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from keras_grl import DANNModel
from keras_grl import pair
from tests.testing import small_classifier
from tests.testing import small_domain_classifier
from tests.testing import to_numpy

# Samples that carry their own numbers: source 0, 1, 2, …, labelled with their
# number, and target 100, 101, 102, ….


def numbered(count, first=0):
    numbers = np.arange(first, first + count, dtype="float32")
    return np.stack([numbers, -numbers], axis=1)


def source(count=12):
    return numbered(count), np.arange(count)


def target(count=12):
    return numbered(count, first=100)


def walk(dataset):
    """The batches of one epoch, as `fit` takes them."""
    dataset.on_epoch_begin()
    batches = list(dataset)
    dataset.on_epoch_end()
    return batches


def order(batches, name):
    """The numbers of the samples of a stream, in the order they came in."""
    first = 100 if name == "target" else 0
    numbers = np.concatenate([x[name][:, 0] for x, *_ in batches])
    return (numbers - first).astype(int).tolist()


def sizes(batches, name):
    return [len(x[name]) for x, *_ in batches]


# The batch.


def test_a_batch_of_two_streams():
    dataset = pair(source(), target(), batch_size=(3, 2), shuffle=False)
    x, y = dataset[1]
    assert sorted(x) == ["source", "target"]
    np.testing.assert_array_equal(x["source"], numbered(3, first=3))
    np.testing.assert_array_equal(x["target"], numbered(2, first=102))
    np.testing.assert_array_equal(y, [3, 4, 5])


def test_a_batch_with_sample_weights():
    data = (*source(), np.linspace(0, 1.1, 12))
    dataset = pair(data, target(), batch_size=6, shuffle=False)
    _, y, sample_weight = dataset[1]
    np.testing.assert_array_equal(y, [3, 4, 5])
    np.testing.assert_allclose(sample_weight, [0.3, 0.4, 0.5])


def test_sample_weight_of_none_is_no_sample_weight():
    dataset = pair((*source(), None), target(), batch_size=6)
    assert len(dataset[0]) == 2


def test_a_batch_of_three_streams():
    dataset = pair(
        source(),
        target(),
        (numbered(5, first=40), np.arange(40, 45)),
        batch_size=(3, 2, 4),
        shuffle=False,
    )
    x, y = dataset[0]
    assert sorted(x) == ["labeled_target", "source", "target"]
    np.testing.assert_array_equal(x["labeled_target"], numbered(4, first=40))
    assert sorted(y) == ["labeled_target", "source"]
    np.testing.assert_array_equal(y["source"], [0, 1, 2])
    np.testing.assert_array_equal(y["labeled_target"], [40, 41, 42, 43])


@pytest.mark.parametrize("weighted", ["source", "labeled_target"])
def test_a_missing_sample_weight_of_two_becomes_ones(weighted):
    streams = {"source": source(), "labeled_target": source(5)}
    streams[weighted] = (*streams[weighted], np.full(12, 0.25)[:12])
    if weighted == "labeled_target":
        streams[weighted] = (*source(5), np.full(5, 0.25))
    dataset = pair(target=target(), batch_size=(3, 2, 4), **streams)
    _, _, sample_weight = dataset[0]
    counts = {"source": 3, "labeled_target": 4}
    assert sorted(sample_weight) == sorted(counts)
    for name, count in counts.items():
        expected = np.full(count, 0.25 if name == weighted else 1.0)
        np.testing.assert_array_equal(sample_weight[name], expected)


def test_structures_of_arrays_and_one_hot_labels():
    x, y = source()
    dataset = pair(
        ({"a": x, "b": {"c": -x}}, np.eye(12)[y]),
        {"a": target(), "b": {"c": -target()}},
        batch_size=8,
    )
    batch, labels = dataset[0]
    numbers = batch["source"]["a"][:, 0].astype(int)
    np.testing.assert_array_equal(
        batch["source"]["b"]["c"], -batch["source"]["a"]
    )
    np.testing.assert_array_equal(
        batch["target"]["b"]["c"], -batch["target"]["a"]
    )
    np.testing.assert_array_equal(labels, np.eye(12)[numbers])


def test_labels_that_are_structures():
    x, y = source()
    dataset = pair((x, {"a": y, "b": 2 * y}), target(), batch_size=8)
    batch, labels = dataset[0]
    np.testing.assert_array_equal(labels["a"], batch["source"][:, 0])
    np.testing.assert_array_equal(labels["b"], 2 * labels["a"])


# Batch sizes.


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [
        (None, (64, 64)),
        (8, (4, 4)),
        (np.int64(8), (4, 4)),
        ((3, 5), (3, 5)),
        ([3, 5], (3, 5)),
        ({"target": 5, "source": 3}, (3, 5)),
    ],
)
def test_batch_sizes(batch_size, expected):
    x, y = pair(source(70), target(70), batch_size=batch_size)[0]
    assert (len(x["source"]), len(x["target"])) == expected
    assert len(y) == expected[0]


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [
        (None, (64, 64, 64)),
        (12, (4, 4, 4)),
        ((3, 5, 2), (3, 5, 2)),
        ({"labeled_target": 2, "source": 3, "target": 5}, (3, 5, 2)),
    ],
)
def test_batch_sizes_of_three_streams(batch_size, expected):
    x, _ = pair(source(70), target(70), source(70), batch_size=batch_size)[0]
    names = ("source", "target", "labeled_target")
    assert tuple(len(x[name]) for name in names) == expected


# How long an epoch is, and what is in it.


@pytest.mark.parametrize(
    ("length", "expected"),
    [("longest", 9), ("shortest", 5), ("source", 5), ("target", 9)],
)
def test_length_of_an_epoch(length, expected):
    dataset = pair(source(20), target(37), batch_size=8, length=length)
    assert len(dataset) == dataset.num_batches == expected
    batches = walk(dataset)
    assert (
        sizes(batches, "source") == sizes(batches, "target") == [4] * expected
    )


def test_the_longest_stream_has_the_most_batches_not_samples():
    dataset = pair(source(20), target(36), batch_size=(1, 4))
    assert len(dataset) == 20


@pytest.mark.parametrize("length", ["longest", "shortest"])
def test_each_sample_at_most_once_in_an_epoch(length):
    counts = {"source": 18, "target": 35}
    dataset = pair(source(18), target(35), batch_size=8, length=length)
    reference = "target" if length == "longest" else "source"
    for _ in range(3):
        numbers = order(walk(dataset), reference)
        assert len(set(numbers)) == len(numbers) == counts[reference] // 4 * 4


def test_a_stream_that_ends_earlier_starts_again_in_another_order():
    dataset = pair(source(40), target(7), batch_size=8, seed=1)
    cycles = np.reshape(order(walk(dataset), "target")[:35], (5, 7))
    np.testing.assert_array_equal(np.sort(cycles), [range(7)] * 5)
    assert len({tuple(cycle) for cycle in cycles}) == 5


def test_a_batch_may_be_larger_than_a_stream_that_starts_again():
    dataset = pair(source(40), target(3), batch_size=16, seed=1)
    x, _ = dataset[0]
    numbers, counts = np.unique(x["target"][:, 0], return_counts=True)
    np.testing.assert_array_equal(numbers, [100, 101, 102])
    np.testing.assert_array_equal(np.sort(counts), [2, 3, 3])


def test_every_epoch_has_another_order():
    dataset = pair(source(), target(), batch_size=8, seed=1)
    for name in ("source", "target"):
        epochs = {tuple(order(walk(dataset), name)) for _ in range(4)}
        assert len(epochs) == 4


def test_the_streams_are_not_shuffled_alike():
    batches = walk(pair(source(), target(), source(), batch_size=12, seed=1))
    names = ("source", "target", "labeled_target")
    assert len({tuple(order(batches, name)) for name in names}) == 3


def test_images_stay_with_their_labels_and_weights():
    x, y = source(11)
    dataset = pair((x, y, y / 100), target(30), batch_size=8)
    for x, y, sample_weight in walk(dataset):
        np.testing.assert_array_equal(x["source"][:, 0], y)
        np.testing.assert_allclose(sample_weight, y / 100)


def test_seed():
    def orders(**kwargs):
        dataset = pair(source(20), target(30), batch_size=8, **kwargs)
        batches = walk(dataset) + walk(dataset)
        return order(batches, "source") + order(batches, "target")

    assert orders(seed=1) == orders(seed=1) != orders(seed=2)
    keras.utils.set_random_seed(3)
    first, second = orders(), orders()
    assert first != second
    keras.utils.set_random_seed(3)
    assert [orders(), orders()] == [first, second]


def test_unshuffled():
    dataset = pair(source(8), target(5), batch_size=8, shuffle=False)
    for _ in range(2):
        batches = walk(dataset)
        assert order(batches, "source") == [*range(8)]
        assert order(batches, "target") == [0, 1, 2, 3, 4, 0, 1, 2]


def test_set_epoch_takes_up_where_a_run_was_left():
    def made():
        return pair(source(20), target(30), batch_size=8, seed=1)

    dataset, resumed = made(), made()
    epochs = [order(walk(dataset), "source") for _ in range(4)]
    resumed.set_epoch(2)
    assert [order(walk(resumed), "source") for _ in range(2)] == epochs[2:]


def test_a_batch_depends_on_its_index_alone():
    """Whoever asks for it first, and however often."""
    dataset = pair(source(20), target(7), batch_size=8, seed=1)
    batches = walk(dataset)
    for index in (4, 0, 3, 3, 1, 2):
        for name in ("source", "target"):
            np.testing.assert_array_equal(
                dataset[index][0][name], batches[index][0][name]
            )


@pytest.mark.parametrize("length", ["source", "target"])
def test_a_last_smaller_batch(length):
    counts = {"source": 10, "target": 11}
    dataset = pair(
        source(10),
        target(11),
        batch_size=8,
        length=length,
        drop_remainder=False,
    )
    batches = walk(dataset)
    other = "target" if length == "source" else "source"
    assert len(dataset) == 3
    assert sizes(batches, length) == [4, 4, counts[length] - 8]
    assert sizes(batches, other) == [4, 4, 4]
    assert sorted(order(batches, length)) == [*range(counts[length])]


@pytest.mark.parametrize("drop_remainder", [True, False])
def test_with_steps_beyond_one_pass(drop_remainder):
    dataset = pair(
        source(10), target(7), batch_size=8, drop_remainder=drop_remainder
    ).with_steps(8)
    batches = walk(dataset)
    assert len(dataset) == len(batches) == 8
    assert sizes(batches, "source") == sizes(batches, "target") == [4] * 8
    for name, count in (("source", 10), ("target", 7)):
        passes = 32 // count
        cycles = np.reshape(order(batches, name)[: passes * count], (-1, count))
        np.testing.assert_array_equal(np.sort(cycles), [range(count)] * passes)


def test_with_steps_leaves_the_dataset_as_it_was():
    dataset = pair(source(), target(), batch_size=8)
    assert len(dataset.with_steps(2)) == 2
    assert len(dataset) == 3


# Arrays of every library, on every backend.


def jax_array(array):
    return pytest.importorskip("jax").numpy.asarray(array)


def torch_array(array):
    return pytest.importorskip("torch").tensor(array)


def tensorflow_array(array):
    return pytest.importorskip("tensorflow").constant(array)


def torch_parameter(array):
    return torch_array(array).requires_grad_()


def name_of(function):
    return function.__name__


@pytest.mark.parametrize(
    "library",
    [np.asarray, jax_array, torch_array, tensorflow_array, torch_parameter],
    ids=name_of,
)
def test_arrays_of_every_library(library):
    x, y = source()
    y = np.asarray(y, "float32")
    dataset = pair(
        (library(x), library(y)),
        library(target()),
        batch_size=8,
        shuffle=False,
    )
    batch, labels = dataset[1]
    for got, want in [
        (batch["source"], x[4:8]),
        (batch["target"], target()[4:8]),
        (labels, y[4:8]),
    ]:
        assert isinstance(got, np.ndarray) and got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("library", [np.asarray, jax_array, torch_array])
def test_arrays_are_not_copied(library):
    x, y, x_target = (library(array) for array in (*source(), target()))
    dataset = pair((x, y), x_target, batch_size=8)
    held = [dataset._streams[name].data for name in ("source", "target")]
    for array, given in zip(sum(held, ()), (x, y, x_target), strict=True):
        assert np.shares_memory(array, np.asarray(given))


def test_arrays_on_disk_stay_there(tmp_path):
    np.save(tmp_path / "x.npy", numbered(1000))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    dataset = pair((x, np.arange(1000)), x, batch_size=8)
    for name in ("source", "target"):
        held = dataset._streams[name].data[0]
        assert isinstance(held, np.memmap) and np.shares_memory(held, x)
    batch, y = dataset[0]
    assert not isinstance(batch["source"], np.memmap)
    np.testing.assert_array_equal(batch["source"], x[y])


# Datasets. Each function makes one of batches x, or (x, y), in order.


def split(x, y, batch):
    starts = range(0, len(x), batch)
    if y is None:
        return [x[i : i + batch] for i in starts]
    return [(x[i : i + batch], y[i : i + batch]) for i in starts]


def tf_data(x, y=None, batch=4):
    tf = pytest.importorskip("tensorflow")
    data = x if y is None else (x, y)
    return tf.data.Dataset.from_tensor_slices(data).batch(batch)


def torch_loader(x, y=None, batch=4, **kwargs):
    data = pytest.importorskip("torch").utils.data
    arrays = [torch_array(array) for array in (x, y) if array is not None]
    return data.DataLoader(data.TensorDataset(*arrays), batch, **kwargs)


class Batches(keras.utils.PyDataset):
    """Shuffles itself, if at all, where one usually does: `on_epoch_end`."""

    def __init__(self, x, y=None, batch=4, shuffle=False):
        super().__init__()
        self.batches = split(x, y, batch)
        self.calls = []
        self._generator = np.random.default_rng(0) if shuffle else None

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.calls.append(index)
        return self.batches[index]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")
        if self._generator is not None:
            self._generator.shuffle(self.batches)


def grain_map(x, y=None, batch=4):
    grain = pytest.importorskip("grain")

    def sample(i):
        return x[i] if y is None else (x[i], y[i])

    return grain.MapDataset.range(len(x)).map(sample).batch(batch)


def tf_data_of_unknown_length(x, y=None, batch=4):
    dataset = tf_data(x, y, batch)
    return dataset.filter(lambda *_: True)


def torch_iterable(x, y=None, batch=4):
    data = pytest.importorskip("torch").utils.data

    class Samples(data.IterableDataset):
        def __iter__(self):
            return iter(x if y is None else zip(x, y, strict=True))

    return data.DataLoader(Samples(), batch)


def grain_iter(x, y=None, batch=4):
    return grain_map(x, y, batch).to_iter_dataset()


def iterable(x, y=None, batch=4):
    class Iterable:
        def __iter__(self):
            return iter(split(x, y, batch))

    return Iterable()


def endless_tf_data(x, y=None, batch=4):
    return tf_data(x, y, batch).repeat()


def endless_grain_map(x, y=None, batch=4):
    return grain_map(x, y, batch).repeat()


def endless_grain_iter(x, y=None, batch=4):
    return grain_map(x, y, batch).repeat().to_iter_dataset()


def endless_py_dataset(x, y=None, batch=4):
    class Endless(keras.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            batches = split(x, y, batch)
            return batches[index % len(batches)]

    return Endless()


def generator(x, y=None, batch=4):
    return itertools.cycle(split(x, y, batch))


FINITE = [tf_data, torch_loader, Batches, grain_map]
UNKNOWN = [tf_data_of_unknown_length, torch_iterable, grain_iter, iterable]
ENDLESS = [
    endless_tf_data,
    endless_grain_map,
    endless_grain_iter,
    endless_py_dataset,
    generator,
]


@pytest.mark.parametrize("kind", [*FINITE, *UNKNOWN, *ENDLESS], ids=name_of)
def test_batches_of_datasets(kind):
    """In order, and from the start again when they end: 8 in batches of 4."""
    dataset = pair(kind(*source(8)), kind(target(12))).with_steps(5)
    batches = list(dataset)
    assert order(batches, "source") == [*range(8), *range(8), *range(4)]
    assert order(batches, "target") == [*range(12), *range(8)]
    for x, y in batches:
        np.testing.assert_array_equal(y, x["source"][:, 0])
        assert isinstance(x["source"], np.ndarray)


@pytest.mark.parametrize("kind", FINITE, ids=name_of)
def test_datasets_of_known_length(kind):
    def made(length):
        return pair(kind(*source(8)), kind(target(14)), length=length)

    assert made("longest").num_batches == len(made("target")) == 4
    assert made("shortest").num_batches == len(made("source")) == 2
    dataset = made("longest")
    for _ in range(2):
        assert order(walk(dataset), "target") == [*range(14)]


@pytest.mark.parametrize("kind", [*UNKNOWN, *ENDLESS], ids=name_of)
def test_datasets_that_are_endless_or_of_unknown_length(kind):
    dataset = pair(kind(*source(8)), target(8), batch_size=8)
    assert dataset.num_batches is None
    with pytest.raises(TypeError, match="`steps_per_epoch`"):
        len(dataset)
    assert pair(kind(*source(8)), target(8), length="target", batch_size=8)
    assert len(dataset.with_steps(3)) == 3


@pytest.mark.parametrize("kind", [*UNKNOWN, *ENDLESS], ids=name_of)
def test_the_other_stream_makes_the_epoch(kind):
    for length in ("shortest", "target"):
        dataset = pair(
            kind(*source(8)), target(24), batch_size=8, length=length
        )
        assert len(dataset) == 6


def test_datasets_of_structures_and_one_hot_labels():
    def structured(x):
        return {"a": x, "b": -x}

    source_batches = [(structured(numbered(4)), np.eye(4))]
    target_batches = [structured(target(4))]
    dataset = pair(
        itertools.cycle(source_batches), itertools.cycle(target_batches)
    )
    x, y = dataset[0]
    np.testing.assert_array_equal(x["source"]["b"], -numbered(4))
    np.testing.assert_array_equal(x["target"]["b"], -target(4))
    np.testing.assert_array_equal(y, np.eye(4))


def test_sample_weights_of_datasets():
    weighted = [(*source(4), np.full(4, 0.25))]
    plain = [(*source(4), None)]
    _, y, sample_weight = pair(
        itertools.cycle(weighted), generator(target()), itertools.cycle(plain)
    )[0]
    np.testing.assert_array_equal(y["labeled_target"], range(4))
    np.testing.assert_array_equal(sample_weight["source"], np.full(4, 0.25))
    np.testing.assert_array_equal(sample_weight["labeled_target"], np.ones(4))


@pytest.mark.parametrize("array_stream", ["source", "target"])
def test_arrays_with_a_dataset(array_stream):
    """Half of `batch_size` goes to the arrays; the dataset brings its own."""
    streams = {"source": source(12), "target": target(10)}
    if array_stream == "source":
        streams["target"] = Batches(target(10), batch=5)
    else:
        streams["source"] = Batches(*source(10), batch=5)
    dataset = pair(**streams, batch_size=6)
    batches = walk(dataset)
    expected = {"source": 5, "target": 5, array_stream: 3}
    for name, size in expected.items():
        assert sizes(batches, name) == [size] * len(dataset)
    assert len(dataset) == (4 if array_stream == "source" else 3)


def shuffled_tf_data(x):
    return tf_data(x, batch=len(x)).unbatch().shuffle(len(x)).batch(4)


def shuffled_torch_loader(x):
    return torch_loader(x, shuffle=True)


def shuffled_py_dataset(x):
    return Batches(x, batch=1, shuffle=True)


SHUFFLED = [shuffled_tf_data, shuffled_torch_loader, shuffled_py_dataset]


@pytest.mark.parametrize("kind", SHUFFLED, ids=name_of)
def test_datasets_that_shuffle_do_so_when_they_start_again(kind):
    # Of unknown length, this one, in the case of `unbatch`.
    dataset = pair(source(32), kind(target(8)), batch_size=8, length="source")
    numbers = np.array(order(list(dataset.with_steps(32)), "target"))
    cycles = numbers[: len(numbers) // 8 * 8].reshape(-1, 8)
    np.testing.assert_array_equal(np.sort(cycles), [range(8)] * len(cycles))
    assert len({tuple(cycle) for cycle in cycles}) > 2


@pytest.mark.parametrize("length", ["target", "source"])
@pytest.mark.parametrize("kind", SHUFFLED, ids=name_of)
def test_datasets_that_shuffle_do_so_in_every_epoch(kind, length):
    """Also where an epoch does not reach their end."""
    dataset = pair(source(4), kind(target(8)), batch_size=8, length=length)
    if dataset.num_batches is None:
        dataset = dataset.with_steps(2)
    epochs = {tuple(order(walk(dataset), "target")) for _ in range(6)}
    assert len(epochs) > 2


def test_a_py_dataset_is_told_of_its_epochs():
    source_batches, target_batches = Batches(*source(8)), Batches(target(4))
    dataset = pair(source_batches, target_batches)
    for _ in range(2):
        walk(dataset)
    dataset.on_epoch_begin()
    assert source_batches.calls == ["begin", 0, 1, "end"] * 2
    assert target_batches.calls == ["begin", 0, "end"] * 4


def test_threads_get_every_batch_once():
    dataset = pair(source(400), Batches(target(400)), batch_size=8)
    dataset.on_epoch_begin()
    with ThreadPoolExecutor(8) as executor:
        batches = list(executor.map(dataset.__getitem__, range(100)))
    for name in ("source", "target"):
        assert sorted(order(batches, name)) == [*range(400)]


def test_a_generator_that_ends():
    dataset = pair(iter(split(*source(8), 4)), target(), batch_size=8)
    assert order([dataset[0], dataset[1]], "source") == [*range(8)]
    with pytest.raises(ValueError, match="`keras.utils.PyDataset`") as error:
        dataset[2]
    assert "generator given as the source stream has ended" in str(error.value)


@pytest.mark.parametrize("kind", [tf_data, torch_loader, generator])
def test_labels_of_a_target_dataset_are_dropped_with_one_warning(kind):
    dataset = pair(source(8), kind(target(8), np.arange(8)), batch_size=8)
    with pytest.warns(UserWarning, match="They are dropped") as warned:
        batches = walk(dataset.with_steps(2)) + walk(dataset.with_steps(3))
    assert len(warned) == 1
    numbers = order(batches, "target")
    assert numbers[:8] == [*range(8)]


# fit.


def small_model():
    keras.utils.set_random_seed(0)
    extractor = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Rescaling(0.01),
            keras.layers.Dense(4, activation="tanh"),
        ]
    )
    model = DANNModel(
        extractor,
        small_classifier(units=16),
        small_domain_classifier(),
        adaptation_factor=0.5,
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def trained(dataset, **kwargs):
    """The weights after two epochs."""
    model = small_model()
    model.fit(dataset, epochs=2, verbose=0, **kwargs)
    return [to_numpy(weight) for weight in model.trainable_weights]


def assert_equal_weights(got, expected):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("kind", FINITE, ids=name_of)
def test_fit_on_datasets_learns_what_fit_on_arrays_does(kind):
    arrays = pair(source(16), target(8), batch_size=8, shuffle=False)
    dataset = pair(kind(*source(16)), kind(target(8)))
    assert_equal_weights(trained(dataset), trained(arrays))


@pytest.mark.parametrize("kind", [*UNKNOWN, *ENDLESS], ids=name_of)
def test_fit_with_steps_per_epoch(kind):
    """Of one batch again and again, as Keras may take some for itself."""
    arrays = pair(source(4), target(4), batch_size=8, shuffle=False)
    dataset = pair(kind(*source(4)), kind(target(4)))
    assert_equal_weights(
        trained(dataset, steps_per_epoch=3), trained(arrays.with_steps(3))
    )


@pytest.mark.parametrize("kind", [*UNKNOWN, *ENDLESS], ids=name_of)
def test_fit_without_steps_per_epoch(kind):
    dataset = pair(kind(*source(8)), target(8), batch_size=8)
    model = small_model()
    with pytest.raises(ValueError, match=r"Expected: `steps_per_epoch`"):
        model.fit(dataset, verbose=0)
    assert int(model.optimizer.iterations.value) == 0


@pytest.mark.parametrize(
    "library", [jax_array, torch_array, tensorflow_array], ids=name_of
)
def test_fit_on_arrays_of_every_library(library):
    (x, y), x_target = source(16), target(8)
    expected = trained(pair((x, y), x_target, batch_size=8, seed=1))
    arrays = pair(
        (library(x), library(y)), library(x_target), batch_size=8, seed=1
    )
    assert_equal_weights(trained(arrays), expected)
    batches = [(library(x[:4]), library(y[:4]))]
    dataset = pair(itertools.cycle(batches), x_target, batch_size=8, seed=1)
    expected = pair((x[:4], y[:4]), x_target, batch_size=8, seed=1)


def test_fit_with_a_last_smaller_batch():
    model = small_model()
    dataset = pair(source(10), target(7), batch_size=8, drop_remainder=False)
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert int(model.optimizer.iterations.value) == 6
    assert np.isfinite(history["loss"]).all()


def test_a_resumed_fit_sees_the_order_of_an_unbroken_one():
    def made():
        return pair(source(16), target(8), batch_size=8, seed=1)

    model = small_model()
    model.fit(made(), epochs=1, verbose=0)
    model.fit(made(), initial_epoch=1, epochs=2, verbose=0)
    got = [to_numpy(weight) for weight in model.trainable_weights]
    assert_equal_weights(got, trained(made()))


def test_a_plain_model_of_two_inputs():
    """The difference of the domains, which is -100 when in order."""
    inputs = {
        name: keras.Input((2,), name=name) for name in ("source", "target")
    }
    difference = keras.layers.Subtract()([inputs["source"], inputs["target"]])
    outputs = keras.layers.Dense(
        1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.5)
    )(keras.layers.Rescaling([1.0, -3.0])(difference))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(1e-5), "mse")
    dataset = pair(source(), target(), batch_size=8, shuffle=False)
    # 0.5 · (-100 - 3 · 100) = -200, and the labels are 0 to 11.
    expected = np.mean((np.arange(12) + 200.0) ** 2)
    loss = model.evaluate(dataset, verbose=0)
    assert loss == pytest.approx(expected, rel=1e-5)
    model.fit(dataset, verbose=0)
    assert model.evaluate(dataset, verbose=0) < loss
    assert int(model.optimizer.iterations.value) == 3


# Bad input: one error, which says what to do.


def empty(*shape):
    return np.zeros((0, *shape), "float32")


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda: pair(None, target()),
            ["`source`", "Received: source=None", "x_source, y_source"],
        ),
        (
            lambda: pair(source(), None),
            ["`target`", "Received: target=None", "x_source, y_source"],
        ),
        (
            lambda: pair(source(), source()),
            [
                "`target`",
                "without labels",
                "tuple of length 2 (an array of shape (12, 2), "
                "an array of shape (12,))",
                "labeled_target=(x, y)",
            ],
        ),
        (
            lambda: pair(target(), target()),
            [
                "`source`",
                "(x, y)",
                "Received: an array of shape (12, 2)",
                "(x_source, y_source)",
            ],
        ),
        (
            lambda: pair((target(), None), target()),
            ["`source`", "(x, y)", "(x_source, y_source)"],
        ),
        (
            lambda: pair(source(), target(), target()),
            ["`labeled_target`", "(x_labeled_target, y_labeled_target)"],
        ),
        (
            lambda: pair((numbered(12), np.arange(11)), target()),
            ["source", "equally many samples", "[11, 12]"],
        ),
        (
            lambda: pair((empty(2), empty()), target()),
            ["source stream is empty", "at least one sample", "length 0"],
        ),
        (
            lambda: pair(source(), empty(2)),
            ["target stream is empty", "at least one sample"],
        ),
        (
            lambda: pair(source(), Batches([])),
            ["target stream is empty", "at least one batch"],
        ),
        (
            lambda: pair(source(), tf_data(target(4)).take(0)),
            ["target stream is empty", "at least one batch"],
        ),
        (
            lambda: pair(source(), iterable([]))[0],
            ["target stream is empty", "at least one batch"],
        ),
        (
            lambda: pair(source(), target(5), batch_size=26),
            [
                "source stream holds no full batch",
                "at least 13 samples",
                "12 samples",
                "smaller `batch_size`",
                "`drop_remainder=False`",
            ],
        ),
        (
            lambda: pair(source(), target(), batch_size=7),
            [
                "`batch_size`",
                "multiple of 2",
                "batch_size=7",
                "{'source': 3, 'target': 3}",
            ],
        ),
        (
            lambda: pair(source(), target(), source(), batch_size=8),
            ["multiple of 3", "'labeled_target': 2"],
        ),
        (
            lambda: pair(source(), target(), batch_size=0),
            ["`batch_size`", "at least 1", "batch_size=0"],
        ),
        (
            lambda: pair(source(), target(), batch_size=8.0),
            ["`batch_size`", "an integer", "batch_size=8.0"],
        ),
        (
            lambda: pair(source(), target(), batch_size=(4, 0)),
            ['batch_size["target"]', "at least 1"],
        ),
        (
            lambda: pair(source(), target(), batch_size=(4, 4, 4)),
            ["`batch_size`", "2 sizes", "(4, 4, 4)"],
        ),
        (
            lambda: pair(source(), target(), batch_size={"source": 4}),
            ["`batch_size`", '"source", "target"', "{'source': 4}"],
        ),
        (
            lambda: pair(
                source(),
                target(),
                batch_size={"source": 4, "target": 4, "traget": 4},
            ),
            ["`batch_size`", '"source", "target"', "'traget': 4"],
        ),
        (
            lambda: pair(Batches(*source()), Batches(target()), batch_size=8),
            ["`batch_size`", "batch_size=8", "Leave it out"],
        ),
        (
            lambda: pair(
                (np.zeros((12, 28, 28, 1)), np.arange(12)),
                np.zeros((12, 32, 32, 3)),
            ),
            ["same shape", "(28, 28, 1)", "(32, 32, 3)", "Resize"],
        ),
        (
            lambda: pair(source(), numbered(12).astype("uint8")),
            ["dtype", "source: float32 (2,)", "target: uint8 (2,)", "0-255"],
        ),
        (
            lambda: pair(source(), {"a": target()}),
            ["same shape", "float32 (2,)"],
        ),
        (
            lambda: pair(source(), target(), length="both"),
            ["`length`", '"longest", "shortest"', "length='both'"],
        ),
        (
            lambda: pair(source(), target(), seed=-1),
            ["`seed`", "at least 0", "seed=-1"],
        ),
        (
            lambda: pair(torch_loader(*source()).dataset, target()),
            ["TensorDataset", "torch.utils.data.DataLoader(dataset"],
        ),
        (
            lambda: pair(source(), 3.0),
            ["target stream", "first axis", "a scalar"],
        ),
        (
            lambda: pair((numbered(12), 3), target()),
            ["source stream", "first axis", "a scalar"],
        ),
        (
            lambda: pair(generator(numbered(12)), target())[0],
            ["`source`", "(x, y)", "Received: an array of shape (4, 2)"],
        ),
        (
            lambda: pair(source(), target(), batch_size=8).with_steps(0),
            ["`steps_per_epoch`", "at least 1"],
        ),
    ],
)
def test_bad_input(make, messages):
    with pytest.raises(ValueError) as error:
        make()
    for message in messages:
        assert re.search(re.escape(message), str(error.value))
