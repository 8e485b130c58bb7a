"""Whether the samples of all streams can pass through one network."""

import keras
from keras import tree

from keras_grl.streams.names import PARTS
from keras_grl.streams.names import domain_of
from keras_grl.streams.names import domains_in
from keras_grl.streams.names import sources_in
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Inputs
from keras_grl.types import PairedInputs


def check_alike(
    inputs: PairedInputs, joint: bool = True, preprocessed: bool = False
) -> None:
    """Refuses domains that one feature extractor cannot take.

    Args:
        inputs: Name of each stream to its x, arrays or structures of them.
        joint: Boolean, whether the samples of the domains are concatenated
            before the feature extractor. If each domain passes separately,
            sizes may differ, except the number of channels.
        preprocessed: Boolean, whether each domain has its own preprocessing
            layer, whose outputs may match although the inputs differ. Labeled
            target samples share the layer of the target.

    Raises:
        ValueError: If structures, kinds of dtype or shapes differ.
    """
    for name in inputs:
        domain = domain_of(name)
        if name != domain and domain in inputs:
            _compare(inputs, domain, name, joint=True)
    sources = sources_in(inputs)
    if not sources or preprocessed:
        return
    target = [name for name in domains_in(inputs) if name not in sources]
    for name in (*sources[1:], *target):
        _compare(inputs, sources[0], name, joint)


def check_labels_alike(labeled: dict[str, Batch]) -> None:
    """Refuses labels or sample weights that cannot be joined.

    Args:
        labeled: Name of each labeled stream to its `(x, y)` or `(x, y,
            sample_weight)`.

    Raises:
        ValueError: If structures or shapes differ.
    """
    for number, part in enumerate(PARTS[1:], start=1):
        given = {
            name: tree.map_structure(_shape_of_one, parts[number])
            for name, parts in labeled.items()
            if len(parts) > number
        }
        for name, shapes in given.items():
            first = next(iter(given))
            if shapes != given[first]:
                raise ValueError(
                    f"The {part} of all streams must have the same form, since "
                    "one label predictor learns from them. Received: shapes of "
                    f"one sample {first}: {given[first]}, {name}: {shapes}\n"
                    "Pass the same outputs, class indices in all streams or "
                    "one-hot labels of the same classes in all."
                )


def _shape_of_one(array: Array) -> str:
    return str(tuple(array.shape[1:]))


def _compare(inputs: PairedInputs, a: str, b: str, joint: bool) -> None:
    kinds = [
        tree.map_structure(lambda array: _kind(array, joint), inputs[name])
        for name in (a, b)
    ]
    if kinds[0] == kinds[1]:
        return
    shown = ", ".join(
        f"{name}: {tree.map_structure(_shown, inputs[name])}" for name in (a, b)
    )
    raise ValueError(
        "The domains must have samples of the same shape and kind of dtype. "
        f"Received: {shown}\n{_hint(inputs[a], inputs[b])}"
    )


def _kind(array: Array, joint: bool) -> tuple[object, ...]:
    """What must be equal in both domains."""
    shape = tuple(array.shape[1:])
    if joint or (len(shape) == 1 and array.dtype.kind == "f"):
        return array.dtype.kind, shape
    # The one axis of integers, such as tokens of texts, is time.
    has_channels = (
        len(shape) > 1 and keras.config.image_data_format() == "channels_last"
    )
    return array.dtype.kind, len(shape), shape[-1] if has_channels else None


def _shown(array: Array) -> str:
    return f"{array.dtype.name} {tuple(array.shape[1:])}"


def _hint(a: Inputs, b: Inputs) -> str:
    if tree.is_nested(a) or tree.is_nested(b):
        hint = (
            "Pass the same inputs under the same names in both domains, "
            "without labels among them."
        )
        if isinstance(a, tuple):
            hint += " Pass several sources as a list of tuples, not as a tuple."
        return hint
    return _hint_for_arrays(a, b)


def _hint_for_arrays(a: AnyArray, b: AnyArray) -> str:
    if abs(len(a.shape) - len(b.shape)) == 1:
        return (
            "Pass both with the same number of axes. If one of them yields "
            "single samples, batch them, `dataset.batch(64)`, or stack them, "
            "`np.stack([np.asarray(sample) for sample in dataset])`."
        )
    series = len(a.shape) == len(b.shape) == 3 and a.shape[2] == b.shape[2]
    if series and a.dtype.kind == b.dtype.kind:
        return (
            "Pad or cut the series to one length; or use a model that takes "
            "any length, and passes the domains separately: "
            '`batch_normalization="separate"`.'
        )
    return (
        "Resize or convert one of them; keep raw 0-255 images as uint8 in "
        "both. If each domain needs its own layer to get the same shape, use "
        "`DANNModel(…, preprocessing={…})`."
    )
