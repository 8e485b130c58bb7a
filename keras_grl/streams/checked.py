"""A user's datasets, whose batches are checked as they are read."""

import types
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import TypeAlias

import keras

from keras_grl.backend.tf_data import with_checked_labels
from keras_grl.streams.errors import ReadErrors
from keras_grl.streams.wrapped import WrappedDataset
from keras_grl.types import Batch
from keras_grl.types import Data

# Function of a batch, which raises an error.
Check: TypeAlias = Callable[[Batch], None]


def checked(
    data: Data, check: Check, check_labels: Check, errors: ReadErrors
) -> Data:
    """A dataset of the same kind, which checks each batch that is read.

    No batch is read that is not passed on: a dataset may give it only once.

    Args:
        data: A dataset that Keras takes. Others are returned as they are.
        check: Called with each batch.
        check_labels: Called instead with those of tf.data: their inputs are
            not read.
        errors: Keeps what reading raises, an error of the dataset too.
    """
    if isinstance(data, keras.utils.PyDataset):
        return CheckedDataset(data, check, errors)
    if isinstance(data, types.GeneratorType):
        return _each(data, check, errors)
    if hasattr(data, "element_spec") and hasattr(data, "map"):
        return with_checked_labels(data, check_labels)
    if _has_base(data, "DataLoader"):  # PyTorch's and Grain's
        return _checked_loader(data, check, errors)
    if type(data).__module__.startswith("grain.") and hasattr(data, "map"):
        return data.map(_Passed(check))
    return data


class CheckedDataset(WrappedDataset):
    """The batches of a `keras.utils.PyDataset`."""

    def __init__(
        self, dataset: keras.utils.PyDataset, check: Check, errors: ReadErrors
    ):
        super().__init__(dataset)
        self._check = check
        self._errors = errors
        self._first: Batch | None = None

    def read_first(self) -> None:
        """Checks the first batch, and keeps it for training.

        It is not read if this could lose it: worker processes have a copy of
        the dataset each, and the first batch of an endless one may be another
        when an epoch begins.
        """
        endless = self.num_batches is None and self._changes_by_epoch()
        if not (endless or self.use_multiprocessing or self.num_batches == 0):
            self._first = self[0]

    def on_epoch_begin(self) -> None:
        if self._changes_by_epoch():
            self._first = None
        super().on_epoch_begin()

    def __getitem__(self, index: int) -> Batch:
        if index == 0 and self._first is not None:
            batch, self._first = self._first, None
            return batch
        with self._errors.kept():
            batch = self._dataset[index]
            self._check(batch)
        return batch

    def _changes_by_epoch(self) -> bool:
        own = type(self._dataset).on_epoch_begin
        return own is not keras.utils.PyDataset.on_epoch_begin


class _Passed:
    """A function that returns each batch after its check."""

    def __init__(self, check: Check):
        self._check = check

    def __call__(self, batch: Batch) -> Batch:
        self._check(batch)
        return batch


def _each(
    batches: Iterable[Batch], check: Check, errors: ReadErrors
) -> Iterator[Batch]:
    with errors.kept():
        # Not `yield from`, which would close a generator with this one.
        for batch in batches:
            check(batch)
            yield batch


def _checked_loader(loader: Data, check: Check, errors: ReadErrors) -> Data:
    """A `DataLoader` of the same class, which Keras knows it by."""
    kind = type(loader)

    class Checked(kind):  # type: ignore[valid-type, misc]
        def __iter__(self) -> Iterator[Batch]:
            return _each(loader, check, errors)

    copied = object.__new__(Checked)
    object.__setattr__(copied, "__dict__", loader.__dict__)
    return copied


def _has_base(data: Data, name: str) -> bool:
    return any(base.__name__ == name for base in type(data).__mro__)
