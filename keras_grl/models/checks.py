"""What `fit` and `evaluate` check before the first step.

Nothing here trains or changes a weight. Checks that need a built model, for
example its number of outputs, run when training begins if they cannot run
before.
"""

from typing import Any

import keras
import numpy as np
from keras import tree

from keras_grl.models import batch
from keras_grl.models.inputs import build_from
from keras_grl.models.inputs import check_arrays
from keras_grl.models.inputs import check_inputs
from keras_grl.models.labels import check_labels
from keras_grl.models.metrics import metrics_built
from keras_grl.models.one_output import check_loss
from keras_grl.models.optimizers import build_optimizer
from keras_grl.models.optimizers import check_optimizer
from keras_grl.models.sample_weights import check_sample_weight
from keras_grl.models.target_outputs import check_outputs
from keras_grl.models.validation_data import check_validation_data
from keras_grl.pairing import PairedDataset
from keras_grl.streams import is_dataset
from keras_grl.types import Data
from keras_grl.types import Inputs
from keras_grl.types import Labels
from keras_grl.types import Logs
from keras_grl.types import PairedInputs
from keras_grl.types import Symbolic


class LabelCheck:
    """Checks labels against the loss and the outputs of a model.

    Args:
        model: A compiled model.
        name: What errors call the labels.
    """

    def __init__(self, model: keras.Model, name: str = "the labels"):
        self._name = name
        self._model = model
        self._loss = getattr(model, "loss", None)
        self._outputs = outputs_of(model)
        self.first: Labels = None  # the first labels that were right

    def __call__(self, stream: str, labels: Labels) -> None:
        """Raises a `ValueError` that names the stream.

        Args:
            stream: "source", "labeled_target", or "" for plain data.
            labels: Array, or a structure of them.
        """
        name = f"{self._name} of the {stream} stream" if stream else self._name
        name = name[:1].upper() + name[1:]
        if self._outputs is None:
            # The first batch of a dataset builds the model.
            self._outputs = outputs_of(self._model)
        check_labels(name, labels, self._loss, self._outputs)
        if self.first is None:
            self.first = tree.map_structure(lambda y: np.asarray(y[:1]), labels)


class BeforeTraining(keras.callbacks.Callback):
    """Checks the arguments of `fit`, at once and when the model is built.

    Args:
        model: The model that is fitted.
        x: The training data.
        y: The labels, if `x` is not a dataset.
        options: The other arguments of `fit`.
    """

    def __init__(
        self, model: keras.Model, x: Data, y: Labels, options: dict[str, Any]
    ):
        super().__init__()
        self._arguments = (x, y, options)
        self._labels: Labels = None
        check_compiled(model)
        _check_training_data(model, x, y, options)
        _check_options(x, options)
        if uses_compiled_loss(model) and isinstance(x, PairedDataset):
            # On JAX and torch Keras builds it before `on_train_begin`, and
            # computes a loss, in which wrong labels end in its own error.
            _build(model, x)
            # Only now it is known how many outputs there are.
            check_compiled(model)
        self._known = model.built
        check_optimizer(model)
        self._check(model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        x, *_ = self._arguments
        if not self._known:
            _build(self.model, x)
            check_compiled(self.model)
            check_optimizer(self.model)
            self._check(self.model)
        if self.model.built:
            self.model.method.on_train_begin(self.model)
            check_outputs(self.model)
        if metrics_built(self.model, self._labels):
            # It refuses names that occur twice.
            self.model.get_metrics_result()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        # Not earlier: callbacks may freeze layers when training begins.
        build_optimizer(self.model)

    def _check(self, model: keras.Model) -> None:
        x, y, options = self._arguments
        # A model that is built knows its number of sources.
        check_inputs(model, x)
        validation = options.get("validation_data")
        check_inputs(model, validation, "validation_data")
        if not uses_compiled_loss(model):
            return
        check = LabelCheck(model)
        if isinstance(x, PairedDataset):
            x.check_labels(check)
        elif batch.is_paired(x):
            batch.check_each_labels(x, y, check)
        self._labels = check.first
        check_validation_data(
            model,
            validation,
            LabelCheck(model, "the labels of `validation_data`"),
        )


def check_compiled(model: keras.Model) -> None:
    """Refuses a missing loss, or one that does not fit the model.

    Args:
        model: A model, compiled or not.

    Raises:
        ValueError: If `compile` got no loss, or a dict of losses for a label
            predictor with one output.
    """
    if not getattr(model, "compiled", False) or not uses_compiled_loss(model):
        return
    loss = getattr(model, "loss", None)
    if loss is None:
        raise ValueError(
            "The model is compiled without a loss, so it would learn nothing "
            "from the labels. Expected: the loss of the labels. Received: "
            "loss=None"
            '\nPass it: `model.compile(optimizer, loss="sparse_categorical_'
            'crossentropy")`.'
        )
    check_loss(model, loss)


def check_evaluation_data(
    model: keras.Model, x: Data, y: Labels, options: dict[str, Any]
) -> None:
    """Refuses data of `evaluate` without labels, or with wrong ones."""
    if options.get("_use_cached_eval_dataset"):
        # Validation in `fit`, which has checked these.
        return
    _check_data(model, "evaluate", x)
    if not uses_compiled_loss(model):
        return
    check_compiled(model)
    # The number of outputs shows which labels are right.
    _build(model, x)
    check = LabelCheck(model)
    if isinstance(x, PairedDataset):
        x.check_labels(check)
    elif batch.is_paired(x) or y is not None:
        batch.check_each_labels(x, y, check)
    elif not is_dataset(x):
        raise ValueError(
            "`evaluate` compares predictions with labels. Expected: `y`. "
            "Received: y=None\n"
            "Pass them: `model.evaluate(x, y)`. Without labels, use "
            "`model.predict(x)`."
        )
    metrics_built(model, check.first)


def check_prediction_data(model: keras.Model, x: Data) -> None:
    """Refuses `predict` without data."""
    _check_data(model, "predict", x)


def check_batch(
    model: keras.Model, x: Inputs | PairedInputs, y: Labels
) -> None:
    """Refuses wrong labels in one batch, as `fit` does for all data.

    Only NumPy labels are checked: reading a tensor would wait for the device.
    """
    check_compiled(model)
    check_inputs(model, x)
    if not uses_compiled_loss(model) or not all(
        isinstance(labels, np.ndarray) for labels in tree.flatten(y)
    ):
        return
    if batch.is_paired(x):
        _build(model, x)
    check = LabelCheck(model)
    batch.check_each_labels(x, y, check)
    metrics_built(model, check.first)


def check_labels_of_batch(model: keras.Model, x: Inputs, y: Labels) -> None:
    """Refuses a plain batch without labels, which has no loss."""
    if y is not None or not uses_compiled_loss(model):
        return
    raise ValueError(
        "Evaluation and validation compare predictions with labels. Expected "
        f"batches `(x, y)`. Received: {batch.describe(x)} without labels\n"
        "Without target labels, validate on pairs, `validation_data="
        "keras_grl.pair((x_source_test, y_source_test), x_target_test)`, or "
        "leave out `validation_data`. Training takes pairs: `model.fit("
        "keras_grl.pair((x_source, y_source), x_target))`."
    )


def uses_compiled_loss(model: keras.Model) -> bool:
    """Whether the loss is the one of `compile`, and not that of a subclass."""
    return type(model).compute_loss.__module__.startswith("keras_grl.")


def outputs_of(model: keras.Model) -> Symbolic | None:
    """The symbolic predictions; None if the model is not built."""
    return model.classifier.output if model.built else None


def _build(model: keras.Model, x: Data) -> None:
    """Builds a model that Keras on TensorFlow would build in the first step."""
    if model.built:
        return
    if isinstance(x, PairedDataset):
        x, *_ = x[0]
    if not is_dataset(x):
        build_from(model, x)


def _check_data(model: keras.Model, method: str, x: Data) -> None:
    if x is None:
        raise ValueError(
            f"`{method}` needs data. Expected: x, arrays or a dataset. "
            f"Received: x=None\nPass them: `model.{method}(x_target)`."
            if method == "predict"
            else f"`{method}` needs data. Expected: x and y, arrays or a "
            f"dataset. Received: x=None\nPass them: `model.{method}(x_test, "
            "y_test)`."
        )
    if not is_dataset(x, "x"):
        check_arrays(model, "x", x)


def _check_training_data(
    model: keras.Model, x: Data, y: Labels, options: dict[str, Any]
) -> None:
    if batch.is_paired(x):
        batch.check_labels(x, y)
        check_arrays(model, "x", x)
        check_sample_weight("sample_weight", options.get("sample_weight"))
    elif not isinstance(x, PairedDataset) and (
        y is not None or x is None or not is_dataset(x)
    ):
        # `train_step` checks what a dataset yields.
        raise ValueError(batch.not_paired(model, "`fit`", x))


def _check_options(x: Data, options: dict[str, Any]) -> None:
    if options.get("validation_split") and not batch.is_paired(x):
        raise ValueError(
            "A dataset cannot be split. Expected: `validation_data`. Received: "
            f"validation_split={options['validation_split']!r} with a "
            f"{type(x).__name__}\n"
            "Split the arrays before they are paired, and pass "
            "`validation_data=(x_test, y_test)` or `validation_data="
            "keras_grl.pair((x_source_test, y_source_test), x_target_test)`."
        )
