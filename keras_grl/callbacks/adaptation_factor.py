"""AdaptationFactorScheduler."""

from typing import Any

from keras_grl import schedules
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.validation import check_integer


class AdaptationFactorScheduler(HorizonCallback):
    """Puts a schedule of the adaptation factor on a model, and logs it.

    The schedule is installed in every `GradientReversal` layer of the model,
    at any depth, before the first step. From then on the layer computes the
    adaptation factor on the device; the callback does no work per step. The
    value of the last step of each epoch is logged as `adaptation_factor` (with
    several layers, `<layer name>_adaptation_factor`).

    `DANNModel.fit` adds this callback by itself if there is none.

    Args:
        schedule: A number, a schedule of `keras_grl.schedules` or a function
            of the training progress p. With None the layers keep their own.
        total_steps: Integer, the number of steps in which p goes from 0 to 1,
            counted over all calls of `fit`. With None every `fit` is a run of
            its own: p starts at `initial_epoch / epochs` and ends at 1.

    Raises:
        ValueError: If an argument is invalid; when training begins, if the
            model has no `GradientReversal` layer, or the horizon is unknown.

    Example:

    >>> from keras_grl.layers import GradientReversal
    >>> from keras_grl.schedules import SigmoidRamp
    >>> model = keras.Sequential([
    ...     keras.layers.Dense(4), GradientReversal(), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(
    ...     np.ones((8, 2)), np.ones((8, 1)), batch_size=1, verbose=0,
    ...     callbacks=[AdaptationFactorScheduler(SigmoidRamp())])
    >>> [round(v, 4) for v in history.history["adaptation_factor"]]
    [0.9997]

    Reference:
        Ganin & Lempitsky (2015), section 4 and equation 14.
    """

    def __init__(self, schedule: Any = None, total_steps: int | None = None):
        super().__init__()
        self.schedule = None if schedule is None else schedules.get(schedule)
        if total_steps is not None:
            total_steps = check_integer("total_steps", total_steps)
        self.total_steps = total_steps
        self._layers: list[GradientReversal] = []

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._layers = gradient_reversal_layers(model)
        if not self._layers:
            raise ValueError(
                "`AdaptationFactorScheduler` needs a model that holds a "
                "`GradientReversal` layer. Received: "
                f"{model.name!r} without one\n"
                "Put `keras_grl.layers.GradientReversal()` between the "
                "features and the domain classifier."
            )

    def needs_horizon(self) -> bool:
        if self.schedule is not None:
            return self.total_steps is None and not isinstance(
                self.schedule, schedules.Constant
            )
        return self.total_steps is None and any(
            layer.needs_horizon for layer in self._layers
        )

    def begin(self, total_steps: int | None, step: int | None) -> None:
        for layer in self._layers:
            if self.schedule is not None:
                layer.set_schedule(self.schedule, self.total_steps)
            elif self.total_steps is not None:
                layer.set_schedule(layer.schedule, self.total_steps)
            if layer.needs_horizon and total_steps is not None:
                layer.set_horizon(total_steps, step)
        if self.schedule is not None:
            # The old schedule is part of a step that is compiled already.
            self.model.make_train_function(force=True)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is None:
            return
        # Through `self.model`, which brings JAX's running state home.
        layers = gradient_reversal_layers(self.model)
        for layer in layers:
            prefix = "" if len(layers) == 1 else f"{layer.name}_"
            value = layer.last_adaptation_factor()
            logs[f"{prefix}adaptation_factor"] = value
