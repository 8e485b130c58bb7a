"""Samples that carry their own numbers, as arrays and as datasets.

Source 0, 1, 2, …, labeled with their number, and target 100, 101, 102, ….
"""

import itertools

import keras
import numpy as np
import pytest


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
    """The numbers of the samples of a stream, in their order."""
    first = 100 if name == "target" else 0
    numbers = np.concatenate([x[name][:, 0] for x, *_ in batches])
    return (numbers - first).astype(int).tolist()


def sizes(batches, name):
    return [len(x[name]) for x, *_ in batches]


def name_of(function):
    return function.__name__


# Arrays of every library.


def jax_array(array):
    return pytest.importorskip("jax").numpy.asarray(array)


def torch_array(array):
    return pytest.importorskip("torch").tensor(array)


def tensorflow_array(array):
    return pytest.importorskip("tensorflow").constant(array)


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
    """Shuffles itself, if at all, in `on_epoch_end` as usual."""

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


def grain_samples(x, y=None):
    def sample(i):
        return x[i] if y is None else (x[i], y[i])

    return pytest.importorskip("grain").MapDataset.range(len(x)).map(sample)


def grain_map(x, y=None, batch=4):
    return grain_samples(x, y).batch(batch)


def tf_data_of_unknown_length(x, y=None, batch=4):
    return tf_data(x, y, batch).filter(lambda *_: True)


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
    """Of length `sys.maxsize`."""
    return grain_map(x, y, batch).repeat()


def endless_grain_map_batched_late(x, y=None, batch=4):
    """Of length `sys.maxsize / batch`."""
    return grain_samples(x, y).repeat().batch(batch)


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
    endless_grain_map_batched_late,
    endless_grain_iter,
    endless_py_dataset,
    generator,
]
