import warnings

import keras
import numpy as np
import pytest

from keras_grl import pair
from keras_grl.streams import values
from keras_grl.streams.values import first_not_finite
from tests.paired_data import Batches
from tests.paired_data import jax_array
from tests.paired_data import numbered
from tests.paired_data import source
from tests.paired_data import target
from tests.paired_data import walk

BAD = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(3000,), (3000, 5), (3000, 9, 7, 3)])
def test_the_first_row_that_is_not_finite(shape, dtype, value, monkeypatch):
    # In many pieces.
    monkeypatch.setattr(values, "_PIECE_BYTES", 2**12)
    array = np.ones(shape, dtype)
    assert first_not_finite(array) is None
    for row in (2999, 1234, 0):
        array[(row, *[-1] * (len(shape) - 1))] = value
        assert first_not_finite(array) == row
        assert first_not_finite(np.asfortranarray(array)) == row


@pytest.mark.parametrize("value", [1e300, -1e300, 5e-324])
def test_large_and_small_values_are_finite(value):
    assert first_not_finite(np.full((10, 3), value)) is None


def test_bfloat16():
    array = np.array(jax_array(numbered(10)).astype("bfloat16"))
    assert first_not_finite(array) is None
    array[7, 1] = np.nan
    assert first_not_finite(array) == 7


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_integers_are_finite(dtype):
    assert first_not_finite(np.ones((10, 3), dtype)) is None


# Labels.


def test_the_model_checks_labels_that_are_not_finite():
    """Its loss may mask them."""
    x, y = source()
    y = y.astype("float32")
    y[5] = np.nan
    dataset = pair((x, y), target(), batch_size=24, shuffle=False)
    np.testing.assert_array_equal(dataset[0][1], y)


def test_sample_weights_that_are_not_finite():
    weights = np.ones(12)
    weights[2] = np.nan
    with pytest.raises(ValueError, match=r"finite sample weights.*sample 2"):
        pair((*source(), weights), target())


def test_sample_weights_of_a_dataset_that_are_not_finite():
    x, y = source()
    weights = np.ones(12)
    weights[5] = np.nan
    batches = [
        tuple(part[start : start + 4] for part in (x, y, weights))
        for start in (0, 4, 8)
    ]

    class WithWeights(keras.utils.PyDataset):
        def __len__(self):
            return len(batches)

        def __getitem__(self, index):
            return batches[index]

    dataset = pair(WithWeights(), target(), batch_size=8)
    _ = dataset[0]
    with pytest.raises(ValueError, match="weights of sample 1 of a batch"):
        dataset[1]


# Inputs.


def spoiled(x, row=3):
    x = np.array(x)
    x[row, 1] = np.nan
    return x


@pytest.mark.parametrize(
    ("name", "streams"),
    [
        ("source", ((spoiled(numbered(12)), np.arange(12)), target())),
        ("target", (source(), spoiled(target()))),
        (
            "labeled_target",
            (source(), target(), (spoiled(numbered(12)), np.arange(12))),
        ),
        (
            "target",
            (
                ({"a": numbered(12), "b": numbered(12)}, np.arange(12)),
                {"a": target(), "b": spoiled(target())},
            ),
        ),
    ],
)
def test_inputs_that_are_not_finite(name, streams):
    with pytest.warns(UserWarning, match="not all finite") as warned:
        walk(pair(*streams, batch_size=12))
    (warning,) = warned
    assert f"of the {name} stream" in str(warning.message)
    assert "a NaN or infinite value is 3." in str(warning.message)
    assert "weights of the model into NaN" in str(warning.message)
    # Where the user called `pair`.
    assert warning.filename == __file__


def test_inputs_of_a_dataset_that_are_not_finite_warn_once():
    dataset = pair(source(), Batches(spoiled(target(), row=5)), batch_size=8)
    _ = dataset[0]
    with pytest.warns(UserWarning, match=r"target.*is 1 of a batch") as warned:
        walk(dataset)
        walk(dataset)
    assert len(warned) == 1


@pytest.fixture
def memory_mapped(tmp_path):
    def made(array, name="x.npy"):
        np.save(tmp_path / name, array)
        return np.load(tmp_path / name, mmap_mode="r")

    return made


def test_small_memory_mapped_arrays_are_read_at_once(memory_mapped):
    with pytest.warns(UserWarning, match="value is 3\\."):
        pair(source(), memory_mapped(spoiled(target())), batch_size=8)


def test_large_memory_mapped_arrays_are_checked_by_batch(
    memory_mapped, monkeypatch
):
    monkeypatch.setattr(values, "_READ_AT_ONCE_BYTES", 10)
    y = source()[1]
    y = np.where(y == 11, np.nan, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = pair(
            (memory_mapped(numbered(12)), memory_mapped(y, "y.npy")),
            memory_mapped(spoiled(target(), row=5), "target.npy"),
            batch_size=8,
            shuffle=False,
        )
        seen = []
        dataset.check_labels(lambda name, labels: seen.append(labels))
        assert not seen
        _ = dataset[0]
    np.testing.assert_array_equal(seen, [range(4)])
    with pytest.warns(UserWarning, match=r"target.*is 1 of a batch") as warned:
        _ = dataset[1], dataset[1]
    assert len(warned) == 1
    _ = dataset[2]
    assert np.isnan(seen[-1][3])
