"""The first step whose loss was not finite, and weights that are lost."""

import math

import keras
from keras import ops

from keras_grl.monitor.findings import Finding
from keras_grl.streams.values import first_not_finite

# Reading all weights costs less than a step.
_STEPS_BETWEEN = 100
_FIX = (
    "Train again from the beginning with a lower learning rate, adaptation "
    "factor or `domain_loss_weight`, or with `clipnorm` in the optimizer, and "
    "check the inputs: `np.isfinite(x).all()`."
)


class NotFinite:
    """Collects what is needed for a finding.

    `record` may be called by several threads, in any order.
    """

    def __init__(self) -> None:
        self._batches: list[int] = []
        self._checked = 0

    def record(self, batch: int, loss: float | None) -> None:
        """Remembers a batch whose mean loss so far is not finite.

        Args:
            batch: Integer, its number in the epoch.
            loss: The logged loss.
        """
        # Once NaN, the mean over an epoch stays so. Another thread may be late.
        if loss is not None and not math.isfinite(loss):
            self._batches.append(batch)

    def finding(
        self, model: keras.Model, epoch: int, steps: int, last: bool
    ) -> Finding | None:
        """What the epoch that ends tells.

        Args:
            model: The model in training.
            epoch: Integer, the number of the epoch, from 0.
            steps: Integer, the steps so far.
            last: Boolean, whether the run is over.
        """
        batches, self._batches = self._batches, []
        if batches:
            step = f"step {min(batches) + 1} of epoch {epoch + 1}"
            return _of_loss(step, lost_weight(model), _skips_steps(model))
        if not last and steps - self._checked < _STEPS_BETWEEN:
            return None
        self._checked = steps
        name = lost_weight(model)
        return None if name is None else _of_weights(name, epoch)


def lost_weight(model: keras.Model) -> str | None:
    """The path of the first weight that is not finite; None without one."""
    for variable in model.trainable_variables:
        value = ops.convert_to_numpy(variable.value).reshape(-1)
        if first_not_finite(value) is not None:
            return str(variable.path)
    return None


def _skips_steps(model: keras.Model) -> bool:
    """Whether the optimizer skips steps whose gradients are not finite."""
    return hasattr(model.optimizer, "inner_optimizer")


def _of_loss(step: str, weight: str | None, skips: bool) -> Finding | None:
    if weight is None and skips:
        return None
    lost = f" The weights of the model are lost ({weight})." if weight else ""
    return Finding(
        "nan-or-infinite-loss",
        f"The loss has been NaN or infinite since {step}.{lost} {_FIX}",
    )


def _of_weights(weight: str, epoch: int) -> Finding:
    return Finding(
        "nan-or-infinite-loss",
        f"Weights of the model are NaN or infinite at the end of epoch "
        f"{epoch + 1} ({weight}), although the loss is finite: some layers, "
        "such as a ReLU, hide NaN. A NaN input causes this in one step. "
        f"{_FIX}",
    )
