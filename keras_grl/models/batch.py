"""The paired batch: what it holds, and the errors for other batches."""

from typing import TypeGuard

import keras

from keras_grl.methods.rows import labeled_streams
from keras_grl.pairing import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.types import Data
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import LabelCheck
from keras_grl.types import Labels
from keras_grl.types import PairedInputs


def is_paired(x: object) -> TypeGuard[PairedInputs]:
    """Whether x has both domains."""
    return isinstance(x, dict) and SOURCE in x and TARGET in x


def one_domain(x: Inputs | PairedInputs) -> tuple[Domain, Inputs]:
    """The domain of a plain batch, and its inputs.

    `{"source": inputs}` and `{"target": inputs}` name it; anything else
    belongs to the target domain.
    """
    if isinstance(x, dict) and len(x) == 1:
        if SOURCE in x:
            return SOURCE, x[SOURCE]
        if TARGET in x:
            return TARGET, x[TARGET]
    return TARGET, x


def of_each_domain(x: Inputs | PairedInputs) -> tuple[Inputs, Inputs]:
    """The source's and the target's part of paired data, or of their shapes.

    Plain data are returned for both.
    """
    if is_paired(x):
        return x[SOURCE], x[TARGET]
    _, one = one_domain(x)
    return one, one


def check_streams(x: PairedInputs) -> None:
    """Refuses a paired batch with further streams."""
    if set(x) - {SOURCE, TARGET, LABELED_TARGET}:
        raise ValueError(
            f'A paired batch has the streams "{SOURCE}", "{TARGET}" and '
            f'optionally "{LABELED_TARGET}". Received: {describe(x)}'
        )


def check_labels(x: PairedInputs, y: Labels) -> None:
    """Refuses a paired batch without labels for its labeled streams."""
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


def check_each_labels(
    x: Inputs | PairedInputs, y: Labels, check: LabelCheck
) -> None:
    """Calls a check with the labels of a batch, or of data in that form.

    Args:
        x: Plain or paired inputs.
        y: Their labels. Plain inputs may have none.
        check: Called with the name of each labeled stream, or "" for plain
            inputs, and its labels.
    """
    if is_paired(x):
        check_labels(x, y)
        names = labeled_streams(x)
        for name in names:
            check(name, y if len(names) == 1 else y[name])
    elif y is not None:
        check("", y)


def check_finite(argument: str, dataset: Data, steps: int | None) -> None:
    """Refuses an endless paired dataset without a number of steps."""
    if (
        isinstance(dataset, PairedDataset)
        and dataset.num_batches is None
        and steps is None
    ):
        raise ValueError(
            "The paired dataset is endless or of unknown length. Expected: "
            f"`{argument}`. Received: {argument}=None\n"
            f"Pass the number of batches: `{argument}=1000`."
        )


def describe(x: object) -> str:
    """What x is, for an error."""
    if isinstance(x, dict):
        return "a dict with the keys " + ", ".join(map(repr, sorted(x)))
    if hasattr(x, "shape"):
        return f"a tensor of shape {tuple(x.shape)}"
    return f"{type(x).__name__}"


def not_paired(model: keras.Model, what: str, received: object) -> str:
    """The message for data that are not paired."""
    return (
        f"{what} of a `{type(model).__name__}` needs paired batches with the "
        f'streams "{SOURCE}" and "{TARGET}". Received: {describe(received)}\n'
        "Pair the domains: `model.fit(keras_grl.pair((x_source, y_source), "
        "x_target))`."
    )
