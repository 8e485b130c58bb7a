"""The gradient reversal layer R_λ."""

from typing import Any

import keras
from keras import ops

from keras_grl import schedules
from keras_grl.backend import scale_gradient
from keras_grl.layers.step_counter import StepCounter
from keras_grl.layers.step_counter import step_counters
from keras_grl.schedules.progress import check_total_steps
from keras_grl.schedules.progress import function_of_p
from keras_grl.types import Config
from keras_grl.types import FunctionOfP
from keras_grl.types import ScheduleLike
from keras_grl.types import Shape
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class GradientReversal(StepCounter):
    """Identity forward, gradient times -adaptation_factor backward.

    `R(x) = x` and `dR/dx = -adaptation_factor * I`.

    Between a feature extractor and a domain classifier, it makes ordinary
    backpropagation train the classifier to distinguish the domains and the
    extractor to prevent this.

    The forward pass is exact, bit for bit, for every value, including inf and
    NaN. The layer has no trainable weights; its two integer weights, `step` and
    `total_steps`, count training steps (calls with `training=True`) and hold
    the horizon of the schedule, so that the adaptation factor is computed on
    the device, correctly also with `jit_compile`, `steps_per_execution` and
    after a checkpoint is restored.

    Args:
        adaptation_factor: λ. A float of at least 0, or a function of the
            training progress p in [0, 1] written with `keras.ops`: a schedule
            of `keras_grl.schedules` such as `SigmoidRamp()`, or a custom one.
            It must depend on p alone, not on a variable that changes.
        total_steps: Integer, the number of training steps in which p goes
            from 0 to 1; it stays at 1 afterwards. With None it is taken from
            `fit`, by `DANNModel` or, in any other model, by the callback
            `keras_grl.callbacks.AdaptationFactorScheduler`.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`, ….

    Call arguments:
        inputs: Floating point tensor of any rank. The dtype is kept.
        training: Boolean. With True, one training step is counted.

    Input shape:
        Arbitrary. Masks pass through.

    Output shape:
        Same as the input.

    Raises:
        ValueError: If `adaptation_factor`, or its value at p = 0, 0.5 or 1, is
            negative, NaN, infinite or not a scalar; if it is a variable or
            reads one; if `total_steps` is not a positive integer; when called
            with `training=True`, if a schedule's horizon is still unknown.

    Example:

    >>> features = keras.Input((64,))
    >>> reversed_features = GradientReversal(0.3)(features)
    >>> domain = keras.layers.Dense(1)(reversed_features)

    Reference:
        Ganin & Lempitsky (2015), equations 7 and 8.
    """

    def __init__(
        self,
        adaptation_factor: ScheduleLike = 1.0,
        total_steps: int | None = None,
        **kwargs: Any,
    ):
        # Without autocast a float64 input stays one under a float32 policy:
        # the forward pass is the identity.
        kwargs.setdefault("autocast", False)
        if total_steps is not None:
            total_steps = check_total_steps(total_steps)
        schedule = schedules.get(adaptation_factor)
        super().__init__(_one_horizon(schedule, total_steps), **kwargs)
        self.supports_masking = True
        self._schedule = schedule

    @property
    def schedule(self) -> FunctionOfP:
        """The adaptation factor as a function of progress p."""
        return self._schedule

    @property
    def adaptation_factor(self) -> float:
        """Float: the adaptation factor of the next training step."""
        return float(ops.convert_to_numpy(self._factor_at(self.step)))

    @adaptation_factor.setter
    def adaptation_factor(self, value: object) -> None:
        raise AttributeError(
            "`adaptation_factor` cannot be assigned: a compiled training step "
            "would continue with the old value, silently. Received: "
            f"adaptation_factor={value!r}\n"
            "Pass a schedule: `model.fit(..., callbacks=[keras_grl.callbacks."
            "AdaptationFactorScheduler(schedule)])`."
        )

    @property
    def needs_horizon(self) -> bool:
        """Whether the schedule gets its length from `fit`."""
        return self.given_total_steps is None and not isinstance(
            self._schedule, schedules.Constant
        )

    def set_schedule(
        self, schedule: ScheduleLike, total_steps: int | None = None
    ) -> None:
        """Replace the schedule, and the horizon if one is given.

        `DANNModel`, and the callback `AdaptationFactorScheduler` in any other
        model, compile the training step again. A custom training loop must do
        so itself.
        """
        if total_steps is not None:
            total_steps = check_total_steps(total_steps)
        schedule = schedules.get(schedule)
        total_steps = _one_horizon(schedule, total_steps)
        self._schedule = schedule
        if total_steps is not None:
            self.given_total_steps = total_steps
            self.set_horizon(total_steps)

    def last_adaptation_factor(
        self, schedule: FunctionOfP | None = None
    ) -> float:
        """Float: the adaptation factor of the last training step.

        Args:
            schedule: The one that the step had. Defaults to the present one.
        """
        last = ops.maximum(self.step - 1, 0)
        return float(ops.convert_to_numpy(self._factor_at(last, schedule)))

    def _factor_at(
        self, step: Tensor, schedule: FunctionOfP | None = None
    ) -> Tensor:
        schedule = self._schedule if schedule is None else schedule
        if isinstance(schedule, schedules.Constant):
            return schedule.value
        return function_of_p(schedule)(self.progress_at(step))

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if training and self.needs_horizon and not self.knows_horizon:
            raise ValueError(
                "The horizon of the adaptation factor's schedule is unknown: "
                "expected the number of training steps in which p goes from "
                "0 to 1. Received: total_steps=None\n"
                "Only `fit` knows it. Outside, pass it to what holds the "
                "schedule: `DANNModel(..., total_steps=epochs * "
                "steps_per_epoch)` or `GradientReversal(schedule, "
                "total_steps=epochs * steps_per_epoch)`. A custom model "
                "gets it from `model.fit(..., callbacks=[keras_grl.callbacks."
                "AdaptationFactorScheduler()])`."
            )
        outputs = reverse_gradient(inputs, self._factor_at(self.step))
        if training:
            self.count_step()
        return outputs

    def compute_output_spec(
        self, inputs: keras.KerasTensor, **kwargs: Any
    ) -> keras.KerasTensor:
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "adaptation_factor": schedules.serialize(self._schedule),
            "total_steps": self.given_total_steps,
        }


def _one_horizon(schedule: FunctionOfP, total_steps: int | None) -> int | None:
    """`total_steps`, or that of a schedule of the learning rate."""
    own = getattr(schedule, "total_steps", None)
    if None not in (own, total_steps) and own != total_steps:
        raise ValueError(
            "The schedule of the adaptation factor has another horizon than "
            f"the layer. Expected: one of them. Received: total_steps="
            f"{total_steps}, and {own} in {schedule!r}\n"
            "Leave `total_steps` out of the schedule."
        )
    return own if total_steps is None else total_steps


def reverse_gradient(x: Tensor, adaptation_factor: float | Tensor) -> Tensor:
    """x, whose gradient is multiplied by -adaptation_factor.

    Args:
        x: Floating point tensor of any shape.
        adaptation_factor: Number or scalar tensor.

    Returns:
        A tensor equal to `x`.

    Example:

    >>> x = ops.convert_to_tensor([1.0, 2.0])
    >>> reverse_gradient(x, 0.5).shape == x.shape
    True

    Reference:
        Ganin & Lempitsky (2015), equations 7 and 8.
    """
    return scale_gradient(x, -adaptation_factor)


def gradient_reversal_layers(
    model: keras.layers.Layer,
) -> list[GradientReversal]:
    """The gradient reversal layers of a model, at any depth.

    Args:
        model: A Keras model or layer, built or not.

    Returns:
        List of the `GradientReversal` layers, sorted by path.

    Example:

    >>> model = keras.Sequential([GradientReversal(0.3, name="reversal")])
    >>> [layer.name for layer in gradient_reversal_layers(model)]
    ['reversal']
    """
    return [
        each
        for each in step_counters(model)
        if isinstance(each, GradientReversal)
    ]
