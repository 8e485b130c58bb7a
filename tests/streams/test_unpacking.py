import itertools
from pathlib import Path

import numpy as np
import pytest

from keras_grl import pair
from tests.paired_data import Batches
from tests.paired_data import name_of
from tests.paired_data import numbered
from tests.paired_data import source
from tests.paired_data import target
from tests.paired_data import torch_array

X, Y = source()


class Column:
    """Of samples by index, as those of Hugging Face's `datasets` are."""

    def __init__(self, samples):
        self._samples = samples

    def __len__(self):
        return len(self._samples)

    def __getitem__(self, index):
        return self._samples[index]


class IterableColumn(Column):
    def __iter__(self):
        return iter(self._samples)


IMAGES = np.arange(12 * 4 * 3, dtype="uint8").reshape(12, 4, 3)
COLUMNS = [Column, IterableColumn]


@pytest.mark.parametrize("column", COLUMNS)
def test_columns_of_samples(column):
    x, y = pair(
        (column(IMAGES), column(Y)),
        column(IMAGES + 1),
        batch_size=24,
        shuffle=False,
    )[0]
    np.testing.assert_array_equal(x["source"], IMAGES)
    np.testing.assert_array_equal(x["target"], IMAGES + 1)
    np.testing.assert_array_equal(y, Y)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_of_samples_with_arrays(column):
    dataset = pair((IMAGES, Y), column(IMAGES), batch_size=8, shuffle=False)
    assert len(dataset) == 3
    np.testing.assert_array_equal(dataset[1][0]["target"], IMAGES[4:8])


def test_indexed_batches_are_not_a_column():
    batches = IterableColumn([target(4), target(6)])
    dataset = pair(source(), batches, batch_size=8, length="target")
    assert [len(x["target"]) for x, _ in dataset] == [4, 6]


def test_samples_of_another_shape():
    dataset = pair((IMAGES, Y), IterableColumn(np.zeros((12, 5, 3), "uint8")))
    with pytest.raises(ValueError, match="single samples") as error:
        dataset[0]
    assert "np.stack(" in str(error.value)


# Lists.


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda: pair((X, Y.tolist()), X),
            ["`source`", "list of length 12 (0, 1, ", "y = np.asarray(y)"],
        ),
        (lambda: pair((X, list(Y)), X), ["y = np.asarray(y)"]),
        (
            lambda: pair((X, Y, [1.0] * 12), X),
            ["sample_weight = np.asarray(sample_weight)"],
        ),
        (
            lambda: pair((X.tolist(), Y), X),
            ["`source`", "a list of length 12", "x = np.asarray(x)"],
        ),
        (
            lambda: pair((X, Y), list(X)),
            ["`target`", "a list of length 12", "x = np.asarray(x)"],
        ),
        (
            lambda: pair(([X, X], Y), X),
            ["`source`", "a list of length 2", 'x = {"a": a, "b": b}'],
        ),
        (
            lambda: pair((X, Y), [X, X]),
            ["`target`", "a list of length 2", 'x = {"a": a, "b": b}'],
        ),
        (
            lambda: pair([X, X], {"a": X, "b": X}),
            ["`source`", "a tuple, `(x, y)`", 'x = {"a": a, "b": b}'],
        ),
        (
            lambda: pair([X, X], X),
            ["`source`", "a list of length 2", "[(x1, y1), (x2, y2)]"],
        ),
        (
            lambda: pair((X, Y), X, [(X, Y), (X, Y)]),
            [
                "`labeled_target`",
                "a list of 2 tuples",
                "only `source` may be several",
                "np.concatenate([x1, x2])",
            ],
        ),
        (
            lambda: pair(iter([(X, Y.tolist())]), X)[0],
            ["`source`", "y = np.asarray(y)"],
        ),
        (lambda: pair("photos/", X), ["`source`", "Received: 'photos/'"]),
        (lambda: pair((X, Y), Path("photos")), ["`target`", "Path"]),
    ],
)
def test_lists_and_other_types(make, messages):
    with pytest.raises(ValueError) as error:
        make()
    for message in messages:
        assert message in str(error.value)


def test_labels_of_several_outputs_in_a_list():
    _, (a, b) = pair((X, [Y, -Y]), X, batch_size=24, shuffle=False)[0]
    np.testing.assert_array_equal(a, -b)


# Datasets without batches.


def tf_samples(*data):
    tensorflow = pytest.importorskip("tensorflow")
    data = data[0] if len(data) == 1 else data
    return tensorflow.data.Dataset.from_tensor_slices(data)


def torch_samples(*data):
    data_ = pytest.importorskip("torch").utils.data
    samples = data_.TensorDataset(*map(torch_array, data))
    return data_.DataLoader(samples, batch_size=None)


def python_samples(*data):
    return itertools.cycle(zip(*data, strict=True) if data[1:] else data[0])


@pytest.mark.parametrize(
    "kind", [tf_samples, torch_samples, python_samples], ids=name_of
)
@pytest.mark.parametrize("labels", [Y, np.eye(12, 5)], ids=["y", "one-hot"])
def test_datasets_of_single_samples(kind, labels):
    dataset = pair(kind(X, labels), kind(X))
    with pytest.raises(ValueError, match=r"`source`.*batches") as error:
        dataset[0]
    assert "dataset.batch(64)" in str(error.value)


def test_a_target_dataset_of_single_samples():
    dataset = pair((IMAGES, Y), iter(IMAGES), batch_size=8)
    with pytest.raises(ValueError, match=r"dataset\.batch\(64\)"):
        dataset[0]


# Dicts of images and labels.


class WithMap:
    def map(self, function):
        return self

    def __iter__(self):
        yield {"image": X, "label": Y}


class WithFormat(WithMap):
    def with_format(self, kind):
        return self


def torch_dicts():
    data = pytest.importorskip("torch").utils.data
    samples = [{"image": x, "label": y} for x, y in zip(X, Y, strict=True)]
    return data.DataLoader(samples, batch_size=4)


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (
            lambda: pair({"image": X, "label": Y}, X),
            ['source["image"], source["label"]', 'target = target["image"]'],
        ),
        (
            lambda: pair({"pixels": X, "labels": Y}, X),
            ['source["pixels"], source["labels"]'],
        ),
        (
            lambda: pair(WithMap(), X)[0],
            [
                'source.map(lambda batch: (batch["image"], batch["label"]))',
                'target.map(lambda batch: batch["image"])',
            ],
        ),
        (
            lambda: pair(WithFormat(), X)[0],
            ['np.stack(source["image"])', 'np.stack(target["image"])'],
        ),
        (
            lambda: pair(torch_dicts(), X)[0],
            ["`collate_fn`", 'return batch["image"], batch["label"]'],
        ),
    ],
)
def test_batches_that_are_dicts_of_images_and_labels(make, messages):
    with pytest.raises(ValueError, match=r"`source`.*a dict with") as error:
        make()
    for message in messages:
        assert message in str(error.value)


def test_a_batch_may_be_a_list():
    """As torch's `DataLoader` gives them."""
    dataset = pair(itertools.cycle([[X, Y]]), Batches(numbered(12)))
    np.testing.assert_array_equal(dataset[0][1], Y)
