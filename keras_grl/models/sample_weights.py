"""Sample weights that `fit` and `evaluate` get directly, not through `pair`."""

import numpy as np
from keras import tree

from keras_grl.streams.values import HINT_WEIGHTS
from keras_grl.streams.values import first_wrong_weight
from keras_grl.types import SampleWeight


def check_sample_weight(argument: str, weights: SampleWeight) -> None:
    """Refuses weights that are negative, NaN or infinite.

    Args:
        argument: The argument that holds them.
        weights: NumPy array or a structure of them. Other arrays are not read.

    Raises:
        ValueError: If a weight is wrong.
    """
    for array in tree.flatten(weights):
        if not isinstance(array, np.ndarray):
            continue
        wrong = first_wrong_weight(array)
        if wrong is not None:
            row, value = wrong
            raise ValueError(
                f"Invalid sample weights in argument `{argument}`. Expected "
                f"finite numbers, at least 0. Received: {value} for sample "
                f"{row}\n{HINT_WEIGHTS}"
            )
