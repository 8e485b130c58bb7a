"""Whether outputs are logits or probabilities, by values for random weights."""

import keras
import numpy as np
from keras import ops

from keras_grl.types import Array
from keras_grl.types import Tensor

# Features from small to large, so that a bounded output reaches its bounds.
_SCALES = (0.1, 1.0, 10.0)
_ELEMENTS = 2**20
# A prime, so that no two rows of a weight matrix are equal.
_POOL = 65_521
# What the sum of probabilities in float16 or bfloat16 may miss.
_HALF_PRECISION = 0.05


def stay_in_unit_interval(
    layer: keras.layers.Layer, features: keras.KerasTensor
) -> bool:
    """Whether a layer's outputs are in [0, 1] for all features and weights.

    The outputs of a sigmoid or softmax are. The outputs of a linear layer
    change their sign with its weights; random weights show that even if the
    layer's own weights are zeros, or the layer before is bounded. Outputs that
    are all equal prove nothing.

    The layer is called with random weights; its own weights do not change.

    Args:
        layer: A built Keras model or layer.
        features: Symbolic input, for its shape and dtype.

    Returns:
        Boolean. False if the layer cannot be called with such inputs.

    Example:

    >>> layer = keras.layers.Dense(1, activation="sigmoid")
    >>> layer.build((None, 4))
    >>> stay_in_unit_interval(layer, keras.KerasTensor((None, 4)))
    True
    """
    return _in_unit_interval(_outputs(layer, features))


def are_probabilities(
    layer: keras.layers.Layer, features: keras.KerasTensor
) -> bool:
    """Whether a layer's outputs are probabilities for all weights.

    Those of one unit are in [0, 1]. Those of several units are also rows whose
    sum is 1: the outputs of a softmax, but not of a sigmoid for each class.

    The layer is called with random weights; its own weights do not change.

    Args:
        layer: A built Keras model or layer.
        features: Symbolic input, for its shape and dtype.

    Returns:
        Boolean. False if the layer cannot be called with such inputs.

    Example:

    >>> layer = keras.layers.Dense(3, activation="sigmoid")
    >>> layer.build((None, 4))
    >>> are_probabilities(layer, keras.KerasTensor((None, 4)))
    False
    """
    values = _outputs(layer, features)
    return _in_unit_interval(values) and all(
        each.shape[-1] == 1 or _rows_add_up(each) for each in values
    )


def are_no_probabilities(
    layer: keras.layers.Layer,
    features: keras.KerasTensor,
    output: str | None = None,
) -> bool:
    """Whether a layer certainly has outputs that are not probabilities.

    Random weights give a value outside [0, 1], or a row of several values whose
    sum is not 1. Of a layer that cannot be called this is not known.

    Args:
        layer: A built Keras model or layer.
        features: Symbolic input, for its shape and dtype.
        output: The name of the output to check, if there are several.

    Example:

    >>> layer = keras.layers.Dense(3)
    >>> layer.build((None, 4))
    >>> are_no_probabilities(layer, keras.KerasTensor((None, 4)))
    True
    """
    values = _outputs(layer, features, output)
    low, high = -_HALF_PRECISION, 1 + _HALF_PRECISION
    return any(
        each.min() < low
        or each.max() > high
        or (each.shape[-1] > 1 and not _rows_add_up(each))
        for each in values
    )


def _rows_add_up(values: Array) -> bool:
    return np.allclose(values.sum(axis=-1), 1.0, atol=_HALF_PRECISION)


def _in_unit_interval(values: list[Array]) -> bool:
    if not values:
        return False
    low, high = min(map(np.min, values)), max(map(np.max, values))
    return bool(0 <= low < high <= 1)


def _outputs(
    layer: keras.layers.Layer,
    features: keras.KerasTensor,
    output: str | None = None,
) -> list[Array]:
    """Outputs for random features, of random weights and of their opposites.

    Without those that have NaN, from a layer that such weights do not suit.
    Empty if the layer is not built, or needs other inputs than these features.
    If that is an error, training raises it.
    """
    if not layer.built:
        return []
    random = np.random.default_rng(0)
    inputs = _inputs(features, random)
    weights = [_weight(each, random) for each in layer.trainable_variables]
    outputs = []
    for sign in (1, -1):
        mapping = [
            (variable, ops.cast(sign * weight, variable.dtype))
            for variable, weight in zip(
                layer.trainable_variables, weights, strict=True
            )
        ]
        try:
            with keras.StatelessScope(state_mapping=mapping):
                tensor = layer(inputs, training=False)
                if output is not None:
                    tensor = tensor[output]
        except Exception:
            return []
        outputs.append(ops.convert_to_numpy(ops.cast(tensor, "float32")))
    return [each for each in outputs if not np.isnan(each).any()]


def _weight(variable: keras.Variable, random: np.random.Generator) -> Tensor:
    """Random values, scaled so that outputs are about as large as inputs."""
    inputs = int(np.prod(variable.shape[:-1])) or 1
    # Repeated, since a million random numbers take long.
    pool = random.standard_normal(_POOL, dtype="float32")
    values = np.resize(pool, tuple(variable.shape))
    return ops.convert_to_tensor(values * np.float32(3 / np.sqrt(inputs)))


def _inputs(features: keras.KerasTensor, random: np.random.Generator) -> Tensor:
    """A few random samples of each scale."""
    sample = tuple(16 if size is None else size for size in features.shape[1:])
    rows = int(np.clip(_ELEMENTS // max(1, np.prod(sample)), 1, 8))
    values = random.standard_normal((rows, *sample), dtype="float32")
    scaled = np.concatenate([scale * values for scale in _SCALES])
    return ops.cast(ops.convert_to_tensor(scaled), features.dtype)
