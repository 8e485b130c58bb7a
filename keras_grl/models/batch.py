"""The paired batch: what is in it, and what is said when it is wrong."""

from typing import Any

from keras_grl.methods.rows import labeled_streams
from keras_grl.pairing import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET


def is_paired(x: Any) -> bool:
    """Whether x has both domains."""
    return isinstance(x, dict) and SOURCE in x and TARGET in x


def one_domain(x: Any) -> tuple[str, Any]:
    """The domain of a plain batch, and its inputs.

    `{"source": inputs}` and `{"target": inputs}` name it; anything else is of
    the target domain.
    """
    if isinstance(x, dict) and len(x) == 1:
        ((name, inputs),) = x.items()
        if name in (SOURCE, TARGET):
            return name, inputs
    return TARGET, x


def check_streams(x: dict[str, Any]) -> None:
    """Refuse a paired batch with further streams."""
    if set(x) - {SOURCE, TARGET, LABELED_TARGET}:
        raise ValueError(
            f'A paired batch has the streams "{SOURCE}", "{TARGET}" and '
            f'optionally "{LABELED_TARGET}". Received: {describe(x)}'
        )


def check_labels(x: dict[str, Any], y: Any) -> None:
    """Refuse a paired batch without labels for its labeled streams."""
    if y is None:
        raise ValueError(
            "Paired batches need the source labels. Received: batches without "
            "y\nPass them to pair: `pair((x_source, y_source), x_target)`."
        )
    streams = set(labeled_streams(x))
    if LABELED_TARGET in x and not (isinstance(y, dict) and set(y) == streams):
        raise ValueError(
            f'With a "{LABELED_TARGET}" stream, y must be `{{"{SOURCE}": …, '
            f'"{LABELED_TARGET}": …}}`. Received: {describe(y)}'
        )


def check_finite(argument: str, dataset: Any, steps: int | None) -> None:
    """Refuse an endless paired dataset of which no number of steps is asked."""
    if (
        isinstance(dataset, PairedDataset)
        and dataset.num_batches is None
        and steps is None
    ):
        raise ValueError(
            "The paired dataset is endless or of unknown length. Expected: "
            f"`{argument}`. Received: {argument}=None\n"
            f"Say how many batches to take: `{argument}=1000`."
        )


def describe(x: Any) -> str:
    """What x is, in the words of an error."""
    if isinstance(x, dict):
        return "a dict with the keys " + ", ".join(map(repr, sorted(x)))
    if hasattr(x, "shape"):
        return f"a tensor of shape {tuple(x.shape)}"
    return f"{type(x).__name__}"


def not_paired(model: Any, what: str, received: Any) -> str:
    """The message for data that should have been paired."""
    return (
        f"{what} of a `{type(model).__name__}` needs paired batches with the "
        f'streams "{SOURCE}" and "{TARGET}". Received: {describe(received)}\n'
        "Pair the domains: `model.fit(keras_grl.pair((x_source, y_source), "
        "x_target))`."
    )
