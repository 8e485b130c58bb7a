"""Schedules of the learning rate."""

import keras
from keras import ops

from keras_grl.schedules.horizon import Horizon
from keras_grl.schedules.horizon import horizon_of
from keras_grl.schedules.horizon import is_inspected
from keras_grl.schedules.progress import check_total_steps
from keras_grl.schedules.progress import function_of_p
from keras_grl.schedules.progress import progress
from keras_grl.schedules.resolving import get
from keras_grl.schedules.resolving import serialize
from keras_grl.types import Config
from keras_grl.types import FunctionOfP
from keras_grl.types import Tensor
from keras_grl.validation import check_number
from keras_grl.validation import invalid

_PACKAGE = "keras_grl"


class ProgressSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Base class of the learning rates that are functions of progress p.

    Any Keras optimizer takes one. Subclass it, and implement `at(p)` with
    `keras.ops` and `get_config()`. p comes from the optimizer's own step
    counter: `p = step / total_steps`, clamped to [0, 1].

    Args:
        total_steps: Integer, the number of training steps in which p goes
            from 0 to 1. With None, it is set by `fit` to epochs times steps per
            epoch: by `DANNModel.fit`, or in any other model by the callback
            `keras_grl.callbacks.LearningRateAnnealing`. Before that, reading
            the optimizer's `learning_rate` is an error.

    Call arguments:
        step: Integer scalar, the optimizer's iteration.

    Raises:
        ValueError: If `total_steps` is not a positive integer; when called,
            if it is still unknown.
    """

    def __init__(self, total_steps: int | None = None):
        if total_steps is not None:
            total_steps = check_total_steps(total_steps)
        self.total_steps = total_steps

    def at(self, p: Tensor) -> Tensor:
        """The learning rate at training progress p in [0, 1]."""
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `at(p)`."
        )

    def progress_at(self, step: Tensor, horizon: Horizon | None) -> Tensor:
        """p at a step of an optimizer with this horizon."""
        if self.total_steps is not None:
            return progress(step, self.total_steps)
        if horizon is None or not horizon.is_known:
            raise ValueError(
                f"The horizon of `{type(self).__name__}` is unknown: expected "
                "the number of training steps in which p goes from 0 to 1. "
                "Received: total_steps=None\n"
                f"Pass `{type(self).__name__}(..., total_steps=epochs * "
                "steps_per_epoch)`, or let `fit` set it: "
                "`model.fit(..., callbacks=["
                "keras_grl.callbacks.LearningRateAnnealing()])`."
            )
        return horizon.progress(step)

    def __call__(self, step: Tensor) -> Tensor:
        if is_inspected(self):
            return 0.0
        return self.at(self.progress_at(step, horizon_of(step)))


@keras.saving.register_keras_serializable(package=_PACKAGE)
class InverseDecay(ProgressSchedule):
    """The paper's annealing of the learning rate.

    `initial_learning_rate / (1 + alpha * p) ** beta`: with the default `alpha`
    and `beta`, it falls from `initial_learning_rate` at p = 0 to 0.166 times
    that value at p = 1.

    Args:
        initial_learning_rate: Float, positive. 0.01 in the paper.
        alpha: Float, at least 0.
        beta: Float, at least 0.
        total_steps: Integer, the number of training steps in which p goes
            from 0 to 1. With None it is set by `fit`, see `ProgressSchedule`.

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

    def at(self, p: Tensor) -> Tensor:
        p = ops.convert_to_tensor(p, dtype="float32")
        return self.initial_learning_rate * ops.power(
            1.0 + self.alpha * p, -self.beta
        )

    def get_config(self) -> Config:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "alpha": self.alpha,
            "beta": self.beta,
            "total_steps": self.total_steps,
        }


@keras.saving.register_keras_serializable(package=_PACKAGE)
class FunctionSchedule(ProgressSchedule):
    """A learning rate given by a custom function of progress p.

    Args:
        function: Function of p (float32 scalar tensor in [0, 1]) that returns
            the learning rate, written with `keras.ops`, or a schedule of the
            adaptation factor, such as `LinearRamp(end=0.01)`. To save it with
            the model, register it with
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

    def __init__(self, function: FunctionOfP, total_steps: int | None = None):
        super().__init__(total_steps)
        if not callable(function):
            raise ValueError(
                invalid("function", "a function of progress p", function)
            )
        self.function = get(function, "function")

    def at(self, p: Tensor) -> Tensor:
        return function_of_p(self.function)(p)

    def get_config(self) -> Config:
        return {
            "function": serialize(self.function),
            "total_steps": self.total_steps,
        }

    @classmethod
    def from_config(cls, config: Config) -> "FunctionSchedule":
        return cls(
            **{**config, "function": get(config["function"], "function")}
        )
