"""Schedules of the adaptation factor."""

import keras
from keras import ops

from keras_grl.types import Config
from keras_grl.types import Tensor
from keras_grl.validation import check_number

_PACKAGE = "keras_grl"


class Schedule:
    """Base class of the schedules of the adaptation factor.

    A schedule is a pure function of training progress: its value depends only
    on p. Subclass it, and implement `at(p)` (or `__call__(p)`) with `keras.ops`
    and `get_config()`. To save it with the model, register the class with
    `keras.saving.register_keras_serializable`. Every argument that takes a
    `Schedule` also takes a plain function of p.

    Call arguments:
        p: Float scalar in [0, 1], tensor or number.
    """

    def at(self, p: Tensor) -> Tensor:
        """The value at training progress p in [0, 1]."""
        if type(self).__call__ is Schedule.__call__:
            raise NotImplementedError(
                f"`{type(self).__name__}` must implement `at(p)`."
            )
        return self(p)

    def __call__(self, p: Tensor | None = None) -> Tensor:
        if p is None:
            # An optimizer calls anything but a Keras schedule without
            # arguments.
            raise ValueError(
                f"`{type(self).__name__}` is a function of progress p, which "
                "an optimizer does not know. Received: a call without p\nFor "
                "a learning rate pass it to the callback: `model.fit(…, "
                "callbacks=[keras_grl.callbacks.LearningRateAnnealing("
                f"{type(self).__name__}(…))])`."
            )
        return self.at(p)

    def get_config(self) -> Config:
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `get_config()`."
        )

    @classmethod
    def from_config(cls, config: Config) -> "Schedule":
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

    def at(self, p: Tensor) -> float:
        # A Python number takes the dtype of the tensor that it multiplies: in
        # float64 too, 0.3 is exact to the last bit.
        return self.value

    def get_config(self) -> Config:
        return {"value": self.value}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class SigmoidRamp(Schedule):
    """The paper's ramp of the adaptation factor, from 0 toward 1.

    `scale * (2 / (1 + exp(-gamma * p)) - 1)`: it is 0 at p = 0, and within
    `2 * exp(-gamma)` of `scale` at p = 1. A small adaptation factor early in
    training shields the feature extractor from the noise of a domain classifier
    that has not learned anything yet.

    Args:
        gamma: Float, positive. Steepness. 10 in the paper, which did not tune
            it.
        scale: Float, at least 0. The limit of the ramp. 1 in the paper.

    Raises:
        ValueError: If an argument is out of range, NaN or infinite.

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

    def at(self, p: Tensor) -> Tensor:
        # 2 / (1 + exp(-x)) - 1 = tanh(x / 2), without the cancellation near 0.
        p = ops.convert_to_tensor(p, dtype="float32")
        return self.scale * ops.tanh(0.5 * self.gamma * p)

    def get_config(self) -> Config:
        return {"gamma": self.gamma, "scale": self.scale}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class LinearRamp(Schedule):
    """A straight line from `start` to `end`, after a warm-up.

    `start` while `p <= warmup`, then linear, `end` at p = 1.

    Args:
        start: Float, at least 0. The value during the warm-up.
        end: Float, at least 0. The value at p = 1.
        warmup: Float in [0, 1). The fraction of training before the ramp.

    Raises:
        ValueError: If an argument is out of range, NaN or infinite.

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

    def at(self, p: Tensor) -> Tensor:
        p = ops.convert_to_tensor(p, dtype="float32")
        climbed = ops.maximum((p - self.warmup) / (1.0 - self.warmup), 0.0)
        return self.start + (self.end - self.start) * climbed

    def get_config(self) -> Config:
        return {"start": self.start, "end": self.end, "warmup": self.warmup}
