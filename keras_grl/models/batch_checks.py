"""Checks what datasets yield that are not made by `pair`."""

import threading

import keras

from keras_grl.models import batch
from keras_grl.models import checks
from keras_grl.models.inputs import check_inputs
from keras_grl.models.inputs import check_width
from keras_grl.models.sample_weights import check_sample_weight
from keras_grl.models.validation_data import no_labels
from keras_grl.pairing import PairedDataset
from keras_grl.streams.checked import CheckedDataset
from keras_grl.streams.checked import checked
from keras_grl.streams.dataset_stream import num_batches
from keras_grl.streams.errors import ReadErrors
from keras_grl.types import Batch
from keras_grl.types import Data


class CheckedData:
    """A dataset of `fit` or `evaluate`, checked as it is read.

    What can be known before is checked at once: the specs of tf.data, the first
    batch of a `keras.utils.PyDataset`.

    Args:
        model: The model that is fitted or evaluated.
        argument: The argument of the data: "x" or "validation_data".
        data: Any data. Arrays and paired datasets are checked elsewhere.
        training: Whether the model is trained on them.

    Attributes:
        data: What Keras reads instead.
        errors: What reading them has raised.
    """

    def __init__(
        self, model: keras.Model, argument: str, data: Data, training: bool
    ):
        self.data = data
        self.errors = ReadErrors()
        if isinstance(data, PairedDataset):
            self.errors = data.errors
            return
        self._model = model
        self._argument = argument
        self._training = training
        self._known = False
        # Keras's workers may read batches at the same time.
        self._lock = threading.Lock()
        name = "the labels"
        if argument != "x":
            name += f" of `{argument}`"
        self._check = checks.LabelCheck(model, name)
        self._check_not_empty(data)
        specs = getattr(data, "element_spec", None)
        if specs is not None:
            self._check_form(specs)
            if argument != "x":
                # It is read again for each validation.
                for each in data:
                    self._check_labels(each)
                    break
        self.data = checked(
            data, self._check_batch, self._check_labels, self.errors
        )
        if isinstance(self.data, CheckedDataset) and (
            training or argument != "x"
        ):
            self.data.read_first()

    def _check_not_empty(self, data: Data) -> None:
        if num_batches(data) == 0:
            raise ValueError(
                f"Argument `{self._argument}` is empty. Expected at least one "
                "batch. Received: a dataset that yields nothing"
            )

    def _check_batch(self, each: Batch) -> None:
        with self._lock, self.errors.kept():
            if not self._known:
                self._check_form(each)
        self._check_labels(each)

    def _check_form(self, each: Batch) -> None:
        """Checks the structure of a batch, or of its specs.

        It builds a model that is not built yet: the labels are checked against
        its outputs.
        """
        x, y, weight = keras.utils.unpack_x_y_sample_weight(each)
        own_loss = checks.uses_compiled_loss(self._model)
        if batch.is_paired(x):
            if own_loss:
                batch.check_labels(x, y, weight)
        elif self._training:
            if type(self._model).train_step.__module__.startswith("keras_grl."):
                raise ValueError(batch.not_paired(self._model, "Training", x))
        elif y is None and own_loss:
            if self._argument != "x":
                raise ValueError(no_labels(f"batches of {batch.describe(x)}"))
            checks.check_labels_of_batch(self._model, x, y)
        check_inputs(self._model, x)
        check_width(self._model, self._argument, x)
        self._known = True

    def _check_labels(self, each: Batch) -> None:
        with self.errors.kept():
            x, y, weight = keras.utils.unpack_x_y_sample_weight(each)
            if checks.uses_compiled_loss(self._model):
                batch.check_each_labels(x, y, self._check)
            check_sample_weight(self._argument, weight)
