"""AdaptationFactorScheduler."""

from keras_grl import schedules
from keras_grl.callbacks.ending import warn_of_early_end
from keras_grl.callbacks.ending import warn_of_skipped_steps
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.layers.following_step import FollowingStep
from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.schedules.horizon import steps_taken
from keras_grl.schedules.progress import MOST_STEPS
from keras_grl.schedules.progress import check_total_steps
from keras_grl.schedules.resolving import same
from keras_grl.types import Logs
from keras_grl.types import ScheduleLike


class AdaptationFactorScheduler(HorizonCallback):
    """Sets a schedule of the adaptation factor for a model, and logs it.

    The schedule is set in every `GradientReversal` layer of the model,
    at any depth, before the first step. The layer then computes the adaptation
    factor on the device; the callback does no work per step. The value of the
    last step of each epoch is logged as `adaptation_factor` (with several
    layers, `<layer name>_adaptation_factor`).

    `DANNModel.fit` adds this callback if there is none.

    Args:
        schedule: A number, a schedule of `keras_grl.schedules` or a function
            of training progress p. With None the layers keep their schedules.
        total_steps: Integer, the number of steps in which p goes from 0 to 1,
            counted over all calls of `fit`. With None every `fit` is a separate
            run: p starts at `initial_epoch / epochs` and ends at 1.

    A warning is raised if training stops before the schedule has taken effect
    (p below 0.5, or less than half of the final value), as `EarlyStopping` may
    do in a `fit` of many epochs.

    Raises:
        ValueError: If an argument is invalid; when training begins, if the
            model has no `GradientReversal` layer, or the horizon is unknown,
            or differs from the `total_steps` of a `DANNModel`; at the end of
            an epoch, if a layer has not counted its steps (because the
            model's `call` does not pass `training` to it, or calls it several
            times in a step), or its schedule has changed. A callback that
            calls `set_schedule` of a layer replaces the schedule: the next
            step is compiled again, with the new one.

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

    def __init__(
        self,
        schedule: ScheduleLike | None = None,
        total_steps: int | None = None,
    ):
        super().__init__()
        if schedule is not None:
            schedule = schedules.get(schedule, "schedule")
        self.schedule = schedule
        if total_steps is not None:
            total_steps = check_total_steps(total_steps)
        self.total_steps = total_steps
        self._epochs = (0, 0)
        self._counts_before: list[int] = []
        self._applied_before_fit = 0
        self._applied_before = 0

    @property
    def _layers(self) -> list[GradientReversal]:
        # `self.model` first writes JAX's training state to the variables.
        return gradient_reversal_layers(self.model)

    def horizons(self) -> dict[str, int | None]:
        return {"`AdaptationFactorScheduler`": self.total_steps}

    def needs_horizon(self) -> bool:
        if self.total_steps is not None:
            return False
        if self.schedule is None:
            return any(layer.needs_horizon for layer in self._layers)
        return not isinstance(self.schedule, schedules.Constant) and any(
            layer.given_total_steps is None for layer in self._layers
        )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self._layers:
            raise ValueError(
                "`AdaptationFactorScheduler` needs a model that holds a "
                "`GradientReversal` layer. Received: "
                f"{self.model.name!r} without one\n"
                "Put `keras_grl.layers.GradientReversal()` between the "
                "features and the domain classifier."
            )
        super().on_train_begin(logs)
        for layer in self._layers:
            schedule = self.schedule or layer.schedule
            is_new = not same(schedule, layer.schedule)
            layer.set_schedule(
                schedule if is_new else layer.schedule, self.total_steps
            )
        self._watch_layers()

    def _watch_layers(self) -> None:
        self.watch({each.name: each.schedule for each in self._layers})

    def _follow(self) -> None:
        """Has the training step of a plain Keras model follow its schedules."""
        model = self.model
        if not isinstance(model.train_function, FollowingStep):
            # One from an earlier `fit` may have other schedules.
            model.make_train_function(force=True)
        if not isinstance(model.train_function, FollowingStep):
            model.train_function = FollowingStep(
                model, model.make_train_function
            )

    def begin(
        self, total_steps: int | None, step: int | None, resumed: bool
    ) -> None:
        for layer in self._layers:
            if layer.given_total_steps is not None:
                # Loaded weights may have set another horizon.
                layer.set_horizon(layer.given_total_steps)
            elif layer.needs_horizon and total_steps is not None:
                layer.set_horizon(total_steps, None if resumed else step)
        self._applied_before_fit = steps_taken(self.model.optimizer)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.begun:
            self._epochs = (epoch, epoch)
        super().on_epoch_begin(epoch, logs)
        self._follow()
        self._counts_before = [layer.steps_counted for layer in self._layers]
        self._applied_before = steps_taken(self.model.optimizer)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        self._epochs = (self._epochs[0], epoch + 1)
        layers = self._layers
        for layer, before in zip(layers, self._counts_before, strict=True):
            if not isinstance(layer.schedule, schedules.Constant):
                self._check_counted(layer, layer.steps_counted - before)
            prefix = "" if len(layers) == 1 else f"{layer.name}_"
            if logs is not None:
                logs[f"{prefix}adaptation_factor"] = self._last_factor(layer)
        # A callback may have replaced one.
        self._watch_layers()

    def _last_factor(self, layer: GradientReversal) -> float:
        """The adaptation factor that the last step was computed with."""
        step = self.model.train_function
        of_step = getattr(step, "schedule_of", lambda layer: None)(layer)
        return layer.last_adaptation_factor(of_step)

    def on_train_end(self, logs: Logs | None = None) -> None:
        first, last = self._epochs
        steps = (self.params.get("steps") or 0) * (last - first)
        layers = self._layers
        if (
            steps
            and steps_taken(self.model.optimizer) == self._applied_before_fit
        ):
            warn_of_skipped_steps(steps, self._last_factor(layers[0]))
        elif self.model.stop_training or last < self.params["epochs"]:
            for layer in layers:
                warn_of_early_end(
                    f"the adaptation factor of {layer.name!r}",
                    layer.schedule,
                    layer,
                    "`DANNModel(..., total_steps=...)`, or "
                    "`AdaptationFactorScheduler(schedule, total_steps=...)`",
                )

    def _check_counted(self, layer: GradientReversal, counted: int) -> None:
        """Refuses a layer that counted too few or too many steps.

        It counts its calls, which depend on the user's model.
        """
        steps = self.params.get("steps")
        applied = steps_taken(self.model.optimizer) - self._applied_before
        is_full = layer.steps_counted == MOST_STEPS
        if counted == 0 and applied > 0 and not is_full:
            problem = "counted no training step in this epoch"
            fix = (
                "Pass `training` to it: `def call(self, x, training=False): … "
                "self.reversal(features, training=training)`."
            )
        elif steps and counted > steps:
            problem = f"counted {counted} steps in an epoch of {steps}"
            fix = (
                "Call it once in a training step: concatenate the features "
                "of the domains before it."
            )
        else:
            return
        raise ValueError(
            f"`GradientReversal` layer {layer.name!r} {problem}, so that its "
            "adaptation factor is wrong. Expected: one call with "
            f"`training=True` in every step.\n{fix}"
        )
