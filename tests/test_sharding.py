"""`pair(shard=…)`: every process reads its part of each batch."""

import keras
import numpy as np
import pytest
from keras import tree

from keras_grl import pair


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays, size):
        super().__init__()
        self.arrays, self.size = arrays, size

    def __len__(self):
        return -(-len(self.arrays[0]) // self.size)

    def __getitem__(self, index):
        rows = slice(index * self.size, (index + 1) * self.size)
        parts = tuple(array[rows] for array in self.arrays)
        return parts if len(parts) > 1 else parts[0]


def numbers(start, count):
    return np.arange(start, start + count, dtype="float32")


def arrays(**kwargs):
    x = numbers(0, 36)
    return pair((x, x % 3), numbers(100, 24), batch_size=(12, 6), **kwargs)


def every_kind(**kwargs):
    """Weights, a dict of inputs, and labeled target samples."""

    def inputs(start, count):
        return {"a": numbers(start, count), "b": numbers(-start, count)}

    x = inputs(0, 30)
    return pair(
        (x, x["a"] % 3, x["a"] / 30),
        inputs(100, 24),
        (inputs(200, 9), numbers(0, 9) % 3),
        batch_size=(6, 12, 3),
        **kwargs,
    )


def several_sources(**kwargs):
    x = numbers(0, 36)
    return pair(
        [(x[:12], x[:12] % 3), (x[12:], x[12:] % 3)],
        numbers(100, 20),
        batch_size=(3, 6, 9),
        **kwargs,
    )


def datasets(**kwargs):
    x = numbers(0, 36)
    return pair(
        Batches(x, x % 3, size=6), Batches(numbers(100, 27), size=9), **kwargs
    )


def read(dataset, epochs=2):
    """All batches, one after the other."""
    found = []
    for _ in range(epochs):
        dataset.on_epoch_begin()
        found += [dataset[index] for index in range(len(dataset))]
    return found


@pytest.mark.parametrize(
    "make", [arrays, every_kind, several_sources, datasets]
)
@pytest.mark.parametrize("length", ["longest", "shortest"])
def test_the_parts_make_up_each_batch(make, length):
    whole = read(make(seed=5, length=length))
    parts = [
        read(make(seed=5, length=length, shard=(index, 3)))
        for index in range(3)
    ]
    assert len(whole) == len(parts[0])
    for batch, *of_processes in zip(whole, *parts, strict=True):
        joined = tree.map_structure(
            lambda *each: np.concatenate(each), *of_processes
        )
        tree.map_structure(np.testing.assert_array_equal, joined, batch)
        sizes = {len(x) for x in tree.flatten(of_processes[0][0])}
        assert sizes == {len(x) // 3 for x in tree.flatten(batch[0])}


def test_an_epoch_has_each_sample_once():
    samples = [
        x["source"]
        for index in range(2)
        for x, _ in read(
            arrays(seed=1, length="source", shard=(index, 2)), epochs=1
        )
    ]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(samples)), numbers(0, 36)
    )


def test_the_whole_batch():
    tree.map_structure(
        np.testing.assert_array_equal,
        read(arrays(seed=2, shard=(0, 1))),
        read(arrays(seed=2)),
    )
    assert arrays().shard is None
    assert arrays(seed=2, shard=[1, 3]).shard == (1, 3)
    # One process needs no common seed, nor do batches in their own order.
    assert arrays(shard=(0, 1)).shard == (0, 1)
    assert arrays(shuffle=False, shard=(1, 2)).shard == (1, 2)


@pytest.mark.parametrize(
    "shard",
    [(2, 2), (-1, 2), (0, 0), (0,), (0, 1, 2), (True, 2), (0.0, 2), "01", 1],
)
def test_what_is_no_part_of_a_batch(shard):
    with pytest.raises(ValueError, match=r"`shard`.*\(index, count\)"):
        arrays(seed=0, shard=shard)


def test_batches_that_the_processes_do_not_divide():
    def message(**kwargs):
        with pytest.raises(ValueError) as caught:
            arrays(seed=0, **kwargs)
        return str(caught.value)

    assert "source stream" in message(shard=(0, 5))
    assert "target stream" in message(shard=(1, 4))
    assert "batch_size=6 on 4 processes" in message(shard=(1, 4))


def test_a_last_batch_that_the_processes_do_not_divide():
    x = numbers(0, 27)
    make = {"batch_size": 12, "seed": 0, "shard": (0, 2)}
    assert len(pair((x, x), x, **make)) == 4
    with pytest.raises(ValueError, match="batch_size=3 on 2 processes"):
        pair((x, x), x, drop_remainder=False, **make)


def test_a_batch_of_a_dataset_that_the_processes_do_not_divide():
    dataset = datasets(shard=(0, 2), shuffle=False)
    with pytest.raises(ValueError, match=r"target stream.*=9 on 2 processes"):
        dataset[0]


def test_processes_need_a_common_order():
    with pytest.raises(ValueError, match=r"`seed`.*in all 3 processes"):
        arrays(shard=(0, 3))


def test_devices_share_what_a_process_reads():
    dataset = arrays(seed=0, shard=(1, 2))
    dataset.check_divisible(devices=6)
    with pytest.raises(ValueError, match="batch_size=12 on 8 devices"):
        dataset.check_divisible(devices=8)
    dataset = datasets(seed=0, shard=(1, 3))
    dataset.check_divisible(devices=6)
    with pytest.raises(ValueError, match=r"target stream.*=9 on 6 devices"):
        dataset[0]
