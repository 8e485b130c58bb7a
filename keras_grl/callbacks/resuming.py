"""The first epoch of a `fit` that may resume an interrupted run."""

import warnings
from collections.abc import Iterable

import keras

from keras_grl.callbacks.backup import BackupGuard
from keras_grl.callbacks.checkpoint import TrainingCheckpoint
from keras_grl.callbacks.horizon import HorizonCallback
from keras_grl.pairing import PairedDataset
from keras_grl.types import Data
from keras_grl.types import Logs


def resuming(
    callbacks: Iterable[keras.callbacks.Callback],
    initial_epoch: int,
    dataset: Data,
) -> tuple[list[keras.callbacks.Callback], int]:
    """The callbacks and the first epoch for `fit` to resume exactly.

    Args:
        callbacks: The callbacks of this `fit`.
        initial_epoch: The `initial_epoch` of `fit`.
        dataset: The training data.

    Returns:
        The callbacks, with those that guard the resume, and the first epoch.
    """
    prepared: list[keras.callbacks.Callback] = []
    guards = []
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            guards.append(BackupGuard(callback, _given_seed(dataset)))
            prepared.append(guards[-1])
        if isinstance(callback, TrainingCheckpoint):
            callback.set_dataset(dataset)
            if callback.initial_epoch:
                initial_epoch = callback.initial_epoch
                _warn_of_unknown_order(callback)
        prepared.append(callback)
    resumers = [
        each
        for each in prepared
        if isinstance(each, (BackupGuard, TrainingCheckpoint))
    ]
    for each in prepared:
        if isinstance(each, HorizonCallback):
            each.resumers = resumers
    return [_FirstEpoch(initial_epoch, guards), *prepared], initial_epoch


def _given_seed(dataset: Data) -> int | None:
    """The seed that was passed to `pair`, if the order depends on it.

    One that `pair` has chosen differs in every program: nobody asked for the
    same order.
    """
    given = isinstance(dataset, PairedDataset) and dataset.seed_is_given
    return dataset.seed if given and dataset.shuffle else None


def _warn_of_unknown_order(checkpoint: TrainingCheckpoint) -> None:
    if checkpoint.seed is None:
        warnings.warn(
            "Training resumes from a `TrainingCheckpoint`, but the data are "
            "not arrays of `keras_grl.pair`: their order may differ from that "
            "of the interrupted run.",
            stacklevel=4,
        )


class _FirstEpoch(keras.callbacks.Callback):
    """Refuses a run that Keras begins with another epoch than `initial_epoch`.

    A model whose `fit` was resumed by `BackupAndRestore` keeps that epoch, and
    begins every later `fit` with it (Keras 3.15.1).
    """

    def __init__(self, expected: int, guards: list[BackupGuard]):
        super().__init__()
        self._expected: int | None = expected
        self._guards = guards

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        expected, self._expected = self._expected, None
        if expected in (None, epoch) or any(g.resumes for g in self._guards):
            return
        raise ValueError(
            f"Keras begins this `fit` with epoch {epoch}, since an earlier one "
            "of this model was resumed there by `BackupAndRestore`. Expected: "
            f"epoch {expected}\nSave the model and load it again: "
            '`model.save("model.keras")`, `model = keras.models.load_model('
            '"model.keras")`.'
        )
