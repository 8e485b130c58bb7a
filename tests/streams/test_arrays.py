import numpy as np
import pytest

from keras_grl import pair
from tests.paired_data import jax_array
from tests.paired_data import numbered
from tests.paired_data import target
from tests.paired_data import torch_array

X, Y = numbered(12), np.arange(12)


def scipy_sparse():
    return pytest.importorskip("scipy.sparse").csr_array(X)


def torch_sparse():
    return torch_array(X).to_sparse()


def jax_sparse():
    from jax.experimental import sparse

    return sparse.BCOO.fromdense(jax_array(X))


def tensorflow_sparse():
    return pytest.importorskip("tensorflow").sparse.from_dense(X)


@pytest.mark.parametrize(
    "make", [scipy_sparse, torch_sparse, jax_sparse, tensorflow_sparse]
)
def test_sparse_matrices(make):
    with pytest.raises(ValueError, match=r"`source`.*sparse matrix") as error:
        pair((make(), Y), target())
    assert "x.toarray()" in str(error.value)


UNIQUE = "np.unique(labels, return_inverse=True)"
STRINGS = np.array(["cat", "dog", "fox", "cat"] * 3)


@pytest.mark.parametrize(
    ("y", "messages"),
    [
        (STRINGS, ["strings, such as 'cat'", UNIQUE]),
        (STRINGS.astype(object), ["strings, such as 'cat'", UNIQUE]),
        (STRINGS.astype("S"), ["strings", UNIQUE]),
        (STRINGS.astype(np.dtypes.StringDType()), ["strings", UNIQUE]),
        (Y.astype(object), ["objects (dtype object)", '.astype("int64")']),
        (Y.astype("M8[D]"), ["dates or times"]),
        (Y + 1j, ["complex numbers"]),
        (np.zeros(12, [("a", "i4")]), ["structured array"]),
        (np.ma.masked_equal(Y, 3), ["masked array", "filled"]),
        ({"a": Y, "b": STRINGS}, ["strings"]),
        ({"a": Y, "b": None}, ["objects", "NoneType"]),
    ],
)
def test_labels_that_are_not_numbers(y, messages):
    with pytest.raises(ValueError, match=r"`source`.*labels") as error:
        pair((X, y), target())
    for message in messages:
        assert message in str(error.value)


def ragged():
    rows = np.empty(12, object)
    rows[:] = [np.zeros(1 + i % 3) for i in range(12)]
    return rows


@pytest.mark.parametrize(
    ("x", "messages"),
    [
        (STRINGS, ["strings, such as 'cat'", "TextVectorization"]),
        (X.astype(object), ["objects", '.astype("float32")']),
        (ragged(), ["rows of unequal length", "pad_sequences"]),
        (Y.astype("m8[s]"), ["dates or times"]),
        (np.ma.masked_less(X, 0), ["masked array", "filled"]),
    ],
)
def test_inputs_that_are_not_numbers(x, messages):
    with pytest.raises(ValueError, match=r"`target`.*inputs") as error:
        pair((X, Y), x)
    for message in messages:
        assert message in str(error.value)


@pytest.mark.parametrize(
    "y",
    [
        Y % 2 == 0,
        Y.astype("uint8"),
        Y.astype("float16"),
        Y[:, None],
        np.eye(12),
    ],
)
def test_labels_that_are_numbers_stay_as_they_are(y):
    _, labels = pair((X, y), target(), batch_size=24, shuffle=False)[0]
    assert labels.dtype == y.dtype
    np.testing.assert_array_equal(labels, y)


def test_a_masked_array_without_masked_values():
    _, y = pair((X, np.ma.array(Y)), target(), batch_size=24, shuffle=False)[0]
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, Y)


def test_bfloat16():
    x = jax_array(X).astype("bfloat16")
    batch, _ = pair((x, Y), x, batch_size=24, shuffle=False)[0]
    assert batch["target"].dtype.name == "bfloat16"


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i4", ">u2"])
def test_numbers_of_the_other_byte_order(dtype, tmp_path):
    """As FITS and netCDF files have them; mapped into memory, too."""
    swapped = np.memmap(tmp_path / "x", dtype, "w+", shape=X.shape)
    swapped[:] = X
    y = Y.astype(">i8")
    batch, labels = pair((swapped, y), swapped, batch_size=8)[0]
    rows = labels % len(X)
    assert labels.dtype == np.int64 and labels.dtype.isnative
    for got in batch.values():
        assert got.dtype == np.dtype(dtype).newbyteorder("=")
        assert got.dtype.isnative
    np.testing.assert_array_equal(batch["source"], X[rows].astype(dtype))


def test_texts_in_a_tf_data_dataset():
    data = pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices
    dataset = pair(data((STRINGS, Y)).batch(4), data(STRINGS).batch(4))
    with pytest.raises(ValueError, match=r"`source`.*strings") as error:
        dataset[0]
    assert "dataset.map(" in str(error.value)
