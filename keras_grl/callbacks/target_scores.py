"""TargetScores."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import tree

from keras_grl import scores as functions
from keras_grl.backend import kept_state
from keras_grl.callbacks.predicting import batch_size
from keras_grl.callbacks.predicting import check_prediction
from keras_grl.callbacks.predicting import predicted
from keras_grl.callbacks.predicting import rows
from keras_grl.callbacks.target_samples import TargetSamples
from keras_grl.callbacks.target_samples import padded
from keras_grl.pairing import PairedDataset
from keras_grl.scores.mixing import as_numbers
from keras_grl.scores.mixing import refuse_embedding
from keras_grl.scores.mixing import share_kept
from keras_grl.streams import Columns
from keras_grl.streams.names import wrong
from keras_grl.types import Array
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Logs
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

_OF_PROBABILITIES = {
    "infomax": functions.infomax,
    "negative_entropy": functions.negative_entropy,
    "bnm": functions.bnm,
}
_NAMES = (*_OF_PROBABILITIES, "mixval")
# By default the samples take this share of an epoch's arithmetic. The other
# half of a tenth is for the other costs of each call. A training step,
# forward and backward, computes about three times as much as a forward pass.
_SHARE = 0.05
_FORWARDS_OF_STEP = 3
_FEWEST, _MOST = 256, 2048
# If the batches do not tell: Keras's default.
_BATCH_SIZE = 32


class TargetScores(keras.callbacks.Callback):
    """Logs scores of the predictions for unlabeled target samples.

    At the end of an epoch the scores of `keras_grl.scores` are logged as
    `target_infomax`, `target_mixval`, …, so that other callbacks can use them:

    `EarlyStopping(monitor="target_mixval", mode="max")`

    `fit` of an `AdaptationModel` runs it before them at any place in the list;
    for any other model put it before them. A run gives exactly the same weights
    with and without it.

    No score replaces labels: the docstring of each explains how it fails. A
    model that predicts NaN has the score NaN.

    Args:
        x_target: Target samples without labels: an array, a dict of arrays, or
            a dataset that `pair` takes and that can be iterated again. From
            arrays, random samples are used; from a dataset the first ones, so
            its order should be random. Reading a `tf.data.Dataset` advances its
            shuffling: do not pass the same object to `pair`.
        scores: Names, some of "infomax", "negative_entropy", "bnm", "mixval".
        every: Integer, the number of epochs between two scores, like
            `validation_freq` of `fit`.
        samples: Integer, the maximum number of samples used. By
            default as many as keep the cost below a tenth of an epoch: their
            forward passes, one for a prediction and one for a mixture, take a
            twentieth of those of an epoch, in which a sample counts as three
            (forward and backward); at most 2048, and at least 256. If an epoch
            has fewer than 1700 samples, pass fewer, or use `every`.

    Raises:
        ValueError: If an argument is invalid, has labels, or is empty; if
            inputs cannot be mixed (mixval); when training begins, if the model
            cannot predict the samples, or does not predict probabilities. The
            outputs are taken for logits if the loss has `from_logits=True`.

    Example:

    >>> model = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> x_target = np.random.default_rng(0).normal(size=(8, 2))
    >>> history = model.fit(
    ...     np.ones((8, 2)), np.ones(8), verbose=0,
    ...     callbacks=[TargetScores(x_target)])
    >>> sorted(history.history)
    ['loss', 'target_infomax', 'target_mixval']
    """

    def __init__(
        self,
        x_target: Data,
        scores: Sequence[str] = ("infomax", "mixval"),
        every: int = 1,
        samples: int | None = None,
    ):
        super().__init__()
        self.scores = _check_scores(scores)
        self.every = check_integer("every", every)
        if samples is not None:
            samples = check_integer("samples", samples)
        self.samples = samples
        self._target = TargetSamples(x_target)
        self._dataset: Data = None
        self._x: Inputs = None

    def set_dataset(self, dataset: Data) -> None:
        """Sets the training data, for the size of an epoch."""
        self._dataset = dataset

    def on_train_begin(self, logs: Logs | None = None) -> None:
        paired = isinstance(self._dataset, PairedDataset)
        columns = self._dataset.columns if paired else Columns()
        with kept_state():
            self._x = self._target.read(self._count(), columns)
        if "mixval" in self.scores:
            refuse_embedding(self.model)
            self._x = as_numbers(self._x)
        if self.model.built:
            self._check()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if (epoch + 1) % self.every == 0 and logs is not None:
            logs.update(self._compute())

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._x = None

    def _samples_per_step(self) -> int:
        if not isinstance(self._dataset, PairedDataset):
            return _BATCH_SIZE
        return self._dataset.samples_per_batch or 2 * _BATCH_SIZE

    def _count(self) -> int:
        """The number of samples to use, for an epoch of this size."""
        if self.samples is not None:
            return self.samples
        epoch = (self.params.get("steps") or 0) * self._samples_per_step()
        # Each sample is predicted, and may be a part of a mixture.
        passes = 2 if "mixval" in self.scores else 1
        count = int(_SHARE * _FORWARDS_OF_STEP * epoch / passes)
        return min(max(count, _FEWEST), _MOST)

    def _check(self) -> None:
        """Raises an error if the samples cannot be predicted."""
        try:
            with kept_state(self.model):
                size = self._batch_size()
                x = tree.map_structure(
                    lambda array: padded(array, size)[:size], self._x
                )
                check_prediction(self.model, x)
        except Exception as error:
            shapes = tree.map_structure(lambda array: array.shape, self._x)
            raise ValueError(
                wrong(
                    "x_target",
                    "samples that the model can predict",
                    f"an array of shape {shapes}, for which it raised: {error}",
                )
            ) from error
        self._compute()

    def _compute(self) -> Logs:
        with kept_state(self.model):
            predictions = self._predict(self._x)
            return {
                f"target_{name}": self._score(name, predictions)
                for name in self.scores
            }

    def _score(self, name: str, predictions: Array) -> float:
        if not np.isfinite(predictions).all():
            return float("nan")
        if name != "mixval":
            return _OF_PROBABILITIES[name](predictions)
        return share_kept(
            lambda x: self._predict(x).argmax(axis=1),
            self._x,
            predictions.argmax(axis=1),
        )

    def _predict(self, x: Inputs) -> Array:
        return predicted(self.model, x, self._batch_size())

    def _batch_size(self) -> int:
        return batch_size(
            self.model, min(self._samples_per_step(), rows(self._x))
        )


def _check_scores(scores: object) -> tuple[str, ...]:
    names: tuple[str, ...] = ()
    if isinstance(scores, str):
        names = (scores,)
    elif isinstance(scores, (list, tuple)):
        names = tuple(scores)
    if not names or any(name not in _NAMES for name in names):
        expected = "names of " + ", ".join(f'"{name}"' for name in _NAMES)
        raise ValueError(invalid("scores", expected, scores))
    return names
