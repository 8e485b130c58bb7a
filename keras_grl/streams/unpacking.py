"""What a user passes as a stream: arrays or a dataset, labeled or not."""

from collections.abc import Mapping

import keras
import numpy as np
from keras import tree

from keras_grl.streams.arrays import is_random_access
from keras_grl.streams.names import LABELS
from keras_grl.streams.names import PARTS
from keras_grl.streams.names import SOURCE
from keras_grl.streams.names import is_labeled
from keras_grl.streams.names import wrong
from keras_grl.types import AnyArray
from keras_grl.types import Batch
from keras_grl.types import Data
from keras_grl.types import Structure

_KEYS = ("label", "labels")


def is_dataset(data: Data, name: str = "data") -> bool:
    """Whether `data` is a dataset of batches, and not arrays.

    Args:
        data: Arrays or a dataset.
        name: Name of the argument, for the error if it is neither.
    """
    if isinstance(data, keras.utils.PyDataset):
        return True
    if isinstance(data, (tuple, list, dict)) or _is_array(data):
        return False
    if isinstance(data, (str, bytes)) or not (
        hasattr(data, "__iter__") or hasattr(data, "__getitem__")
    ):
        raise ValueError(wrong(name, "arrays or a dataset", describe(data)))
    if not hasattr(data, "__iter__"):
        raise ValueError(
            "A stream must be arrays or a dataset of batches that can be "
            f"iterated. Received: {type(data).__name__}, which returns single "
            "samples by index\nWrap it: `torch.utils.data.DataLoader(dataset, "
            "batch_size=64, shuffle=True)`."
        )
    return True


def is_column(data: Data, like: Data) -> bool:
    """Whether the items of `data` are single samples, of the shape of `like`'s.

    An image column of a Hugging Face dataset is an example. Without `like`, its
    items could be batches of smaller samples.

    Args:
        data: A stream without labels.
        like: The inputs of the source.
    """
    shaped = hasattr(like, "shape")
    if (
        isinstance(data, (tuple, list, dict, str, keras.utils.PyDataset))
        or _is_array(data)
        or not (is_random_access(data) and len(data))
        or isinstance(like, (tuple, list, dict, str))
        or not (shaped or (is_random_access(like) and len(like)))
    ):
        return False
    sample = data[0]
    if isinstance(sample, (tuple, list, dict)):
        return False
    shape = like.shape[1:] if shaped else np.asarray(like[0]).shape
    return np.asarray(sample).shape == tuple(shape)


def unpack_arrays(name: str, data: Data) -> Batch:
    """(x, y) or (x, y, sample_weight) of arrays, or (x,) for the target."""
    if isinstance(data, list) and (is_labeled(name) or len(data) != 1):
        raise ValueError(_list_given(name, data))
    parts = unpack_batch(name, data)
    if isinstance(parts[0], list):
        raise ValueError(_list_given(name, parts[0]))
    return parts


def unpack_batch(
    name: str, data: Structure[AnyArray], dataset: Data = None
) -> Batch:
    """(x, y) or (x, y, sample_weight), or (x,) for the target."""
    labeled = is_labeled(name)
    if isinstance(data, (tuple, list)):
        parts = tuple(data)
        if labeled and len(parts) in (2, 3) and parts[1] is not None:
            parts = parts if parts[-1] is not None else parts[:-1]
            _refuse_lists_of_numbers(name, parts)
            return parts
        if not labeled and len(parts) == 1:
            return parts
    elif not labeled:
        return (data,)
    if not labeled:
        expected = "images without labels"
        hint = (
            "Training never uses target labels. Pass only the images: "
            "`pair((x_source, y_source), x_target)`. Pass labeled target "
            "samples as the third stream: `pair(source, target, labeled_target="
            "(x, y))`."
        )
    else:
        expected = "a tuple `(x, y)` or `(x, y, sample_weight)`"
        hint = f"Pass the labels with the images: `(x_{name}, y_{name})`."
        if isinstance(data, dict):
            hint = _of_dicts(name, data, dataset)
    raise ValueError(wrong(name, expected, describe(data), hint))


def _refuse_lists_of_numbers(name: str, parts: Batch) -> None:
    """Refuses lists of numbers; a list of arrays is for several outputs."""
    for part, data in zip(PARTS[1:], parts[1:], strict=False):
        if isinstance(data, list) and not all(
            _is_array(item) and np.shape(item) for item in tree.flatten(data)
        ):
            short = "y" if part == LABELS else "sample_weight"
            raise ValueError(
                wrong(
                    name,
                    f"{part} as an array",
                    describe(data),
                    f"Convert them: `{short} = np.asarray({short})`.",
                )
            )


def _list_given(name: str, data: list[AnyArray]) -> str:
    """The message for a list that was passed as inputs or as `(x, y)`."""
    labeled = is_labeled(name)
    expected = (
        "a tuple `(x, y)` of arrays"
        if labeled
        else "an array, or a dict of them"
    )
    if data and all(isinstance(item, tuple) for item in data):
        return wrong(
            name,
            expected,
            f"a list of {len(data)} tuples",
            "A list of tuples would be several domains, but only `source` may "
            "be several. Concatenate them: `(np.concatenate([x1, x2]), "
            "np.concatenate([y1, y2]))`.",
        )
    return wrong(
        name,
        expected,
        describe(data),
        "Convert a list of samples or numbers: `x = np.asarray(x)`. Pass "
        'several inputs of one network as a dict, `x = {"a": a, "b": b}`, with '
        "the names of the network's inputs."
        + (" Pass inputs and labels as a tuple, `(x, y)`." if labeled else "")
        + (
            " Pass several sources as a list of tuples, `[(x1, y1), (x2, y2)]`."
            if name == SOURCE
            else ""
        ),
    )


def _of_dicts(name: str, data: Mapping[str, AnyArray], dataset: Data) -> str:
    """The hint for batches that are dicts of images and labels."""
    labels = next((key for key in _KEYS if key in data), "label")
    images = next((key for key in data if key != labels), "image")
    x, y = f'["{images}"]', f'["{labels}"]'
    if dataset is None:
        return (
            "Pass images and labels as a tuple, and only images of the target:"
            f"\n    source = source{x}, source{y}\n    target = target{x}"
        )
    if hasattr(dataset, "with_format"):
        return (
            "Pass columns of Hugging Face's `datasets` as arrays:\n"
            f"    source = np.stack(source{x}), np.asarray(source{y})\n"
            f"    target = np.stack(target{x})"
        )
    if hasattr(dataset, "map"):
        return (
            "Map them to tuples, and those of the target to images:\n"
            f"    source = source.map(lambda batch: (batch{x}, batch{y}))\n"
            f"    target = target.map(lambda batch: batch{x})"
        )
    return (
        "Yield tuples, and only images for the target (a torch `DataLoader` "
        "does so in its `collate_fn`):\n"
        f"    return batch{x}, batch{y}  # source\n"
        f"    return batch{x}  # target"
    )


def _is_array(data: object) -> bool:
    """Whether `data` holds all its values, in memory or on disk."""
    return (
        hasattr(data, "__array__")
        or hasattr(data, "__array_interface__")
        or (hasattr(data, "shape") and hasattr(data, "dtype"))
    )


def describe(data: object) -> str:
    """What `data` is, for an error."""
    if isinstance(data, (tuple, list)):
        inner = ", ".join(describe(item) for item in data[:4])
        more = ", …" if len(data) > 4 else ""
        kind = type(data).__name__
        return f"a {kind} of length {len(data)} ({inner}{more})"
    if isinstance(data, dict):
        return "a dict with the keys " + ", ".join(map(repr, data))
    if hasattr(data, "shape"):
        return f"an array of shape {tuple(data.shape)}"
    if isinstance(data, (int, float, str, bytes)):
        return repr(data)
    return type(data).__name__
