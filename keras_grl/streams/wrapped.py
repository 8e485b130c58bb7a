"""A dataset that passes on the batches of another one."""

import contextlib
from collections.abc import Iterator

import keras

from keras_grl.types import Batch
from keras_grl.types import Data


class WrappedDataset(keras.utils.PyDataset):
    """Has the length, the workers and the epochs of another dataset.

    A subclass defines `__getitem__`.

    Args:
        dataset: The other one.
    """

    def __init__(self, dataset: keras.utils.PyDataset):
        super().__init__(
            workers=dataset.workers,
            use_multiprocessing=dataset.use_multiprocessing,
            max_queue_size=dataset.max_queue_size,
        )
        self._dataset = dataset

    @property
    def num_batches(self) -> int | None:
        return self._dataset.num_batches

    def on_epoch_begin(self) -> None:
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()


class LentDataset(WrappedDataset):
    """The batches of a dataset, until it is taken back."""

    def __getitem__(self, index: int) -> Batch:
        return self._dataset[index]

    def take_back(self) -> None:
        self._dataset = None


@contextlib.contextmanager
def lent(data: Data) -> Iterator[Data]:
    """Data for Keras, which it does not keep after this context.

    TensorFlow 2.21 never frees the graph that reads a generator, and with it
    the `keras.utils.PyDataset`. Ours would keep its arrays, and through its
    checks the model and a thread of each `fit`.

    Args:
        data: Any data. Only a `PyDataset` is wrapped.
    """
    if not isinstance(data, keras.utils.PyDataset):
        yield data
        return
    dataset = LentDataset(data)
    try:
        yield dataset
    finally:
        dataset.take_back()
