"""The errors of datasets, as they were raised."""

import contextlib
from collections.abc import Iterator


class ReadErrors:
    """The errors of reading a dataset.

    On TensorFlow, and wherever tf.data is read, the error that `fit` raises
    holds only the text of the original one.
    """

    def __init__(self) -> None:
        # Several, for it may be read ahead.
        self.raised: list[Exception] = []

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps the error that is raised within, and raises it."""
        try:
            yield
        except Exception as error:
            self.raised.append(error)
            raise


@contextlib.contextmanager
def original_errors(*kept: ReadErrors) -> Iterator[None]:
    """Raises the error of a dataset in place of one that quotes it."""
    for each in kept:
        each.raised.clear()
    try:
        yield
    except Exception as error:
        for original in (each for errors in kept for each in errors.raised):
            if original is not error and str(original) in str(error):
                raise original from None
        raise
