"""What `fit` and `evaluate` check before the first step.

Nothing here trains or changes a weight. What only a built model tells, such as
its number of outputs, is checked when training begins if it is not known
before.
"""

from typing import Any

import keras
import numpy as np
from keras import tree

from keras_grl.methods.domain_classifier import loading
from keras_grl.methods.rows import labeled_streams
from keras_grl.models import batch
from keras_grl.models.input_specs import symbolic
from keras_grl.models.labels import check_labels
from keras_grl.models.validation_data import check_validation_data
from keras_grl.pairing import PairedDataset
from keras_grl.streams import is_dataset


class LabelCheck:
    """Checks labels against the loss and the outputs of a model.

    Args:
        model: A compiled model.
        name: What the labels are, for errors.
    """

    def __init__(self, model: Any, name: str = "the labels"):
        self._name = name
        self._loss = getattr(model, "loss", None)
        self._outputs = outputs_of(model)

    def __call__(self, stream: str, labels: Any) -> None:
        """Raises a `ValueError` that names the stream.

        Args:
            stream: "source", "labeled_target", or "" for plain data.
            labels: Array, or a structure of them.
        """
        name = f"{self._name} of the {stream} stream" if stream else self._name
        name = name[:1].upper() + name[1:]
        check_labels(name, labels, self._loss, self._outputs)


class BeforeTraining(keras.callbacks.Callback):
    """Checks what `fit` was given, at once and when the model is built.

    Args:
        model: What is fitted.
        x: The training data.
        y: The labels, if `x` is not a dataset.
        options: The other arguments of `fit`.
    """

    def __init__(self, model: Any, x: Any, y: Any, options: dict[str, Any]):
        super().__init__()
        self._arguments = (x, y, options)
        self._known = model.built
        check_compiled(model)
        _check_training_data(model, x, y)
        _check_options(x, options)
        self._check(model)

    def on_train_begin(self, logs: Any = None) -> None:
        x, *_ = self._arguments
        if not self._known:
            _build(self.model, x)
            self._check(self.model)
        check = getattr(self.model.method, "logits_check", None)
        if check is not None and not check.done and self.model.built:
            check.by_values(features_of(self.model))
        if all(getattr(m, "built", True) for m in self.model.metrics):
            # Names that the logs would have twice. On TensorFlow they are
            # known when the first step is traced.
            self.model.get_metrics_result()

    def _check(self, model: Any) -> None:
        if not uses_compiled_loss(model):
            return
        x, y, options = self._arguments
        check = LabelCheck(model)
        if isinstance(x, PairedDataset):
            x.check_labels(check)
        elif batch.is_paired(x):
            _check_label_arrays(check, x, y)
        check_validation_data(
            model,
            options.get("validation_data"),
            LabelCheck(model, "the labels of `validation_data`"),
        )


def check_compiled(model: Any) -> None:
    """Refuse a loss that trains nothing, or that the model does not take.

    Args:
        model: A model, compiled or not.

    Raises:
        ValueError: If `compile` was given no loss, or a dict of losses for a
            label predictor with one output.
    """
    if not getattr(model, "compiled", False) or not uses_compiled_loss(model):
        return
    loss = getattr(model, "loss", None)
    if loss is None:
        raise ValueError(
            "`compile` was given no loss, so nothing would be learned from "
            "the labels. Expected: the loss of the labels. Received: loss=None"
            '\nPass it: `model.compile(optimizer, loss="sparse_categorical_'
            'crossentropy")`.'
        )
    check_loss(model, loss)


def check_loss(model: Any, loss: Any) -> None:
    """Refuse a loss for each output of a call: `{"label": …, "domain": …}`."""
    if not isinstance(loss, dict) or loading():
        return
    if model.built:
        single = not tree.is_nested(outputs_of(model))
    else:
        own = {"label", "domain", "features"}
        single = set(loss) <= own and _has_one_output(model.label_predictor)
    if not single:
        return
    shown = loss.get("label")
    example = repr(shown) if isinstance(shown, str) else "…"
    raise ValueError(
        "Invalid value received for argument `loss`. Expected the loss of the "
        "labels alone, since the label predictor has one output; the model "
        "adds its domain loss itself. Received: a dict with the keys "
        f"{sorted(loss)}\n"
        f"Pass `model.compile(optimizer, loss={example})`, and weigh the "
        "domain loss by `domain_loss_weight=`."
    )


def check_evaluation_data(
    model: Any, x: Any, y: Any, options: dict[str, Any]
) -> None:
    """Refuse data of `evaluate` without labels, or with wrong ones."""
    if options.get("_use_cached_eval_dataset"):
        # Validation in `fit`, which has checked these.
        return
    _check_given("evaluate", x)
    if not uses_compiled_loss(model):
        return
    check_compiled(model)
    check = LabelCheck(model)
    if isinstance(x, PairedDataset):
        x.check_labels(check)
    elif batch.is_paired(x):
        _check_label_arrays(check, x, y)
    elif y is not None:
        check("", y)
    elif not is_dataset(x):
        raise ValueError(
            "`evaluate` compares predictions with labels. Expected: `y`. "
            "Received: y=None\n"
            "Pass them: `model.evaluate(x, y)`. Without labels there is "
            "`model.predict(x)`."
        )


def check_prediction_data(*args: Any, **kwargs: Any) -> None:
    """Refuse a `predict` of nothing. Arguments of `keras.Model.predict`."""
    _check_given("predict", args[0] if args else kwargs.get("x"))


def check_batch(model: Any, x: Any, y: Any) -> None:
    """Refuse wrong labels of one batch, as `fit` refuses those of all.

    Arrays of a backend are left alone: to look at them is to wait for a device.
    """
    check_compiled(model)
    if not uses_compiled_loss(model) or not all(
        isinstance(labels, np.ndarray) for labels in tree.flatten(y)
    ):
        return
    check = LabelCheck(model)
    if batch.is_paired(x):
        _build(model, x)
        _check_label_arrays(check, x, y)
    elif y is not None:
        check("", y)


def check_labels_of_batch(model: Any, x: Any, y: Any) -> None:
    """Refuse a plain batch without labels, of which there is no loss."""
    if y is not None or not uses_compiled_loss(model):
        return
    raise ValueError(
        "Evaluation and validation compare predictions with labels. Expected "
        f"batches `(x, y)`. Received: {batch.describe(x)} alone\n"
        "Without target labels, validate on pairs, `validation_data="
        "keras_grl.pair((x_source_test, y_source_test), x_target_test)`, or "
        "leave out `validation_data`. Training takes pairs: `model.fit("
        "keras_grl.pair((x_source, y_source), x_target))`."
    )


def uses_compiled_loss(model: Any) -> bool:
    """Whether the loss is the one given to `compile`, and not a subclass's."""
    return type(model).compute_loss.__module__.startswith("keras_grl.")


def outputs_of(model: Any) -> Any:
    """The symbolic predictions; None if the model is not built."""
    return model.classifier.output if model.built else None


def features_of(model: Any) -> Any:
    """The symbolic features, by whose shape the domain classifier is built."""
    return model.extract_features(model.classifier.input)


def _build(model: Any, x: Any) -> None:
    """Builds a model that Keras, on TensorFlow, builds in the first step."""
    if model.built:
        return
    if isinstance(x, PairedDataset):
        x, *_ = x[0]
    if batch.is_paired(x):
        model(symbolic(x))


def _check_given(method: str, x: Any) -> None:
    if x is None:
        raise ValueError(
            f"`{method}` needs data. Expected: x, arrays or a dataset. "
            f"Received: x=None\nPass them: `model.{method}(x_target)`."
            if method == "predict"
            else f"`{method}` needs data. Expected: x and y, arrays or a "
            f"dataset. Received: x=None\nPass them: `model.{method}(x_test, "
            "y_test)`."
        )


def _check_training_data(model: Any, x: Any, y: Any) -> None:
    if batch.is_paired(x):
        batch.check_labels(x, y)
    elif not isinstance(x, PairedDataset) and (
        y is not None or x is None or not is_dataset(x)
    ):
        # What a dataset yields is seen in `train_step`.
        raise ValueError(batch.not_paired(model, "`fit`", x))


def _check_options(x: Any, options: dict[str, Any]) -> None:
    if options.get("validation_split") and not batch.is_paired(x):
        raise ValueError(
            "A dataset cannot be split. Expected: `validation_data`. Received: "
            f"validation_split={options['validation_split']!r} with a "
            f"{type(x).__name__}\n"
            "Split the arrays before they are paired, and pass "
            "`validation_data=(x_test, y_test)` or `validation_data="
            "keras_grl.pair((x_source_test, y_source_test), x_target_test)`."
        )


def _check_label_arrays(check: LabelCheck, x: dict[str, Any], y: Any) -> None:
    """The labels of a paired batch that is the whole data."""
    batch.check_labels(x, y)
    names = labeled_streams(x)
    for name in names:
        check(name, y if len(names) == 1 else y[name])


def _has_one_output(part: Any) -> bool:
    """Whether a part that may be unbuilt returns one tensor, as layers do."""
    return not isinstance(part, keras.Model) or isinstance(
        part, keras.Sequential
    )
