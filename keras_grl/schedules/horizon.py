"""The horizon of an optimizer's schedules, as two weights of the optimizer.

`fit` assigns them: a compiled training step is not compiled again for a `fit`
of another length, and checkpoints hold them.
"""

from collections.abc import Mapping
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Protocol

import keras
from keras import ops

from keras_grl.schedules.progress import MOST_STEPS
from keras_grl.schedules.progress import progress
from keras_grl.types import Array
from keras_grl.types import Tensor

# Within `called_schedule`: the schedules that were called.
_CALLED: ContextVar[list["HasProgress"] | None] = ContextVar(
    "called", default=None
)


class HasProgress(Protocol):
    """The part of a `ProgressSchedule` that an optimizer's horizon uses."""

    total_steps: int | None

    def __call__(self, step: Tensor) -> Tensor: ...

    def at(self, p: Tensor) -> Tensor: ...

    def progress_at(
        self, step: Tensor, horizon: "Horizon | None"
    ) -> Tensor: ...


class Horizon:
    """The optimizer steps at which a schedule reaches p = 0 and p = 1.

    The horizon is an attribute of the optimizer's step counter, which Keras
    passes to the schedule. So the schedule itself has no state, and several
    optimizers can share it.

    Args:
        optimizer: Keras optimizer that wraps no other optimizer.
        in_files: Boolean. Whether the two weights are saved with the
            optimizer. They can be loaded only if they are created before.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, in_files: bool):
        self.in_files = in_files
        self.is_known = False
        self.total_steps = self._integer(optimizer, "total_steps")
        self.first_step = self._integer(optimizer, "first_step")
        self._optimizer = optimizer
        step_counter(optimizer).keras_grl_horizon = self

    @property
    def is_saved(self) -> bool:
        """Whether a file that is written now would hold the two weights."""
        # Not if the user has set another learning rate.
        return self.in_files and called_schedule(self._optimizer) is not None

    def assign(self, total_steps: int, first_step: int) -> None:
        """Lets p go from 0 at `first_step` to 1, `total_steps` later.

        Args:
            total_steps: Integer, at least 1.
            first_step: Integer, the optimizer step at which p = 0 (negative
                when a new optimizer resumes a run).
        """
        self.total_steps.assign(total_steps)
        self.first_step.assign(first_step)
        self.is_known = True

    def loaded(self) -> None:
        """Must be called after the two weights were loaded from a file."""
        self.is_known = self.values()[0] > 0

    def values(self) -> tuple[int, int]:
        """`total_steps` and `first_step`."""
        return _number(self.total_steps), _number(self.first_step)

    def _integer(
        self, optimizer: keras.optimizers.Optimizer, name: str
    ) -> keras.Variable:
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

    def progress(self, step: Tensor) -> Tensor:
        """p at a step of the optimizer."""
        step = ops.cast(step, "int32")
        # So that the difference is at most `MOST_STEPS`.
        most = MOST_STEPS + ops.minimum(self.first_step, 0)
        step = ops.minimum(step, most) - self.first_step
        return progress(step, self.total_steps)


def _number(variable: keras.Variable) -> int:
    # `+ 0`: under `tf.distribute` the value itself is not a tensor.
    return int(ops.convert_to_numpy(variable + 0))


def horizon_of(step: Tensor) -> Horizon | None:
    """The horizon of a step counter, if it has one."""
    return getattr(step, "keras_grl_horizon", None)


def single_optimizers(
    optimizer: keras.optimizers.Optimizer,
) -> list[keras.optimizers.Optimizer]:
    """The optimizers that update weights, without their wrappers."""
    # `LossScaleOptimizer` has one inner optimizer, `MultiOptimizer` several.
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return list(getattr(inner, "optimizers", [inner]))


def step_counter(optimizer: keras.optimizers.Optimizer) -> keras.Variable:
    """The variable that counts the steps that an optimizer has applied.

    Keras passes it to schedules. It is not `optimizer.iterations`, which counts
    updates: fewer than steps with `gradient_accumulation_steps`.
    """
    # A `LossScaleOptimizer` has its own counter, which stays at 0.
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return next(v for v in inner.variables if v.name == "iteration")


def steps_taken(optimizer: keras.optimizers.Optimizer) -> int:
    """The number of steps that an optimizer has applied."""
    return _number(step_counter(optimizer))


def called_schedule(
    optimizer: keras.optimizers.Optimizer,
) -> HasProgress | None:
    """The `ProgressSchedule` of an optimizer; None if it has another.

    Public Keras has no access to the schedule of an optimizer, but
    `optimizer.learning_rate` calls it.
    """
    called: list[HasProgress] = []
    token = _CALLED.set(called)
    try:
        _ = optimizer.learning_rate
    finally:
        _CALLED.reset(token)
    return called[0] if called else None


def is_inspected(schedule: HasProgress) -> bool:
    """Whether a schedule is called by `called_schedule`, not for its value."""
    called = _CALLED.get()
    if called is None:
        return False
    called.append(schedule)
    return True


def set_learning_rate(
    optimizer: keras.optimizers.Optimizer, schedule: HasProgress
) -> None:
    """Replaces the learning rate of an optimizer with a schedule."""
    # Not `optimizer.learning_rate = schedule`: TensorFlow reads the old value
    # first, and a schedule without a horizon has none.
    keras.optimizers.Optimizer.learning_rate.fset(optimizer, schedule)


def add_horizon(
    owner: keras.optimizers.Optimizer,
    optimizer: keras.optimizers.Optimizer,
    in_files: bool,
) -> Horizon:
    """Adds a horizon to an optimizer that has none.

    Args:
        owner: The optimizer of the model: `optimizer` or its wrapper.
        optimizer: One of `single_optimizers(owner)`.
        in_files: See `Horizon`.

    Returns:
        The optimizer's horizon.
    """
    horizon = horizon_of(step_counter(optimizer))
    if horizon is None:
        horizon = Horizon(optimizer, in_files)
    inner = getattr(owner, "inner_optimizer", owner)
    # A wrapper saves the variables of the wrapped optimizer with its own.
    for each in (owner, inner, optimizer):
        if "load_own_variables" not in vars(each):
            files = _Files(each)
            each.save_own_variables = files.save
            each.load_own_variables = files.load
    return horizon


class _Files:
    """How an optimizer with a horizon is saved and loaded.

    The two weights of a horizon always come last in files, whenever they were
    added. So a file without a horizon is the beginning of a file with one and
    loads in full; Keras would skip all variables, because their number differs.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer):
        self._optimizer = optimizer

    def save(self, store: MutableMapping[str, Array]) -> None:
        """Replaces the optimizer's `save_own_variables`."""
        others, of_horizons = self._variables()
        for index, variable in enumerate(others + of_horizons):
            store[str(index)] = variable.numpy()

    def load(self, store: Mapping[str, Array]) -> None:
        """Replaces the optimizer's `load_own_variables`."""
        others, of_horizons = self._variables()
        variables = others + of_horizons
        count = len(store.keys())
        if count == len(others):
            variables = others
        elif count != len(variables):
            # Keras warns of the difference.
            type(self._optimizer).load_own_variables(self._optimizer, store)
            return
        for index, variable in enumerate(variables):
            variable.assign(store[str(index)])
        for variable in variables[len(others) :]:
            variable.of_horizon.loaded()

    def _variables(self) -> tuple[list[keras.Variable], list[keras.Variable]]:
        """All other variables, and the variables of saved horizons."""
        others: list[keras.Variable] = []
        of_horizons: list[keras.Variable] = []
        for variable in self._optimizer.variables:
            horizon = getattr(variable, "of_horizon", None)
            if horizon is None:
                others.append(variable)
            elif horizon.is_saved:
                of_horizons.append(variable)
        return others, of_horizons
