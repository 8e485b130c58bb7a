import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from keras_grl import pair
from tests.paired_data import ENDLESS
from tests.paired_data import FINITE
from tests.paired_data import UNKNOWN
from tests.paired_data import Batches
from tests.paired_data import generator
from tests.paired_data import jax_array
from tests.paired_data import name_of
from tests.paired_data import numbered
from tests.paired_data import order
from tests.paired_data import sizes
from tests.paired_data import source
from tests.paired_data import split
from tests.paired_data import target
from tests.paired_data import tensorflow_array
from tests.paired_data import tf_data
from tests.paired_data import torch_array
from tests.paired_data import torch_loader
from tests.paired_data import walk

# Arrays of every library, on every backend.


def torch_parameter(array):
    return torch_array(array).requires_grad_()


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


@pytest.mark.parametrize(
    "library", [np.asarray, jax_array, torch_array], ids=name_of
)
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
    return tf_data(x, batch=1).shuffle(len(x), seed=1)


def shuffled_torch_loader(x):
    return torch_loader(x, batch=1, shuffle=True)


def shuffled_py_dataset(x):
    return Batches(x, batch=1, shuffle=True)


SHUFFLED = [shuffled_tf_data, shuffled_torch_loader, shuffled_py_dataset]


@pytest.mark.parametrize("kind", SHUFFLED, ids=name_of)
def test_datasets_that_shuffle_do_so_when_they_start_again(kind):
    dataset = pair(source(4), kind(target(8)), batch_size=8).with_steps(64)
    cycles = np.reshape(order(list(dataset), "target"), (8, 8))
    np.testing.assert_array_equal(np.sort(cycles), [range(8)] * 8)
    assert len({tuple(cycle) for cycle in cycles}) > 2


@pytest.mark.parametrize("length", ["target", "source"])
@pytest.mark.parametrize("kind", SHUFFLED, ids=name_of)
def test_datasets_that_shuffle_do_so_in_every_epoch(kind, length):
    """Also where an epoch does not reach their end."""
    dataset = pair(source(12), kind(target(8)), batch_size=8, length=length)
    assert len(dataset) == (8 if length == "target" else 3)
    epochs = [order(walk(dataset), "target") for _ in range(8)]
    assert len({tuple(epoch) for epoch in epochs}) > 2
    # Each sample occurs equally often.
    passes = np.reshape(epochs, (-1, 8))
    np.testing.assert_array_equal(np.sort(passes), [range(8)] * len(passes))


def test_epoch_hooks_of_a_py_dataset_are_called():
    source_batches, target_batches = Batches(*source(8)), Batches(target(4))
    dataset = pair(source_batches, target_batches)
    for _ in range(2):
        walk(dataset)
    dataset.on_epoch_begin()
    assert source_batches.calls == ["begin", 0, 1, "end"] * 2
    # The next pass begins when a batch of it is asked for.
    assert target_batches.calls == [*["begin", 0, "end"] * 3, "begin", 0]


@pytest.mark.parametrize("kind", [*FINITE, *UNKNOWN], ids=name_of)
def test_a_long_dataset_is_used_completely_over_the_epochs(kind):
    dataset = pair(source(8), kind(target(40)), batch_size=8, length="source")
    batches = [batch for _ in range(5) for batch in walk(dataset)]
    assert order(batches, "target") == [*range(40)]


def test_datasets_start_again_at_the_first_epoch():
    """Keras reads a batch or two before it trains."""
    batches = Batches(target(40))
    dataset = pair(source(8), batches, batch_size=8, length="source")
    _ = dataset[0], dataset[1]
    seen = []
    for epoch in range(3):
        dataset.set_epoch(epoch)
        seen += walk(dataset)
    assert order(seen, "target") == [*range(24)]
    # The pass that began too early is ended, too.
    assert batches.calls == ["begin", 0, 1, "end", "begin", *range(6)]


@pytest.mark.parametrize(
    ("x_target", "received"),
    [
        (np.zeros((8, 3), "float32"), r"float32 \(2,\).*float32 \(3,\)"),
        (np.zeros((8, 2), "uint8"), r"float32 \(2,\).*uint8 \(2,\)"),
    ],
    ids=["shape", "dtype"],
)
def test_batches_of_datasets_are_checked_at_the_first_batch(x_target, received):
    dataset = pair(source(8), Batches(x_target), batch_size=8)
    with pytest.raises(ValueError, match=received):
        dataset[0]


def test_labels_of_none_in_a_target_dataset_do_not_warn():
    batches = [(x, None) for x in split(target(8), None, 4)]
    dataset = pair(source(8), iter(batches), batch_size=8, length="source")
    assert order(walk(dataset), "target") == [*range(8)]


def test_threads_get_every_batch_once():
    def slow():
        for batch in split(target(80), None, 4):
            time.sleep(0.001)
            yield batch

    dataset = pair(source(80), slow(), batch_size=8, length="source")
    with ThreadPoolExecutor(8) as executor:
        batches = list(executor.map(dataset.__getitem__, range(20)))
    for name in ("source", "target"):
        assert sorted(order(batches, name)) == [*range(80)]


def test_a_generator_that_ends():
    dataset = pair(iter(split(*source(8), 4)), target(), batch_size=8)
    assert order([dataset[0], dataset[1]], "source") == [*range(8)]
    with pytest.raises(ValueError, match=r"`keras\.utils\.PyDataset`") as error:
        dataset[2]
    assert "generator passed as the source stream has ended" in str(error.value)


@pytest.mark.parametrize(
    "kind", [tf_data, torch_loader, generator], ids=name_of
)
def test_labels_of_a_target_dataset_are_dropped_with_one_warning(kind):
    dataset = pair(source(8), kind(target(8), np.arange(8)), batch_size=8)
    with pytest.warns(UserWarning, match="They are dropped") as warned:
        batches = walk(dataset.with_steps(2)) + walk(dataset.with_steps(3))
    assert len(warned) == 1
    numbers = order(batches, "target")
    assert numbers[:8] == [*range(8)]
