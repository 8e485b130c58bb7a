"""Whether outputs are logits, by their values under other weights."""

from typing import Any

import keras
import numpy as np
from keras import ops

# Features from small to large, so that a bounded output shows its bounds.
_SCALES = (0.1, 1.0, 10.0)
_ELEMENTS = 2**20
# A prime, so that no two rows of a weight matrix repeat each other.
_POOL = 65_521


def stay_in_unit_interval(layer: Any, features: Any) -> bool:
    """Whether a layer's outputs are in [0, 1] for all features and weights.

    So are those of a sigmoid or softmax. Those of a linear end change their
    sign with that of its weights, also where the weights that it has are zeros
    or the layer before is bounded. Outputs that are all equal prove nothing.

    The layer is called with weights of the check's own; nothing of it changes.

    Args:
        layer: A built Keras model or layer.
        features: Symbolic input, whose shape and dtype are taken.

    Returns:
        Boolean. False where the layer cannot be called that way.

    Example:

    >>> layer = keras.layers.Dense(1, activation="sigmoid")
    >>> layer.build((None, 4))
    >>> stay_in_unit_interval(layer, keras.KerasTensor((None, 4)))
    True
    """
    if not layer.built:
        return False
    random = np.random.default_rng(0)
    inputs = _inputs(features, random)
    weights = [_weight(each, random) for each in layer.trainable_variables]
    low, high = np.inf, -np.inf
    for sign in (1, -1):
        mapping = [
            (variable, ops.cast(sign * weight, variable.dtype))
            for variable, weight in zip(
                layer.trainable_variables, weights, strict=True
            )
        ]
        try:
            with keras.StatelessScope(state_mapping=mapping):
                outputs = layer(inputs, training=False)
        except Exception:
            # It needs more than features of this shape. Whatever that is,
            # training says so.
            return False
        values = ops.convert_to_numpy(ops.cast(outputs, "float32"))
        low, high = min(low, values.min()), max(high, values.max())
    # NaN, of a layer that takes no such weights, compares as False.
    return bool(0 <= low < high <= 1)


def _weight(variable: Any, random: Any) -> Any:
    """Random values of the size that keeps outputs in the order of inputs."""
    inputs = int(np.prod(variable.shape[:-1])) or 1
    # Repeated, since a million of random numbers take their time.
    pool = random.standard_normal(_POOL, dtype="float32")
    values = np.resize(pool, tuple(variable.shape))
    return ops.convert_to_tensor(values * np.float32(3 / np.sqrt(inputs)))


def _inputs(features: Any, random: Any) -> Any:
    """A few random samples of each scale."""
    sample = tuple(16 if size is None else size for size in features.shape[1:])
    rows = int(np.clip(_ELEMENTS // max(1, np.prod(sample)), 1, 8))
    values = random.standard_normal((rows, *sample), dtype="float32")
    scaled = np.concatenate([scale * values for scale in _SCALES])
    return ops.cast(ops.convert_to_tensor(scaled), features.dtype)
