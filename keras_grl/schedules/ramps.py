"""Schedules of the adaptation factor."""

from typing import Any

import keras
from keras import ops

from keras_grl.validation import check_number

_PACKAGE = "keras_grl"


class Schedule:
    """Base class of the schedules of the adaptation factor.

    A schedule is a pure function of the training progress: its value depends
    on p alone. Subclass it, implement `at(p)` (or `__call__(p)`) with
    `keras.ops` and `get_config()`, and register the class with
    `keras.saving.register_keras_serializable` to have it saved with the model.
    A plain function of p will do wherever a `Schedule` is asked for.

    Call arguments:
        p: Float scalar in [0, 1], tensor or number.
    """

    def at(self, p: Any) -> Any:
        """The value at training progress p in [0, 1]."""
        if type(self).__call__ is Schedule.__call__:
            raise NotImplementedError(
                f"`{type(self).__name__}` must implement `at(p)`."
            )
        return self(p)

    def __call__(self, p: Any) -> Any:
        return self.at(p)

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `get_config()`."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Schedule":
        return cls(**config)


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Constant(Schedule):
    """The same value throughout training.

    Args:
        value: Float, finite and at least 0.

    Raises:
        ValueError: If `value` is negative, NaN or infinite.

    Example:

    >>> Constant(0.3)(0.5)
    0.3
    """

    def __init__(self, value: float):
        self.value = check_number("value", value, minimum=0.0)

    def at(self, p: Any) -> float:
        # A Python number takes the dtype of what it multiplies, so that 0.3
        # is 0.3 to the last bit in float64 too.
        return self.value

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SigmoidRamp(Schedule):
    """The paper's ramp of the adaptation factor, from 0 towards 1.

    `scale * (2 / (1 + exp(-gamma * p)) - 1)`: 0 at p = 0, and at p = 1 it has
    come within `2 * exp(-gamma)` of `scale`. A small adaptation factor early
    in training spares the feature extractor the noise of a domain classifier
    that has not learnt anything yet.

    Args:
        gamma: Float, positive. Steepness. The paper never tuned its 10.
        scale: Float, at least 0. The value approached. 1 in the paper.

    Raises:
        ValueError: If an argument is out of its range, NaN or infinite.

    Example:

    >>> ramp = SigmoidRamp(gamma=10.0)
    >>> [round(float(ramp(p)), 4) for p in (0.1, 0.5, 1.0)]
    [0.4621, 0.9866, 0.9999]

    Reference:
        Ganin & Lempitsky (2015), equation 14.
    """

    def __init__(self, gamma: float = 10.0, scale: float = 1.0):
        self.gamma = check_number("gamma", gamma, above=0.0)
        self.scale = check_number("scale", scale, minimum=0.0)

    def at(self, p: Any) -> Any:
        # 2 / (1 + exp(-x)) - 1 = tanh(x / 2), without the cancellation near 0.
        p = ops.convert_to_tensor(p, dtype="float32")
        return self.scale * ops.tanh(0.5 * self.gamma * p)

    def get_config(self) -> dict[str, Any]:
        return {"gamma": self.gamma, "scale": self.scale}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class LinearRamp(Schedule):
    """A straight line from `start` to `end`, after a warm-up.

    `start` while `p <= warmup`, then linear, `end` at p = 1.

    Args:
        start: Float, at least 0. The value during the warm-up.
        end: Float, at least 0. The value at p = 1.
        warmup: Float in [0, 1). The share of training before the ramp.

    Raises:
        ValueError: If an argument is out of its range, NaN or infinite.

    Example:

    >>> ramp = LinearRamp(start=0.1, end=1.0, warmup=0.2)
    >>> [round(float(ramp(p)), 4) for p in (0.0, 0.2, 0.6, 1.0)]
    [0.1, 0.1, 0.55, 1.0]
    """

    def __init__(
        self, start: float = 0.0, end: float = 1.0, warmup: float = 0.0
    ):
        self.start = check_number("start", start, minimum=0.0)
        self.end = check_number("end", end, minimum=0.0)
        self.warmup = check_number("warmup", warmup, minimum=0.0, below=1.0)

    def at(self, p: Any) -> Any:
        p = ops.convert_to_tensor(p, dtype="float32")
        climbed = ops.maximum((p - self.warmup) / (1.0 - self.warmup), 0.0)
        return self.start + (self.end - self.start) * climbed

    def get_config(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "warmup": self.warmup}
