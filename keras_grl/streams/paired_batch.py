"""A batch of all streams, in the form that `fit` takes."""

import functools
from collections.abc import Iterable

import numpy as np
from keras import ops
from keras import tree

from keras_grl.types import AnyArray
from keras_grl.types import Batch
from keras_grl.types import Labels
from keras_grl.types import PairedInputs
from keras_grl.types import SampleWeight


def paired_batch(
    x: PairedInputs, y: dict[str, Labels], weights: dict[str, SampleWeight]
) -> Batch:
    """`(x, y)` or `(x, y, sample_weight)`.

    Args:
        x: Name of a stream to its inputs.
        y: Name of a labeled stream to its labels. The labels of a single
            stream have no name in the batch.
        weights: Name of a labeled stream to its weights, of those that have
            some.
    """
    if len(y) == 1:
        (name,) = y
        return (x, y[name], weights[name]) if weights else (x, y[name])
    return (x, y, _of_all(weights, x, y)) if weights else (x, y)


def _of_all(
    weights: dict[str, SampleWeight], x: PairedInputs, names: Iterable[str]
) -> dict[str, SampleWeight]:
    """The weights of all labeled streams: ones for those without."""
    given = next(iter(weights.values()))

    def ones(size: int, like: AnyArray) -> AnyArray:
        # Of the weights' own kind: batches on the device stay there.
        make = np.ones if isinstance(like, np.ndarray) else ops.ones
        return make((size, *like.shape[1:]), dtype="float32")

    return {
        name: weights[name]
        if name in weights
        else tree.map_structure(
            functools.partial(ones, tree.flatten(x[name])[0].shape[0]), given
        )
        for name in names
    }
