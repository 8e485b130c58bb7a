"""The paired batch: what it holds, and the errors for other batches."""

from collections.abc import Collection
from collections.abc import Iterable
from typing import TypeGuard

import keras

from keras_grl.methods.rows import labeled_streams
from keras_grl.pairing import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.streams import domains_in
from keras_grl.streams import is_source
from keras_grl.streams import quoted
from keras_grl.streams import source_names
from keras_grl.streams import sources_in
from keras_grl.types import Data
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import LabelCheck
from keras_grl.types import Labels
from keras_grl.types import PairedInputs
from keras_grl.types import SampleWeight


def is_paired(x: object) -> TypeGuard[PairedInputs]:
    """Whether x has samples of sources and of the target."""
    return isinstance(x, dict) and TARGET in x and any(map(is_source, x))


def one_domain(x: Inputs | PairedInputs) -> tuple[Domain, Inputs]:
    """The domain of a plain batch, and its inputs.

    `{"source": inputs}` and `{"target": inputs}` name it, of several sources
    also `{"source_0": inputs}`; anything else belongs to the target domain.
    """
    if isinstance(x, dict) and len(x) == 1:
        (name,) = x
        if is_source(name) or name == TARGET:
            return name, x[name]
    return TARGET, x


def by_domain(x: Inputs | PairedInputs) -> dict[Domain, Inputs]:
    """The parts of paired data, or of their shapes, by domain.

    Of plain data it is one part, called that of the target.
    """
    if is_paired(x):
        return {name: x[name] for name in (*sources_in(x), TARGET)}
    _, one = one_domain(x)
    return {TARGET: one}


def are_domains(names: Collection[str]) -> bool:
    """Whether these are the names of all sources and of the target."""
    count = len(names) - 1
    return count > 0 and set(names) == {*source_names(count), TARGET}


def shown_domains(num_sources: int) -> str:
    """The names of the domains, as an error lists them."""
    sources = source_names(num_sources)
    if num_sources > 4:
        first, last = sources[0], sources[-1]
        return f'"{first}", …, "{last}", "{TARGET}"'
    return quoted((*sources, TARGET))


def check_streams(x: Collection[str], num_sources: int | None) -> None:
    """Refuses paired data with other streams than the model takes.

    Args:
        x: Paired data, or the names of their streams.
        num_sources: The number of sources of the model; None if not known.
    """
    domains = domains_in(x)
    if not are_domains(domains):
        raise ValueError(
            f'A paired batch has the streams "{SOURCE}" (several sources: '
            f'"{SOURCE}_0", "{SOURCE}_1", …), "{TARGET}" and optionally '
            f'"{LABELED_TARGET}". Received: {_keys(x)}'
        )
    received = len(domains) - 1
    if num_sources in (None, received):
        return
    raise ValueError(
        f"The data have {received} source{'s' * (received > 1)}. Expected: "
        f"{num_sources}, as the model, with the domains "
        f"{shown_domains(num_sources)}. Received: {_keys(x)}\n"
        f"Pass `num_sources={received}` when you create the model. (A custom "
        f"domain classifier needs {units(received)} instead.)"
    )


def units(num_sources: int) -> str:
    """How many logits a domain classifier returns."""
    return "1 logit" if num_sources == 1 else f"{num_sources + 1} logits"


def check_domain(x: Inputs, num_sources: int | None) -> None:
    """Refuses plain data that are not named after one domain of the model."""
    if num_sources is None:
        return
    name, _ = one_domain(x)
    names = [name]
    if num_sources > 1 and isinstance(x, dict) and all(map(is_source, x)):
        names = list(x)
    if names[1:] or name not in (*source_names(num_sources), TARGET):
        raise ValueError(
            "Inputs of one domain are named after it. Expected one of "
            f"{shown_domains(num_sources)}. Received: {_keys(names)}"
        )


def check_labels(
    x: PairedInputs, y: Labels, sample_weight: SampleWeight = None
) -> None:
    """Refuses a paired batch without labels for its labeled streams."""
    if y is None:
        raise ValueError(
            "Paired batches need the source labels. Received: batches without "
            "y\nPass them to pair: `pair((x_source, y_source), x_target)`."
        )
    _check_keys(x, "y", y)
    if sample_weight is not None:
        _check_keys(x, "sample_weight", sample_weight)


def _check_keys(
    x: PairedInputs, name: str, values: Labels | SampleWeight
) -> None:
    """Refuses labels or weights that are not keyed as several streams are.

    Args:
        x: Paired inputs.
        name: "y" or "sample_weight".
        values: Labels or weights of the labeled streams.
    """
    streams = labeled_streams(x)
    if len(streams) == 1 or (
        isinstance(values, dict) and set(values) == set(streams)
    ):
        return
    expected = ", ".join(f'"{stream}": …' for stream in streams)
    raise ValueError(
        f"With the streams {quoted(sorted(x))}, {name} must be "
        f"`{{{expected}}}`. Received: {describe(values)}"
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


def _keys(names: Iterable[object]) -> str:
    return "the keys " + ", ".join(map(repr, sorted(names, key=str)))


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
