"""A dataset that passes on the batches of another one."""

import keras


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
