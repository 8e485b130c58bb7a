"""The callbacks that `DANNModel.fit` adds by itself."""

from typing import Any

import keras
from keras import tree

from keras_grl.callbacks.adaptation_factor import AdaptationFactorScheduler
from keras_grl.callbacks.learning_rate import LearningRateAnnealing
from keras_grl.pairing import PairedDataset


def with_defaults(callbacks: Any, model: Any, dataset: Any) -> Any:
    """The user's callbacks, with those before them that they left out.

    Before them, so that what goes into the logs is there when a `CSVLogger`
    or `History` reads them.
    """
    wrapped = isinstance(callbacks, keras.callbacks.CallbackList)
    given = callbacks.callbacks if wrapped else tree.flatten(callbacks or [])
    added: list[keras.callbacks.Callback] = [
        kind()
        for kind in (AdaptationFactorScheduler, LearningRateAnnealing)
        if not any(isinstance(callback, kind) for callback in given)
    ]
    if isinstance(dataset, PairedDataset):
        added.append(_TellEpoch(dataset))
    if not wrapped:
        return [*added, *given]
    for callback in added:
        callback.set_model(model)
        callback.set_params(callbacks.params)
    callbacks.callbacks[:0] = added
    return callbacks


class _TellEpoch(keras.callbacks.Callback):
    """Tells the dataset the epoch, so that a resumed run sees its order.

    A second `fit` that begins at epoch 0 sees other orders than the first.
    """

    def __init__(self, dataset: PairedDataset):
        super().__init__()
        self._dataset = dataset
        self._first: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._first is None:
            self._first = 0 if epoch > 0 else self._dataset.told_epochs
        self._dataset.set_epoch(self._first + epoch)
