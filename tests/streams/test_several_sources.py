"""Several sources: a stream for each of them, in the list's order."""

import numpy as np
import pytest

from keras_grl import pair
from keras_grl.methods import Rows
from keras_grl.methods import rows
from keras_grl.streams import sources_in
from tests.paired_data import Batches
from tests.paired_data import generator
from tests.paired_data import numbered
from tests.paired_data import order
from tests.paired_data import source
from tests.paired_data import target
from tests.paired_data import walk
from tests.testing import to_numpy

pytestmark = pytest.mark.backend_free


def second(count=12):
    """Samples 200, 201, …, labeled with their number."""
    return numbered(count, first=200), 200 + np.arange(count)


def sizes(x):
    return {name: len(part) for name, part in x.items()}


def test_a_stream_for_each_source():
    dataset = pair([source(), second()], target(), batch_size=12, seed=1)
    batches = walk(dataset)
    assert dataset.stream_names == ("source_0", "source_1", "target")
    for x, y in batches:
        assert list(x) == ["source_0", "source_1", "target"]
        assert list(y) == ["source_0", "source_1"]
        for name, labels in y.items():
            np.testing.assert_array_equal(x[name][:, 0], labels)
    assert sorted(order(batches, "source_0")) == list(range(12))
    assert sorted(order(batches, "source_1")) == list(range(200, 212))
    # Each has an order of its own.
    assert order(batches, "source_0") != [
        number - 200 for number in order(batches, "source_1")
    ]


def test_a_list_of_one_is_that_source():
    """To the bit: names, seeds, orders, labels."""
    one = walk(pair(source(20), target(30), batch_size=8, seed=1))
    listed = walk(pair([source(20)], target(30), batch_size=8, seed=1))
    assert len(one) == len(listed)
    for (x, y), (again, labels) in zip(one, listed, strict=True):
        assert sorted(again) == ["source", "target"]
        np.testing.assert_array_equal(y, labels)
        for name in x:
            np.testing.assert_array_equal(x[name], again[name])


def test_the_orders_of_one_source_are_those_of_before():
    """The seeds of the three streams, by the generator itself."""
    dataset = pair(
        source(), target(), source(), batch_size=(12, 12, 12), seed=5
    )
    x, _ = dataset[0]
    for number, name in enumerate(["source", "target", "labeled_target"]):
        wanted = np.random.default_rng((5, number, 0)).permutation(12)
        first = 100 if name == "target" else 0
        np.testing.assert_array_equal(x[name][:, 0] - first, wanted)


@pytest.mark.parametrize(
    ("batch_size", "labeled", "expected"),
    [
        (None, False, (64, 64, 64)),
        (12, False, (4, 4, 4)),
        (13, False, (5, 4, 4)),
        (14, False, (5, 5, 4)),
        (10, True, (3, 3, 2, 2)),
        ((3, 2, 5), False, (3, 2, 5)),
        ({"target": 5, "source_1": 2, "source_0": 3}, False, (3, 2, 5)),
    ],
)
def test_batch_sizes(batch_size, labeled, expected):
    labeled_target = source(70) if labeled else None
    dataset = pair(
        [source(70), second(70)],
        target(70),
        labeled_target,
        batch_size=batch_size,
    )
    x, _ = dataset[0]
    assert tuple(map(len, x.values())) == expected


@pytest.mark.parametrize(
    ("length", "batches"),
    [
        ("longest", 10),
        ("shortest", 2),
        ("source_0", 5),
        ("source_1", 10),
        ("target", 2),
    ],
)
def test_length_of_an_epoch(length, batches):
    dataset = pair(
        [source(20), second(40)], target(8), batch_size=12, length=length
    )
    assert len(dataset) == len(walk(dataset)) == batches


def test_labeled_target_and_weights_of_one_source():
    x, y = source()
    weighted = (x, y, np.full(12, 0.5))
    dataset = pair(
        [second(), weighted], target(), source(), batch_size=(2, 3, 4, 5)
    )
    x, y, weight = dataset[0]
    assert list(x) == ["source_0", "source_1", "target", "labeled_target"]
    assert list(y) == list(weight) == ["source_0", "source_1", "labeled_target"]
    assert weight["source_0"].tolist() == [1.0] * 2
    assert weight["source_1"].tolist() == [0.5] * 3
    assert weight["labeled_target"].tolist() == [1.0] * 5


def test_missing_weights_of_several_outputs_become_ones():
    x, y = source()
    outputs = {"a": y, "b": y}
    weights = {"a": np.full(12, 0.5), "b": np.full((12, 1), 2.0)}
    dataset = pair(
        [(x, outputs), (x, outputs, weights)], target(), batch_size=9
    )
    *_, weight = dataset[0]
    assert weight["source_0"]["a"].tolist() == [1.0] * 3
    assert weight["source_0"]["b"].tolist() == [[1.0]] * 3
    assert weight["source_1"]["b"].tolist() == [[2.0]] * 3


def test_datasets_and_arrays():
    dataset = pair(
        [Batches(*source(8)), second(), generator(*source(12), batch=2)],
        target(),
        batch_size={"source_1": 3, "target": 6},
        length="source_1",
    )
    assert len(dataset) == 4
    batches = walk(dataset)
    assert [sizes(x) for x, _ in batches] == [
        {"source_0": 4, "source_1": 3, "source_2": 2, "target": 6}
    ] * 4
    assert order(batches, "source_0") == [*range(8), *range(8)]
    assert order(batches, "source_2") == list(range(8))


def test_eleven_sources_keep_their_order():
    """Frameworks sort the keys of a dict: "source_10" before "source_2"."""
    names = [f"source_{number}" for number in range(11)]
    assert sources_in(["target", *sorted(names)]) == names
    x = {name: np.full((1, 2), i) for i, name in enumerate(names)}
    x = {name: x[name] for name in sorted(x)} | {"target": np.full((2, 2), 11)}
    labels, _ = rows.joined_labels(
        x, {name: np.array([int(name[7:])]) for name in sorted(names)}, None
    )
    assert to_numpy(labels).tolist() == list(range(11))
    joint = to_numpy(rows.joined(list(rows.by_domain(x).values())))
    domains = to_numpy(Rows.of(x).domains())
    np.testing.assert_array_equal(joint[:, 0], domains)
    assert domains.tolist() == [*range(11), 11, 11]


def test_rows_of_several_sources():
    x = {
        "source_1": np.zeros((3, 2)),
        "target": np.zeros((4, 2)),
        "labeled_target": np.zeros((1, 2)),
        "source_0": np.zeros((2, 2)),
    }
    of_batch = Rows.of(x)
    assert (of_batch.source, of_batch.labeled, of_batch.total) == (5, 6, 10)
    assert of_batch.sources == (2, 3)
    assert of_batch.domain_sizes == (2, 3, 5)
    assert to_numpy(of_batch.domains()).tolist() == [0] * 2 + [1] * 3 + [2] * 5
    assert Rows(source=3, labeled=3, total=4).sources == (3,)


X, Y = source()


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda: pair([], X),
            ["`source`", "at least one source", "an empty list"],
        ),
        (
            lambda: pair([(X, Y), X], X),
            ["`source[1]`", "`(x, y)`", "array of shape (12, 2)", "(x2, y2)"],
        ),
        (
            lambda: pair([(X, Y), (X,)], X),
            ["`source[1]`", "`(x, y)`", "a tuple of length 1"],
        ),
        (
            lambda: pair([(X, Y), (X, None)], X),
            ["`source[1]`", "`(x, y)`"],
        ),
        (
            lambda: pair([X, Y], X),
            ["`source`", "a tuple, `(x, y)`", "[(x1, y1), (x2, y2)]"],
        ),
        (
            lambda: pair([[X, Y], [X, Y]], X),
            ["`source`", "a list of length 2", "[(x1, y1), (x2, y2)]"],
        ),
        (
            lambda: pair([(image, 3) for image in X], X),
            ["`source`", "12 single samples", "np.stack("],
        ),
        (
            lambda: pair([(X, Y), "photos/"], X),
            ["`source[1]`", "'photos/'"],
        ),
        (
            lambda: pair([(X, Y), (X[:, :1], Y)], X, batch_size=6)[0],
            ["source_0: float32 (2,)", "source_1: float32 (1,)"],
        ),
        (
            lambda: pair([(X, Y), ({"a": X}, Y)], X, batch_size=6)[0],
            ["source_1: {'a': 'float32 (2,)'}", "under the same names"],
        ),
        (
            lambda: pair(((X, Y), (X, Y)), X, batch_size=6)[0],
            ["same shape", "several sources as a list of tuples"],
        ),
        (
            lambda: pair([(X, Y), (X, np.eye(12))], X),
            ["labels", "source_0: ()", "source_1: (12,)", "one-hot"],
        ),
        (
            lambda: pair([(X, Y), Batches(X, np.eye(12))], X, batch_size=6)[0],
            ["labels", "source_0: ()", "source_1: (12,)"],
        ),
        (
            lambda: pair([(X, np.eye(12)), (X, np.eye(12)[:, :5])], X),
            ["labels", "source_0: (12,)", "source_1: (5,)"],
        ),
        (
            lambda: pair([(X, Y), (X, {"a": Y})], X),
            ["labels", "source_1: {'a': '()'}", "same outputs"],
        ),
        (
            lambda: pair([(X, Y, np.ones(12)), (X, Y, np.ones((12, 1)))], X),
            ["sample weights", "source_1: (1,)"],
        ),
        (
            lambda: pair((X, Y), X, (X, Y[:, np.newaxis])),
            ["labels", "source: ()", "labeled_target: (1,)"],
        ),
        (
            lambda: pair([(X, Y), (X[:0], Y[:0])], X),
            ["source_1 stream is empty"],
        ),
        (
            lambda: pair([(X, Y), (X, Y)], X, length="source"),
            ["`length`", '"source_0", "source_1", "target"'],
        ),
        (lambda: pair((X, Y), X, length="source_0"), ["`length`", '"source"']),
        (
            lambda: pair([(X, Y), (X, Y)], X, batch_size=2),
            ["`batch_size`", "at least 3", "batch_size=2"],
        ),
        (
            lambda: pair([(X, Y), (X, Y)], X, batch_size=(2, 2)),
            ["`batch_size`", "3 sizes"],
        ),
        (
            lambda: pair(
                [(X, Y), (X, Y)], X, batch_size={"source": 2, "target": 2}
            ),
            ["`batch_size`", '"source_0", "source_1", "target"'],
        ),
    ],
)
def test_errors(make, messages):
    with pytest.raises(ValueError) as error:
        make()
    for message in messages:
        assert message in str(error.value)
