"""What a `PairedDataset` needs of each of its streams."""

from typing import Protocol

from keras_grl.types import Batch
from keras_grl.types import LabelCheck


class Stream(Protocol):
    """The batches of one stream, made of arrays or of a dataset."""

    @property
    def num_batches(self) -> int | None:
        """Batches in a pass; None if endless or not known beforehand."""

    @property
    def checked_by_batch(self) -> bool:
        """Whether each batch of labels must be checked when it is read."""

    def check_values(self, stacklevel: int) -> None:
        """Checks the values that can be read at once."""

    def check_labels(self, check: LabelCheck) -> None:
        """Calls `check` with the labels, if they can be read at once."""

    def restart(self) -> None:
        """Begins a new pass."""

    def copied(self) -> "Stream":
        """The same data, read independently of this stream if possible."""

    def batch_of_pass(self, number: int, index: int) -> Batch:
        """Batch `index` of pass `number`; the last one may be smaller."""

    def batch_of_walk(self, index: int) -> Batch:
        """Batch `index` of an endless series of passes."""
