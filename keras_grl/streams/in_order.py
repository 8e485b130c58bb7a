"""A dataset whose batches are read one after the other."""

import keras

from keras_grl.validation import check_integer
from keras_grl.validation import invalid


class ReadInOrder(keras.utils.PyDataset):
    """A `PyDataset` without Keras's workers.

    They read the first batches of an epoch before they call `on_epoch_begin`,
    and keep batches of the previous epoch.
    """

    @property
    def workers(self) -> int:
        """Integer: 1. The datasets that are paired may have workers."""
        return 1

    @workers.setter
    def workers(self, value: int) -> None:
        if check_integer("workers", value, minimum=0) > 1:
            raise ValueError(_parallel("workers", "1", value))

    @property
    def use_multiprocessing(self) -> bool:
        """Boolean: False."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        if value:
            raise ValueError(_parallel("use_multiprocessing", "False", value))


def _parallel(argument: str, expected: str, received: object) -> str:
    return invalid(
        argument,
        f"{expected}: a paired dataset is read in order, without Keras's "
        "`workers`, which would mix the batches of two epochs",
        received,
        "Use workers in the datasets that you pair: "
        "`torch.utils.data.DataLoader(…, num_workers=3)`, or for tf.data "
        "`dataset.map(…, num_parallel_calls=3).prefetch(3)`.",
    )
