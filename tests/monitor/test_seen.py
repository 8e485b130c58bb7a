"""The first batches, as they pass."""

import numpy as np
import pytest

import keras_grl
from keras_grl.monitor import seen as module
from keras_grl.monitor.seen import Seen
from keras_grl.monitor.seen import WatchedDataset

pytestmark = pytest.mark.backend_free


def batch(index, source=8, target=4):
    x = np.full((source, 2), float(index))
    return {"source": x, "target": 10 * x[:target]}, np.arange(source) % 2


def seen_of(batches):
    seen = Seen()
    for index, (x, y) in enumerate(batches):
        seen.record(index, x, y)
    return seen


def test_enough_samples_of_the_target_are_kept():
    seen = seen_of(batch(index, target=100, source=100) for index in range(9))
    assert len(seen.batches) == 6
    assert len(seen.target(1000)) == 600
    assert seen.target(150)[:, 0].tolist() == [0.0] * 100 + [10.0] * 50


def test_large_batches_are_few(monkeypatch):
    x, _ = batch(0)
    size = sum(array.nbytes for array in x.values())
    monkeypatch.setattr(module, "_MOST_BYTES", 2 * size)
    assert len(seen_of(map(batch, range(9))).batches) == 2
    # One is always kept.
    monkeypatch.setattr(module, "_MOST_BYTES", 1)
    assert len(seen_of(map(batch, range(9))).batches) == 1


def test_a_batch_that_is_read_twice_counts_once():
    seen = Seen()
    for index in (0, 0, 1):
        seen.record(index, *batch(index))
    assert len(seen.batches) == 2


def test_batches_are_copies():
    x, y = batch(1)
    seen = Seen()
    seen.record(0, x, y)
    x["target"][:] = 5
    assert (seen.target(9) == 10).all()


def test_sizes_of_the_domains():
    x, y = batch(0)
    assert seen_of([(x, y)]).domain_sizes() == [8, 4]
    # A few labeled samples belong to the target.
    x = {**x, "labeled_target": x["source"][:3]}
    labels = {"source": y, "labeled_target": y[:3]}
    assert seen_of([(x, labels)]).domain_sizes() == [8, 7]
    several = {
        "source_10": np.zeros((3, 2)),
        "source_2": np.zeros((2, 2)),
        "target": np.zeros((1, 2)),
    }
    found = seen_of([(several, {"source_2": y[:2], "source_10": y[:3]})])
    assert found.domain_sizes() == [2, 3, 1]


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        ([0, 0, 0, 2], 3, [0.75, 0, 0.25]),
        ([[0], [1], [1], [1]], 2, [0.25, 0.75]),
        ([0.0, 1.0, 1.0, 1.0], 2, [0.25, 0.75]),
        (np.eye(3)[[0, 0, 1, 1]], 3, [0.5, 0.5, 0]),
        # Soft labels.
        ([[0.9, 0.1], [0.5, 0.5]], 2, [0.7, 0.3]),
        # Samples that the loss leaves out.
        ([0, -1, 1, 255], 2, [0.5, 0.5]),
        ([0, np.nan, 1, 1], 2, [1 / 3, 2 / 3]),
        ([-1, -1], 2, None),
        # No classes.
        ([0.5, 0.1], 2, None),
        ([[1.0, np.nan]], 2, None),
        ([[1.0, -1.0]], 2, None),
        ([[1, 2, 3]], 2, None),
    ],
)
def test_how_often_each_class_occurs(labels, classes, expected):
    labels = np.array(labels)
    x = {"source": np.zeros((len(labels), 2)), "target": np.zeros((2, 2))}
    found = seen_of([(x, labels)]).class_shares(classes)
    if expected is None:
        assert found is None
    else:
        assert found.tolist() == pytest.approx(expected)


def test_labels_are_arrays_of_any_shape():
    """As NumPy compares a name with each of their elements."""
    x = {"source": np.zeros((3, 2)), "target": np.zeros((2, 2))}
    found = seen_of([(x, np.eye(2)[[0, 0, 1]])]).class_shares(2)
    assert found.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_labels_of_all_sources_and_not_of_the_target_count():
    x = {
        "source_0": np.zeros((2, 2)),
        "source_1": np.zeros((2, 2)),
        "target": np.zeros((2, 2)),
        "labeled_target": np.zeros((4, 2)),
    }
    y = {
        "source_0": np.array([0, 0]),
        "source_1": np.array([0, 1]),
        "labeled_target": np.array([1, 1, 1, 1]),
    }
    assert seen_of([(x, y)]).class_shares(2).tolist() == [0.75, 0.25]
    several_outputs = {"a": np.zeros(8), "b": np.zeros(8)}
    assert seen_of([(batch(0)[0], several_outputs)]).class_shares(2) is None


def test_a_watched_dataset_yields_the_same():
    x, y = np.arange(64.0).reshape(32, 2), np.arange(32)
    data = keras_grl.pair((x, y), x + 100, batch_size=8, seed=1)
    again = keras_grl.pair((x, y), x + 100, batch_size=8, seed=1)
    seen = Seen()
    watched = WatchedDataset(data, seen)
    for _ in range(2):
        watched.on_epoch_begin()
        again.on_epoch_begin()
        assert watched.num_batches == again.num_batches
        for index in range(len(again)):
            (a, a_y), (b, b_y) = watched[index], again[index]
            np.testing.assert_array_equal(a["source"], b["source"])
            np.testing.assert_array_equal(a["target"], b["target"])
            np.testing.assert_array_equal(a_y, b_y)
        watched.on_epoch_end()
        again.on_epoch_end()
    assert len(seen.batches) == len(again)
