import itertools

import numpy as np
import pytest

from keras_grl import pair
from tests.paired_data import numbered
from tests.paired_data import target


class Frame:
    """A table with names of columns, as those of pandas and Polars are."""

    def __init__(self, array, *columns):
        self.columns, self._array = columns, array
        self.shape, self.dtype = array.shape, array.dtype

    def __array__(self, dtype=None, copy=None):
        return self._array


class Table:
    """Like pyarrow's: its `columns` are not names."""

    def __init__(self, array, *columns):
        self.column_names, self._array = list(columns), array
        self.shape, self.columns = array.shape, list(array.T)

    def __array__(self, dtype=None, copy=None):
        return self._array


class Series:
    """Like pandas': its index is ignored."""

    def __init__(self, array):
        self._array, self.shape, self.dtype = array, array.shape, array.dtype
        self.index = np.arange(len(array))[::-1]

    def __array__(self, dtype=None, copy=None):
        return self._array


FRAMES = [Frame, Table]
Y = np.arange(12)


def streams(frame_a, frame_b, columns_b=("b", "a")):
    source = frame_a(numbered(12), "a", "b")
    return source, frame_b(target()[:, ::-1], *columns_b)


@pytest.mark.parametrize("frame_a", FRAMES)
@pytest.mark.parametrize("frame_b", FRAMES)
def test_columns_are_matched_by_name(frame_a, frame_b):
    source, other = streams(frame_a, frame_b)
    x, _ = pair((source, Y), other, batch_size=24, shuffle=False)[0]
    np.testing.assert_array_equal(x["source"], numbered(12))
    np.testing.assert_array_equal(x["target"], target())


def test_columns_in_dicts_and_of_labeled_target_samples():
    source, other = streams(Frame, Frame)
    x, _ = pair(
        ({"t": source}, Y),
        {"t": other},
        ({"t": other}, Y),
        batch_size=36,
        shuffle=False,
    )[0]
    np.testing.assert_array_equal(x["target"]["t"], target())
    np.testing.assert_array_equal(x["labeled_target"]["t"], target())


def test_columns_of_batches():
    source, other = streams(Frame, Frame)
    dataset = pair((source, Y), itertools.cycle([other, source]), batch_size=24)
    np.testing.assert_array_equal(dataset[0][0]["target"], target())
    np.testing.assert_array_equal(dataset[1][0]["target"], numbered(12))


def test_columns_of_labels():
    y = np.stack([Y, -Y], axis=1)
    _, labels = pair(
        (numbered(12), Frame(y, "u", "v")),
        target(),
        (numbered(12), Frame(y[:, ::-1], "v", "u")),
        batch_size=36,
        shuffle=False,
    )[0]
    np.testing.assert_array_equal(labels["source"], labels["labeled_target"])


def test_the_name_of_one_column_of_labels_does_not_matter():
    y = Y[:, None]
    _, labels = pair(
        (numbered(12), Frame(y, "class")),
        target(),
        (numbered(12), Frame(y, "label")),
        batch_size=36,
        shuffle=False,
    )[0]
    np.testing.assert_array_equal(labels["labeled_target"], y)


def test_arrays_are_matched_by_position():
    source, _ = streams(Frame, Frame)
    x, _ = pair((source, Y), target(), batch_size=24, shuffle=False)[0]
    np.testing.assert_array_equal(x["target"], target())


def test_series_of_labels():
    source, _ = streams(Frame, Frame)
    _, y = pair((source, Series(Y)), target(), batch_size=24, shuffle=False)[0]
    np.testing.assert_array_equal(y, Y)


@pytest.mark.parametrize(
    ("columns", "messages"),
    [
        (("c", "a"), ["source: ['a', 'b']", "target: ['c', 'a']", "target[['"]),
        (("a", "a"), ["target: ['a', 'a']", "frame.to_numpy()"]),
    ],
)
def test_other_columns(columns, messages):
    source, other = streams(Frame, Frame, columns)
    with pytest.raises(ValueError, match="same columns") as error:
        pair((source, Y), other)
    for message in messages:
        assert message in str(error.value)


def test_columns_of_one_name():
    twice = Frame(np.zeros((12, 3)), "a", "a", "b")
    other = Frame(np.zeros((12, 3)), "a", "b", "a")
    with pytest.raises(ValueError, match="a different name"):
        pair((twice, Y), other)
    pair((twice, Y), twice, batch_size=8)
