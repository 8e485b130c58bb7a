import keras
import numpy as np
import pytest

from keras_grl import pair
from tests.paired_data import Batches
from tests.paired_data import generator
from tests.paired_data import iterable
from tests.paired_data import numbered
from tests.paired_data import order
from tests.paired_data import sizes
from tests.paired_data import source
from tests.paired_data import split
from tests.paired_data import target
from tests.paired_data import tf_data
from tests.paired_data import torch_loader
from tests.paired_data import walk

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


def test_sample_weight_of_none_is_dropped():
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
    streams = {"source": source(), "labeled_target": source()}
    streams[weighted] = (*source(), np.full(12, 0.25))
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


# The length and the samples of an epoch.


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


def test_streams_are_shuffled_differently():
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
    """The stream that defines an epoch starts again, the other continues."""
    dataset = pair(source(8), target(5), batch_size=8, shuffle=False)
    for expected in ([0, 1, 2, 3, 4, 0, 1, 2], [3, 4, 0, 1, 2, 3, 4, 0]):
        batches = walk(dataset)
        assert order(batches, "source") == [*range(8)]
        assert order(batches, "target") == expected


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_long_stream_is_used_completely_over_the_epochs(shuffle):
    dataset = pair(
        source(8), target(40), batch_size=8, length="source", shuffle=shuffle
    )
    batches = [batch for _ in range(10) for batch in walk(dataset)]
    passes = np.reshape(order(batches, "target"), (2, 40))
    np.testing.assert_array_equal(np.sort(passes), [range(40)] * 2)
    assert (passes[0] != passes[1]).any() == shuffle


def test_set_epoch_resumes_a_run():
    def made():
        return pair(source(20), target(30), batch_size=8, seed=1)

    dataset, resumed = made(), made()
    epochs = [order(walk(dataset), "source") for _ in range(4)]
    resumed.set_epoch(2)
    assert [order(walk(resumed), "source") for _ in range(2)] == epochs[2:]
    assert resumed.next_epoch == 3


def test_a_batch_depends_only_on_its_index():
    """In any order, and if it is read again."""
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


def test_with_steps_does_not_change_the_dataset():
    dataset = pair(source(), target(), batch_size=8)
    assert len(dataset.with_steps(2)) == 2
    assert len(dataset) == 3


def test_with_steps_continues_in_the_next_fit():
    """`fit(steps_per_epoch=2)` makes such a dataset in every call."""

    def made():
        return pair(source(8), target(20), batch_size=8, seed=1)

    dataset, batches = made(), []
    for epoch in range(5):
        limited = dataset.with_steps(2)
        assert limited.next_epoch == epoch
        limited.set_epoch(epoch)
        batches += walk(limited)
    unbroken = walk(made().with_steps(10))
    for name, count in (("source", 8), ("target", 20)):
        assert order(batches, name) == order(unbroken, name)
        passes = np.reshape(order(batches, name), (-1, count))
        np.testing.assert_array_equal(
            np.sort(passes), [range(count)] * len(passes)
        )


# Bad input: one error, with a hint.


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
            ["source", "the same number of samples", "[11, 12]"],
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
            lambda: pair(source(), target(), shuffle="no"),
            ["`shuffle`", "True or False", "shuffle='no'"],
        ),
        (
            lambda: pair(source(), target(), drop_remainder="no"),
            ["`drop_remainder`", "True or False", "drop_remainder='no'"],
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
            ["`target`", "arrays or a dataset", "Received: 3.0"],
        ),
        (
            lambda: pair((numbered(12), 3), target()),
            ["`source`", "first axis", "a scalar", "(12, 2), 3)"],
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
        assert message in str(error.value)


# The epoch.


def test_an_epoch_of_evaluate_is_not_one_of_training():
    dataset = pair(source(20), target(30), batch_size=8, seed=1)
    dataset.set_epoch(0)
    walk(dataset)
    walk(dataset)
    assert dataset.next_epoch == 1


def test_batches_before_the_first_epoch_are_those_of_epoch_0():
    dataset = pair(source(20), target(30), batch_size=8, seed=1)
    early = dataset[2][0]["source"]
    np.testing.assert_array_equal(early, walk(dataset)[2][0]["source"])


# Keras's workers would begin an epoch before `on_epoch_begin`.


@pytest.mark.parametrize(
    ("argument", "value"), [("workers", 3), ("use_multiprocessing", True)]
)
def test_parallel_reading_is_refused(argument, value):
    dataset = pair(source(), target(), batch_size=8)
    with pytest.raises(ValueError, match=f"`{argument}`.*`workers`") as error:
        setattr(dataset, argument, value)
    assert "num_workers" in str(error.value)
    assert (dataset.workers, dataset.use_multiprocessing) == (1, False)


def test_one_worker_is_not_refused():
    dataset = pair(source(), target(), batch_size=8)
    dataset.workers, dataset.use_multiprocessing = 1, False
    dataset.max_queue_size = 3
    with pytest.raises(ValueError, match="`workers`"):
        dataset.with_steps(3).workers = 2


# Checks of a model's own.


def recorded():
    calls = []
    return calls, lambda *what: calls.append(what)


def test_labels_of_arrays_are_checked_at_once():
    data = (*source(), np.ones(12))
    dataset = pair(data, target(), source(6), batch_size=6)
    calls, check = recorded()
    dataset.check_labels(check)
    assert [name for name, _ in calls] == ["source", "labeled_target"]
    np.testing.assert_array_equal(calls[0][1], np.arange(12))
    np.testing.assert_array_equal(calls[1][1], np.arange(6))
    walk(dataset)
    assert len(calls) == 2


def test_labels_of_datasets_are_checked_when_read():
    x, y = source(8)
    dataset = pair(
        iter(split(x, y, 4)), target(), (x, -y), batch_size=12
    ).with_steps(2)
    calls, check = recorded()
    dataset.check_labels(check)
    ((name, labels),) = calls
    assert name == "labeled_target"
    np.testing.assert_array_equal(labels, -y)
    walk(dataset)
    assert [name for name, _ in calls[1:]] == ["source", "source"]
    np.testing.assert_array_equal(calls[1][1], range(4))
    np.testing.assert_array_equal(calls[2][1], range(4, 8))


def test_a_check_of_labels_replaces_the_last_one_and_survives_with_steps():
    dataset = pair(Batches(*source()), target(), batch_size=8)
    first, second = recorded(), recorded()
    dataset.check_labels(first[1])
    dataset.check_labels(second[1])
    _ = dataset.with_steps(2)[0]
    assert (len(first[0]), len(second[0])) == (0, 1)


def test_a_check_of_inputs_replaces_the_default():
    dataset = pair(source(), np.zeros((12, 7)), batch_size=8)
    with pytest.raises(ValueError, match="same shape"):
        dataset[0]
    calls, check = recorded()
    dataset.check_inputs(check)
    ((x,),) = calls
    assert (x["source"].shape, x["target"].shape) == ((12, 2), (12, 7))
    assert dataset[0][0]["target"].shape == (4, 7)


def test_inputs_of_datasets_are_checked_when_read():
    dataset = pair(Batches(*source()), target(), batch_size=8)
    calls, check = recorded()
    dataset.check_inputs(check)
    assert not calls
    _ = dataset[0], dataset[1]
    assert [len(x["source"]) for (x,) in calls] == [4, 4]
