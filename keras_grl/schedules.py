"""Schedules: adaptation factor and learning rate over training.

All of them are functions of the training progress p, which runs linearly from
0 at the first training step towards 1 after the last. They are evaluated on
the device, from a step counter, so they hold under compilation.
"""

import copy
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import invalid
from keras_grl.validation import is_number

_PACKAGE = "keras_grl"


def progress(step: Any, total_steps: Any) -> Any:
    """The training progress p = step / total_steps, clamped to [0, 1].

    Args:
        step: Integer scalar, tensor or number. Training steps already taken:
            0 at the first batch.
        total_steps: Integer scalar, tensor or number. The horizon.

    Returns:
        A float32 scalar tensor.

    Example:

    >>> float(progress(25, total_steps=100))
    0.25
    >>> float(progress(300, total_steps=100))
    1.0

    Reference:
        Ganin & Lempitsky (2015), section 4 ("p linearly changing from 0 to
        1").
    """
    p = ops.cast(step, "float32") / ops.cast(total_steps, "float32")
    return ops.clip(p, 0.0, 1.0)


class Schedule:
    """Base class of the schedules of the adaptation factor.

    A schedule is a pure function of the training progress. Subclass it,
    implement `__call__(p)` with `keras.ops` and `get_config()`, and register
    the class with `keras.saving.register_keras_serializable` to have it saved
    with the model. A plain function of p will do wherever a `Schedule` is
    asked for.

    Call arguments:
        p: Float scalar in [0, 1], tensor or number.
    """

    def __call__(self, p: Any) -> Any:
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `__call__(p)`."
        )

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

    def __call__(self, p: Any) -> float:
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

    def __call__(self, p: Any) -> Any:
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

    def __call__(self, p: Any) -> Any:
        p = ops.convert_to_tensor(p, dtype="float32")
        climbed = ops.maximum((p - self.warmup) / (1.0 - self.warmup), 0.0)
        return self.start + (self.end - self.start) * climbed

    def get_config(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "warmup": self.warmup}


class ProgressSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Base class of the learning rates that are functions of progress p.

    Any Keras optimizer takes one. Subclass it, implement `at(p)` with
    `keras.ops` and `get_config()`. p is counted from the optimizer's own step
    counter: `p = step / total_steps`, clamped to [0, 1].

    Args:
        total_steps: Integer, the number of training steps in which p goes
            from 0 to 1. With None, `DANNModel.fit`, or in any other model the
            callback `keras_grl.callbacks.LearningRateAnnealing`, takes it from
            `fit`: epochs times steps per epoch. Until then, reading the
            optimizer's `learning_rate` is an error.

    Call arguments:
        step: Integer scalar, the optimizer's iteration.

    Raises:
        ValueError: If `total_steps` is not a positive integer; when called,
            if it is still unknown.
    """

    def __init__(self, total_steps: int | None = None):
        if total_steps is not None:
            total_steps = check_integer("total_steps", total_steps)
        self.total_steps = total_steps

    def over(self, total_steps: int) -> "ProgressSchedule":
        """A copy of this schedule with another horizon."""
        other = copy.copy(self)
        other.total_steps = check_integer("total_steps", total_steps)
        return other

    def at(self, p: Any) -> Any:
        """The learning rate at training progress p in [0, 1]."""
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `at(p)`."
        )

    def __call__(self, step: Any) -> Any:
        if self.total_steps is None:
            raise ValueError(
                f"The horizon of `{type(self).__name__}` is unknown: expected "
                "the number of training steps in which p goes from 0 to 1. "
                "Received: total_steps=None\n"
                f"Pass `{type(self).__name__}(..., total_steps=epochs * "
                "steps_per_epoch)`, or let `fit` tell it: "
                "`model.fit(..., callbacks=["
                "keras_grl.callbacks.LearningRateAnnealing()])`."
            )
        return self.at(progress(step, self.total_steps))


@keras.saving.register_keras_serializable(package=_PACKAGE)
class InverseDecay(ProgressSchedule):
    """The paper's annealing of the learning rate.

    `initial_learning_rate / (1 + alpha * p) ** beta`: it falls from
    `initial_learning_rate` at p = 0 to 0.166 times that at p = 1 (with the
    default `alpha` and `beta`).

    Args:
        initial_learning_rate: Float, positive. 0.01 in the paper.
        alpha: Float, at least 0.
        beta: Float, at least 0.
        total_steps: Integer, the number of training steps in which p goes
            from 0 to 1. With None it is taken from `fit`, see
            `ProgressSchedule`.

    Call arguments:
        step: Integer scalar, the optimizer's iteration.

    Raises:
        ValueError: If an argument is invalid; when called, if `total_steps`
            is still unknown.

    Example:

    >>> schedule = InverseDecay(0.01, total_steps=1000)
    >>> [round(float(schedule(step)), 5) for step in (0, 100, 500, 1000)]
    [0.01, 0.00595, 0.00261, 0.00166]
    >>> optimizer = keras.optimizers.SGD(schedule, momentum=0.9)

    Reference:
        Ganin & Lempitsky (2015), Appendix C.
    """

    def __init__(
        self,
        initial_learning_rate: float = 0.01,
        alpha: float = 10.0,
        beta: float = 0.75,
        total_steps: int | None = None,
    ):
        super().__init__(total_steps)
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, above=0.0
        )
        self.alpha = check_number("alpha", alpha, minimum=0.0)
        self.beta = check_number("beta", beta, minimum=0.0)

    def at(self, p: Any) -> Any:
        p = ops.convert_to_tensor(p, dtype="float32")
        return self.initial_learning_rate * ops.power(
            1.0 + self.alpha * p, -self.beta
        )

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "alpha": self.alpha,
            "beta": self.beta,
            "total_steps": self.total_steps,
        }


@keras.saving.register_keras_serializable(package=_PACKAGE)
class FunctionSchedule(ProgressSchedule):
    """A learning rate given as one's own function of the progress p.

    Args:
        function: Function of p (float32 scalar tensor in [0, 1]) that returns
            the learning rate, written with `keras.ops`. To be saved with the
            model it must be registered with
            `keras.saving.register_keras_serializable`.
        total_steps: See `ProgressSchedule`.

    Call arguments:
        step: Integer scalar, the optimizer's iteration.

    Raises:
        ValueError: If an argument is invalid; when called, if `total_steps`
            is still unknown.

    Example:

    >>> warmed_up = FunctionSchedule(
    ...     lambda p: 0.01 * ops.minimum(p / 0.1, 1.0), total_steps=1000
    ... )
    >>> [round(float(warmed_up(step)), 4) for step in (0, 50, 100, 1000)]
    [0.0, 0.005, 0.01, 0.01]
    """

    def __init__(
        self, function: Callable[[Any], Any], total_steps: int | None = None
    ):
        super().__init__(total_steps)
        if not callable(function):
            raise ValueError(
                invalid("function", "a function of progress p", function)
            )
        self.function = function

    def at(self, p: Any) -> Any:
        return self.function(p)

    def get_config(self) -> dict[str, Any]:
        return {
            "function": serialize(self.function),
            "total_steps": self.total_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FunctionSchedule":
        return cls(
            **{**config, "function": get(config["function"], "function")}
        )


@keras.saving.register_keras_serializable(package=_PACKAGE)
class FitSchedule(ProgressSchedule):
    """What `fit` puts in the place of a schedule without a horizon.

    The schedule itself is left as its owner made it, so that the next `fit`
    can find it and give it another horizon.

    Args:
        schedule: The `ProgressSchedule` without `total_steps`.
        total_steps: Integer, the horizon of this `fit`.
        first_step: Integer, the optimizer step at which p = 0 (negative in a
            `fit` that resumes with a new optimizer).
    """

    def __init__(
        self, schedule: ProgressSchedule, total_steps: int, first_step: int
    ):
        super().__init__(total_steps)
        self.first_step = first_step
        self.schedule = schedule

    def at(self, p: Any) -> Any:
        return self.schedule.at(p)

    def __call__(self, step: Any) -> Any:
        return super().__call__(ops.cast(step, "float32") - self.first_step)

    def get_config(self) -> dict[str, Any]:
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "total_steps": self.total_steps,
            "first_step": self.first_step,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FitSchedule":
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})


def get(
    identifier: Any, name: str = "adaptation_factor"
) -> Callable[[Any], Any]:
    """The schedule that `identifier` stands for.

    Args:
        identifier: A number (a `Constant`), a `Schedule`, a function of p, or
            the config of one.
        name: The argument to be named in errors.

    Returns:
        A function of the training progress p.

    Raises:
        ValueError: If it is none of these, or a number that is negative, NaN
            or infinite.

    Example:

    >>> get(0.3).get_config()
    {'value': 0.3}
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if is_number(identifier):
        value = check_number(name, identifier, minimum=0.0)
        return Constant(value)
    if isinstance(identifier, keras.optimizers.schedules.LearningRateSchedule):
        raise ValueError(
            invalid(
                name,
                "a number or a function of progress p",
                identifier,
                "A learning rate schedule is a function of the step. Use one "
                "of `keras_grl.schedules`, such as `SigmoidRamp()`.",
            )
        )
    if not callable(identifier):
        raise ValueError(
            invalid(
                name,
                "a number, a schedule of `keras_grl.schedules` or a function "
                "of progress p",
                identifier,
            )
        )
    return identifier


def serialize(schedule: Callable[[Any], Any]) -> Any:
    """The config of a schedule or of a registered function of p.

    Raises:
        ValueError: If it could not be loaded again, not being registered.
    """
    kind = (
        schedule
        if hasattr(schedule, "__name__") and not isinstance(schedule, Schedule)
        else type(schedule)
    )
    name = keras.saving.get_registered_name(kind)
    if keras.saving.get_registered_object(name) is not kind:
        raise ValueError(
            "A function of progress p can be saved only if it is registered, "
            f"or it could not be loaded again. Received: {schedule!r}\n"
            "Put `@keras.saving.register_keras_serializable()` above the "
            "definition of the function or class (a lambda must become a "
            "`def` for that)."
        )
    return keras.saving.serialize_keras_object(schedule)
