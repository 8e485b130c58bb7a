"""The columns of data frames: matched by name, as their users read them."""

from collections import Counter
from typing import Any

import numpy as np
from keras import tree

from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import INPUTS
from keras_grl.streams.names import PARTS


class Columns:
    """Puts the columns of all data frames into the order of the first one.

    One for all streams of a paired dataset. An array without names of columns
    is taken by position.
    """

    def __init__(self) -> None:
        self._first: dict[Any, tuple[str, list[Any]]] = {}

    def to_numpy(self, name: str, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        """`(x, y, sample_weight)`, or a part of it, as NumPy arrays.

        Args:
            name: Of the stream.
            parts: Structures of arrays, data frames among them.
        """
        return tuple(
            self._part_to_numpy(name, part, data)
            for part, data in zip(PARTS, parts, strict=False)
        )

    def _part_to_numpy(self, name: str, part: str, data: Any) -> Any:
        arrays = [
            self._aligned(name, (part, path), leaf, as_array(name, part, leaf))
            for path, leaf in tree.flatten_with_path(data)
        ]
        return tree.pack_sequence_as(data, arrays)

    def _aligned(self, name: str, key: Any, data: Any, array: Any) -> Any:
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
            hint = "Give each column a name of its own."
        else:
            return np.take(array, [names.index(each) for each in first], 1)
        raise ValueError(
            f"The data frames of the {first_name} and the {name} stream must "
            "have the same columns, since one network reads both. Received: "
            f"{first_name}: {first}, {name}: {names}\n{hint} What has no "
            "columns in common, and a preprocessing layer for each domain, is "
            "passed as arrays: `frame.to_numpy()`."
        )


def _names(data: Any) -> list[Any] | None:
    """The names of the columns of a table; None for anything else."""
    # pyarrow's `columns` are the columns themselves.
    columns = getattr(data, "column_names", getattr(data, "columns", None))
    if columns is None or callable(columns):
        return None
    return list(columns)
