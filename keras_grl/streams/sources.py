"""One source or several: what `pair` takes as its `source`."""

from keras_grl.streams.names import SOURCE
from keras_grl.streams.names import source_names
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.streams.unpacking import is_dataset
from keras_grl.types import Data
from keras_grl.validation import is_number

_SEVERAL = (
    "Pass several sources as a list with labels in each item: "
    "`pair([(x1, y1), (x2, y2)], x_target)`."
)


def named_sources(source: Data) -> dict[str, Data]:
    """The sources that were passed, by the names of their streams.

    A list of tuples or of datasets is several sources, a list of one of them
    is that source.

    Args:
        source: The argument of `pair`.

    Raises:
        ValueError: If the list is empty, or some of its items are not sources.
    """
    if not isinstance(source, list):
        return {SOURCE: source}
    if not source:
        raise ValueError(
            wrong(SOURCE, "at least one source", "an empty list", _SEVERAL)
        )
    are_sources = [_is_source(item) for item in source]
    if not any(are_sources):
        # Samples or numbers, which the stream refuses.
        return {SOURCE: source}
    _refuse_samples(source)
    names = source_names(len(source))
    if not all(are_sources):
        name = names[are_sources.index(False)]
        received = source[are_sources.index(False)]
        raise ValueError(
            wrong(
                name,
                "a tuple `(x, y)` or `(x, y, sample_weight)`, or a dataset",
                describe(received),
                _SEVERAL,
            )
        )
    return dict(zip(names, source, strict=True))


def _is_source(item: object) -> bool:
    """Whether an item of a list is a separate labeled domain."""
    if isinstance(item, tuple):
        return True
    if isinstance(item, (str, bytes)) or is_number(item):
        return False
    return hasattr(item, "__iter__") and is_dataset(item, SOURCE)


def _refuse_samples(source: list[Data]) -> None:
    """Refuses a list of single samples with their labels."""
    if all(
        isinstance(item, tuple) and len(item) > 1 and is_number(item[1])
        for item in source
    ):
        raise ValueError(
            wrong(
                SOURCE,
                "arrays with all samples of a domain",
                f"a list of {len(source)} single samples with their labels",
                "Stack them: `x = np.stack([x for x, y in samples])`, `y = "
                "np.asarray([y for x, y in samples])`, and pass the tuple `(x, "
                "y)`.",
            )
        )
