"""The callbacks that `fit` of an `AdaptationModel` adds."""

from collections.abc import Iterable

import keras
from keras import tree

from keras_grl.callbacks.adaptation_factor import AdaptationFactorScheduler
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.callbacks.learning_rate import LearningRateAnnealing
from keras_grl.callbacks.monitor import AdaptationMonitor
from keras_grl.callbacks.target_loss_weight import TargetLossWeight
from keras_grl.callbacks.target_loss_weight import target_loss_schedule
from keras_grl.callbacks.target_scores import TargetScores
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.monitor.seen import Seen
from keras_grl.monitor.seen import WatchedDataset
from keras_grl.pairing import PairedDataset
from keras_grl.types import Callbacks
from keras_grl.types import Data
from keras_grl.types import Logs


def with_defaults(
    callbacks: Callbacks | None,
    model: keras.Model,
    dataset: Data,
    monitor: bool = True,
) -> list[keras.callbacks.Callback]:
    """The user's callbacks, and the default ones.

    Schedules come first: the logs must be complete when a `CSVLogger` or
    `History` reads them, and the optimizer must have its schedule when a
    `BackupAndRestore` loads its weights. Scores and the figures of the monitor
    follow: `EarlyStopping` and `ModelCheckpoint` may monitor them.

    Args:
        callbacks: The `callbacks` of `fit`.
        model: The model that is fitted. If it has `total_steps`, all schedules
            use it.
        dataset: The training data.
        monitor: Boolean, whether to add an `AdaptationMonitor` if there is
            none.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    given = tree.flatten(callbacks or [])
    schedulers = [c for c in given if isinstance(c, HorizonCallback)]
    scores = [c for c in given if isinstance(c, TargetScores)]
    monitors = [c for c in given if isinstance(c, AdaptationMonitor)]
    sorted_ones = (HorizonCallback, TargetScores, AdaptationMonitor)
    others = [c for c in given if not isinstance(c, sorted_ones)]
    for each in scores:
        each.set_dataset(dataset)

    def has(kind: type[HorizonCallback]) -> bool:
        return any(isinstance(callback, kind) for callback in schedulers)

    if gradient_reversal_layers(model) and not has(AdaptationFactorScheduler):
        schedulers.append(AdaptationFactorScheduler())
    if not has(LearningRateAnnealing):
        schedulers.append(LearningRateAnnealing())
    if target_loss_schedule(model) is not None:
        schedulers.append(TargetLossWeight())
    # λ first: its callback may set the horizon of both on the model.
    schedulers.sort(key=lambda c: not isinstance(c, AdaptationFactorScheduler))
    if monitor and not monitors:
        monitors.append(AdaptationMonitor())
    if isinstance(dataset, PairedDataset):
        others.insert(0, _SetEpoch(dataset))
    return [*schedulers, *scores, *monitors, *others]


def watched(
    dataset: keras.utils.PyDataset,
    callbacks: Iterable[keras.callbacks.Callback],
) -> keras.utils.PyDataset:
    """A dataset whose first batches the monitors see.

    Args:
        dataset: Paired batches of arrays.
        callbacks: The callbacks of `fit`.
    """
    monitors = [c for c in callbacks if isinstance(c, AdaptationMonitor)]
    seen = Seen()
    for each in monitors:
        each.set_seen(seen)
    return WatchedDataset(dataset, seen) if monitors else dataset


class _SetEpoch(keras.callbacks.Callback):
    """Sets the epoch of the dataset, so that a resumed run has the same order.

    A second `fit` that begins at epoch 0 continues with new orders.
    """

    def __init__(self, dataset: PairedDataset):
        super().__init__()
        self._dataset = dataset
        self._first: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._first is None:
            self._first = 0 if epoch > 0 else self._dataset.next_epoch
        self._dataset.set_epoch(self._first + epoch)
