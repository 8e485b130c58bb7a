"""The columns of data frames, matched by name."""

import warnings
from collections import Counter
from collections.abc import Hashable
from typing import TypeAlias

import keras
import numpy as np
from keras import tree

from keras_grl.streams.arrays import as_array
from keras_grl.streams.label_arrays import for_every_backend
from keras_grl.streams.names import INPUTS
from keras_grl.streams.names import PARTS
from keras_grl.types import JSON
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.types import Config
from keras_grl.types import Inputs
from keras_grl.types import Structure

# Part of a batch, and path of an array in its structure.
_Key: TypeAlias = tuple[str, tuple[Hashable, ...]]


class Columns:
    """Sorts the columns of all data frames as in the first one.

    All streams of a paired dataset share it. The columns of an array without
    column names are matched by position.
    """

    def __init__(self) -> None:
        self._first: dict[_Key, tuple[str, list[Hashable]]] = {}

    def get_config(self) -> list[Config]:
        """What a file holds of it: empty if there were no data frames.

        Warns:
            UserWarning: If names of columns cannot be saved.
        """
        try:
            return [
                {
                    "part": part,
                    "path": list(path),
                    "stream": stream,
                    "names": keras.saving.serialize_keras_object(names),
                }
                for (part, path), (stream, names) in self._first.items()
            ]
        except (TypeError, ValueError) as error:
            warnings.warn(
                "The names of the data frames' columns cannot be saved: the "
                "loaded model takes columns by position. Names that are saved "
                f"are strings and numbers. ({error})",
                UserWarning,
                stacklevel=2,
            )
            return []

    @classmethod
    def from_config(cls, config: list[Config]) -> "Columns":
        """The columns that `get_config` returned."""
        columns = cls()
        for each in config:
            names = [_hashable(name) for name in each["names"]]
            key = (each["part"], tuple(each["path"]))
            columns._first[key] = (each["stream"], names)
        return columns

    def to_numpy(self, name: str, parts: Batch) -> Batch:
        """`(x, y, sample_weight)`, or the first of them, as NumPy arrays.

        Args:
            name: Name of the stream.
            parts: Structures of arrays, which may be data frames.
        """
        return tuple(
            self._part_to_numpy(name, part, data)
            for part, data in zip(PARTS, parts, strict=False)
        )

    def sorted_inputs(self, name: str, x: Structure[AnyArray]) -> Inputs:
        """Inputs beside the streams, with columns in the same order.

        Args:
            name: What the inputs are called in errors.
            x: Structure of arrays. Without a data frame it is returned as it
                is.
        """
        if all(_names(leaf) is None for leaf in tree.flatten(x)):
            return x
        return self._part_to_numpy(name, INPUTS, x)

    def _part_to_numpy(
        self, name: str, part: str, data: Structure[AnyArray]
    ) -> Structure[Array]:
        arrays = [
            self._aligned(name, (part, path), leaf, as_array(name, part, leaf))
            for path, leaf in tree.flatten_with_path(data)
        ]
        packed = tree.pack_sequence_as(data, arrays)
        return packed if part == INPUTS else for_every_backend(packed)

    def _aligned(
        self, name: str, key: _Key, data: AnyArray, array: Array
    ) -> Array:
        names = _names(data)
        part, _ = key
        # The name of a single column of labels does not matter.
        if names is None or (part != INPUTS and len(names) == 1):
            return array
        first_name, first = self._first.setdefault(key, (name, names))
        if names == first:
            return array
        if Counter(names) != Counter(first):
            hint = f"Select them: `{name}[{first}]`."
        elif len(set(names)) < len(names):
            hint = "Give each column a different name."
        else:
            return np.take(array, [names.index(each) for each in first], 1)
        raise ValueError(
            f"The data frames of the {first_name} and the {name} stream must "
            "have the same columns, since one network reads both. Received: "
            f"{first_name}: {first}, {name}: {names}\n{hint} If the domains "
            "have different columns, and a preprocessing layer each, pass "
            "arrays: `frame.to_numpy()`."
        )


def _hashable(name: JSON) -> Hashable:
    """The name in a file: a tuple, of several levels, is a list there."""
    return tuple(map(_hashable, name)) if isinstance(name, list) else name


def _names(data: AnyArray) -> list[Hashable] | None:
    """The column names of a table; None for anything else."""
    # In pyarrow, `columns` are the columns themselves.
    columns = getattr(data, "column_names", getattr(data, "columns", None))
    if columns is None or callable(columns):
        return None
    return list(columns)
