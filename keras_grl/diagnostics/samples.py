"""The samples that a diagnosis uses, of arrays in memory."""

import numpy as np
from keras import tree

from keras_grl.streams import is_dataset
from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import wrong
from keras_grl.streams.values import check_finite_inputs
from keras_grl.types import Array
from keras_grl.types import Inputs


def random_samples(
    name: str, x: Inputs, most: int, seed: int, minimum: int
) -> Inputs:
    """At most `most` random samples of `x`, in their order, as NumPy arrays.

    Args:
        name: The argument, for errors.
        x: An array, or a structure of arrays.
        most: Integer, the most samples.
        seed: Integer.
        minimum: Integer, the fewest samples that `x` must have.
    """
    rows = random_rows(count(name, x, minimum), most, seed)
    chosen = tree.map_structure(
        lambda each: as_array(name, "inputs", each)[rows], x
    )
    check_finite_inputs(name, tree.flatten(chosen), rows)
    return chosen


def random_rows(count: int, most: int, seed: int) -> Array:
    """At most `most` random rows of `count`, sorted."""
    if count <= most:
        return np.arange(count)
    rows = np.random.default_rng(seed).permutation(count)[:most]
    return np.sort(rows)


def count(name: str, x: Inputs, minimum: int) -> int:
    """The number of samples in `x`, if there are enough.

    Args:
        name: The argument, for errors.
        x: An array, or a structure of arrays.
        minimum: Integer.
    """
    expected = f"an array of at least {minimum} samples"
    if is_dataset(x, name) or isinstance(x, tuple):
        raise ValueError(
            wrong(
                name,
                f"{expected}, without labels",
                f"a {type(x).__name__}",
                "Collect some batches of a dataset: `np.concatenate([x for x, "
                "_ in dataset.take(8)])`.",
            )
        )
    shapes = [as_array(name, "inputs", each).shape for each in tree.flatten(x)]
    sizes = {shape[0] if shape else 0 for shape in shapes}
    if len(sizes) != 1 or min(sizes) < minimum:
        raise ValueError(
            wrong(
                name,
                expected,
                "arrays of shape " + ", ".join(map(str, shapes))
                if shapes
                else "none",
            )
        )
    return sizes.pop()
