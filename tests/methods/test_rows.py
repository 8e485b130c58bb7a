import numpy as np
from keras import ops

from keras_grl.methods import Rows
from keras_grl.methods import rows
from tests.testing import to_numpy

X = {
    "target": np.arange(6.0).reshape(3, 2),
    "source": 10 + np.arange(4.0).reshape(2, 2),
    "labeled_target": 20 + np.arange(2.0).reshape(1, 2),
}


def test_source_comes_first_then_labeled_target_then_target():
    batch_rows = Rows.of(X)
    assert (batch_rows.source, batch_rows.labeled, batch_rows.total) == (
        2,
        3,
        6,
    )
    joint = to_numpy(rows.joined(list(rows.by_domain(X).values())))
    np.testing.assert_array_equal(joint[: batch_rows.source], X["source"])
    np.testing.assert_array_equal(
        joint[batch_rows.source : batch_rows.labeled], X["labeled_target"]
    )
    np.testing.assert_array_equal(joint[batch_rows.labeled :], X["target"])
    np.testing.assert_array_equal(
        to_numpy(rows.labeled_rows(ops.convert_to_tensor(joint), X)),
        joint[:3],
    )


def test_domains_are_0_for_source_and_1_for_both_kinds_of_target():
    assert to_numpy(Rows.of(X).domains()).tolist() == [0, 0, 1, 1, 1, 1]
    two = {name: X[name] for name in ("source", "target")}
    assert to_numpy(Rows.of(two).domains()).tolist() == [0, 0, 1, 1, 1]


def test_labels_and_weights_are_in_the_order_of_the_rows():
    y = {"labeled_target": np.array([7]), "source": np.array([1, 2])}
    weight = {"labeled_target": np.array([0.5]), "source": np.array([3.0, 4])}
    labels, weights = rows.joined_labels(X, y, weight)
    assert to_numpy(labels).tolist() == [1, 2, 7]
    assert to_numpy(weights).tolist() == [3.0, 4.0, 0.5]
    labels, weights = rows.joined_labels(X, y, None)
    assert to_numpy(labels).tolist() == [1, 2, 7]
    assert weights is None
    two = {name: X[name] for name in ("source", "target")}
    assert rows.joined_labels(two, "y", "weight") == ("y", "weight")


def test_labels_that_are_structures():
    y = {
        name: {"a": np.full(n, n), "b": np.full((n, 2), n)}
        for name, n in (("source", 2), ("labeled_target", 1))
    }
    labels, _ = rows.joined_labels(X, y, None)
    assert to_numpy(labels["a"]).tolist() == [2, 2, 1]
    assert to_numpy(labels["b"]).shape == (3, 2)
