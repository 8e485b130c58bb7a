"""The callbacks that `fit` of a paired model adds by itself."""

from typing import Any

import keras
from keras import tree

from keras_grl.callbacks.adaptation_factor import AdaptationFactorScheduler
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.callbacks.learning_rate import LearningRateAnnealing
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.pairing import PairedDataset


def with_defaults(
    callbacks: Any, model: keras.Model, dataset: Any
) -> list[keras.callbacks.Callback]:
    """The user's callbacks, and those that they left out.

    Schedules come first: what goes into the logs must be there when a
    `CSVLogger` or `History` reads them, and the optimizer must have its
    schedule when a `BackupAndRestore` loads its weights.

    Args:
        callbacks: What was passed to `fit`.
        model: What is fitted. If it has a horizon of its own, all schedules
            share it.
        dataset: What was passed to `fit`.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    given = tree.flatten(callbacks or [])
    schedulers = [c for c in given if isinstance(c, HorizonCallback)]
    others = [c for c in given if not isinstance(c, HorizonCallback)]
    kinds = {type(callback) for callback in schedulers}
    if AdaptationFactorScheduler not in kinds and gradient_reversal_layers(
        model
    ):
        schedulers.append(AdaptationFactorScheduler())
    if LearningRateAnnealing not in kinds:
        schedulers.append(LearningRateAnnealing())
    # λ first: its callback may give the model the horizon of both.
    schedulers.sort(key=lambda c: not isinstance(c, AdaptationFactorScheduler))
    if isinstance(dataset, PairedDataset):
        others.insert(0, _TellEpoch(dataset))
    return [*schedulers, *others]


class _TellEpoch(keras.callbacks.Callback):
    """Sets the epoch of the dataset, so that a resumed run sees its order.

    A second `fit` that begins at epoch 0 sees other orders than the first.
    """

    def __init__(self, dataset: PairedDataset):
        super().__init__()
        self._dataset = dataset
        self._first: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._first is None:
            self._first = 0 if epoch > 0 else self._dataset.next_epoch
        self._dataset.set_epoch(self._first + epoch)
