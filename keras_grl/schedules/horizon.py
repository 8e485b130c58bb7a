"""The horizon of an optimizer's schedules, as two weights of the optimizer.

`fit` assigns them, so that a compiled training step need not be compiled again
for a `fit` of another length, and checkpoints hold them.
"""

from contextvars import ContextVar
from typing import Any

import keras
from keras import ops

from keras_grl.schedules.progress import progress

# Where a schedule that is called leaves itself, while `called_schedule` asks.
_CALLED: ContextVar[list[Any] | None] = ContextVar("called", default=None)


class Horizon:
    """When an optimizer's schedule is at p = 0, and when at p = 1.

    The horizon hangs on the optimizer's step counter, with which Keras calls
    the schedule. So the schedule itself has no state, and several optimizers
    can share it.

    Args:
        optimizer: Keras optimizer that wraps no other.
        in_files: Boolean. Whether its two weights are saved with the
            optimizer. Only who creates them before loading can load them.
    """

    def __init__(self, optimizer: Any, in_files: bool):
        self.in_files = in_files
        self.is_known = False
        self.total_steps = self._integer(optimizer, "total_steps")
        self.first_step = self._integer(optimizer, "first_step")
        self._optimizer = optimizer
        step_counter(optimizer).keras_grl_horizon = self

    @property
    def is_saved(self) -> bool:
        """Whether the two weights are part of a file that is written now."""
        # Not if its owner has given the optimizer another learning rate.
        return self.in_files and called_schedule(self._optimizer) is not None

    def assign(self, total_steps: int, first_step: int) -> None:
        """Let p go from 0 at `first_step` to 1 `total_steps` later.

        Args:
            total_steps: Integer, at least 1.
            first_step: Integer, the optimizer step at which p = 0 (negative
                when a new optimizer resumes a run).
        """
        self.total_steps.assign(total_steps)
        self.first_step.assign(first_step)
        self.is_known = True

    def loaded(self) -> None:
        """To be called when the two weights have been read from a file."""
        self.is_known = self.values()[0] > 0

    def values(self) -> tuple[int, int]:
        """`total_steps` and `first_step`."""
        return _number(self.total_steps), _number(self.first_step)

    def _integer(self, optimizer: Any, name: str) -> Any:
        variable = optimizer.add_variable(
            shape=(),
            initializer="zeros",
            dtype="int32",
            # As Keras creates the step counter.
            aggregation="only_first_replica",
            name=name,
        )
        variable.of_horizon = self
        return variable

    def progress(self, step: Any) -> Any:
        """p at a step of the optimizer."""
        step = ops.cast(step, "int32") - self.first_step
        return progress(step, self.total_steps)


def _number(variable: Any) -> int:
    # `+ 0`: under `tf.distribute` the value itself is no tensor.
    return int(ops.convert_to_numpy(variable + 0))


def horizon_of(step: Any) -> Horizon | None:
    """The horizon that hangs on a step counter, if one does."""
    return getattr(step, "keras_grl_horizon", None)


def single_optimizers(optimizer: Any) -> list[Any]:
    """The optimizers that update weights, taken out of their wrappers."""
    # `LossScaleOptimizer` has one inner optimizer, `MultiOptimizer` several.
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return list(getattr(inner, "optimizers", [inner]))


def step_counter(optimizer: Any) -> Any:
    """The variable that counts the steps that an optimizer has applied.

    It is what Keras calls a schedule with. Not `optimizer.iterations`: that
    counts the updates, of which there are fewer with
    `gradient_accumulation_steps`.
    """
    # A `LossScaleOptimizer` has a counter of its own, which stays at 0.
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return next(v for v in inner.variables if v.name == "iteration")


def steps_taken(optimizer: Any) -> int:
    """The steps that an optimizer has applied."""
    return _number(step_counter(optimizer))


def called_schedule(optimizer: Any) -> Any:
    """The `ProgressSchedule` of an optimizer; None if it has another.

    Keras does not tell the schedule of an optimizer, it calls it.
    """
    called: list[Any] = []
    token = _CALLED.set(called)
    try:
        _ = optimizer.learning_rate
    finally:
        _CALLED.reset(token)
    return called[0] if called else None


def is_asked(schedule: Any) -> bool:
    """For a schedule that is called: whether only to learn which it is."""
    called = _CALLED.get()
    if called is None:
        return False
    called.append(schedule)
    return True


def set_learning_rate(optimizer: Any, schedule: Any) -> None:
    """Puts a schedule in the place of an optimizer's learning rate."""
    # Not `optimizer.learning_rate = schedule`: on TensorFlow that reads the
    # old value first, which a schedule without a horizon does not have.
    keras.optimizers.Optimizer.learning_rate.fset(optimizer, schedule)


def add_horizon(owner: Any, optimizer: Any, in_files: bool) -> Horizon:
    """Gives an optimizer a horizon, unless it has one.

    Args:
        owner: The optimizer of the model: `optimizer` or what wraps it.
        optimizer: One of `single_optimizers(owner)`.
        in_files: See `Horizon`.

    Returns:
        The optimizer's horizon.
    """
    horizon = horizon_of(step_counter(optimizer))
    if horizon is None:
        horizon = Horizon(optimizer, in_files)
    inner = getattr(owner, "inner_optimizer", owner)
    # A wrapper saves the variables of what it wraps among its own.
    for each in (owner, inner, optimizer):
        if "load_own_variables" not in vars(each):
            files = _Files(each)
            each.save_own_variables = files.save
            each.load_own_variables = files.load
    return horizon


class _Files:
    """How an optimizer with a horizon is saved and loaded.

    The two weights of a horizon have a place in files that does not depend on
    when they were added: the end. So a file that was written without a horizon
    is the beginning of one with it, and is loaded in full, where Keras would
    skip all of it because of the different number.
    """

    def __init__(self, optimizer: Any):
        self._optimizer = optimizer

    def save(self, store: Any) -> None:
        """Instead of the optimizer's `save_own_variables`."""
        others, of_horizons = self._variables()
        for index, variable in enumerate(others + of_horizons):
            store[str(index)] = variable.numpy()

    def load(self, store: Any) -> None:
        """Instead of the optimizer's `load_own_variables`."""
        others, of_horizons = self._variables()
        variables = others + of_horizons
        count = len(store.keys())
        if count == len(others):
            variables = others
        elif count != len(variables):
            # Keras says what is wrong.
            type(self._optimizer).load_own_variables(self._optimizer, store)
            return
        for index, variable in enumerate(variables):
            variable.assign(store[str(index)])
        for variable in variables[len(others) :]:
            variable.of_horizon.loaded()

    def _variables(self) -> tuple[list[Any], list[Any]]:
        """All other variables, and those of horizons, as far as saved."""
        others: list[Any] = []
        of_horizons: list[Any] = []
        for variable in self._optimizer.variables:
            horizon = getattr(variable, "of_horizon", None)
            if horizon is None:
                others.append(variable)
            elif horizon.is_saved:
                of_horizons.append(variable)
        return others, of_horizons
