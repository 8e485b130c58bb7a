"""The loss of the target's predictions, the third term of the sum."""

import keras
from keras import ops
from keras import tree

from keras_grl import schedules
from keras_grl.losses.target_loss import TargetLoss
from keras_grl.methods import rows
from keras_grl.methods.method import mean_of_batches
from keras_grl.methods.rows import Rows
from keras_grl.models.label_losses import BINARY
from keras_grl.models.label_losses import ONE_HOT
from keras_grl.models.label_losses import REGRESSION
from keras_grl.models.label_losses import SPARSE
from keras_grl.models.label_losses import resolve
from keras_grl.schedules.progress import function_of_p
from keras_grl.schedules.resolving import get
from keras_grl.types import Config
from keras_grl.types import FunctionOfP
from keras_grl.types import LossLike
from keras_grl.types import Outputs
from keras_grl.types import PairedInputs
from keras_grl.types import Predictions
from keras_grl.types import ScheduleLike
from keras_grl.types import TargetLossLike
from keras_grl.types import Tensor
from keras_grl.validation import check_registered
from keras_grl.validation import invalid
from keras_grl.validation import is_number


class TargetTerm:
    """`target_loss` and `target_loss_weight` of `compile`.

    Not a layer: Keras does not allow new layers in a built model.

    Args:
        loss: A function of predictions that returns a scalar, or a dict with
            one for each output of the label predictor.
        weight: A number or a schedule.
        label_loss: The `loss` of `compile`.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(
        self,
        loss: TargetLossLike,
        weight: ScheduleLike,
        label_loss: LossLike | None = None,
    ):
        _check_loss(loss)
        _check_label_loss(loss, label_loss)
        self.loss = loss
        self.schedule: FunctionOfP = get(weight, "target_loss_weight")
        self.tracker = mean_of_batches("target_loss")
        # None if the weight depends on training progress p.
        self.constant: float | None = (
            self.schedule.value
            if isinstance(self.schedule, schedules.Constant)
            else None
        )

    @property
    def is_scheduled(self) -> bool:
        """Whether the weight depends on training progress p."""
        return self.constant is None

    def weight(self, p: Tensor) -> Tensor:
        """The weight at training progress p."""
        return function_of_p(self.schedule)(p)

    def loss_of(self, outputs: Outputs, batch_rows: Rows) -> Tensor:
        """The loss of the unlabeled target rows; updates its metric."""
        predictions = tree.map_structure(
            lambda each: each[batch_rows.labeled :], outputs["predictions"]
        )
        loss = ops.cast(_sum_of_losses(self.loss, predictions), "float32")
        self.tracker.update_state(loss, batch_rows.total - batch_rows.labeled)
        return loss

    def get_config(self) -> Config:
        """The two arguments of `compile`, as a file holds them."""
        for each in tree.flatten(self.loss):
            check_registered("target_loss", each)
        return {
            "target_loss": tree.map_structure(
                keras.saving.serialize_keras_object, self.loss
            ),
            "target_loss_weight": self.constant
            if self.constant is not None
            else schedules.serialize(self.schedule),
        }


def predictions_of(
    model: keras.layers.Layer,
    features: Tensor,
    x: PairedInputs,
    on_all_rows: bool,
    training: bool,
) -> tuple[Predictions, Predictions]:
    """The label predictor's output for labeled rows, and for those it ran on.

    Args:
        model: The label predictor.
        features: Features of the joint batch.
        x: The paired batch.
        on_all_rows: Boolean. Whether it also runs on unlabeled target rows.
        training: Boolean.
    """
    labeled = rows.labeled_rows(features, x)
    if not on_all_rows:
        label = model(labeled, training=training)
        return label, label
    predictions = model(features, training=training)
    label = tree.map_structure(
        lambda each: rows.labeled_rows(each, x), predictions
    )
    return label, predictions


def _sum_of_losses(loss: TargetLossLike, predictions: Predictions) -> Tensor:
    if not isinstance(loss, dict):
        return _scalar(loss, predictions)
    if not isinstance(predictions, dict) or not set(loss) <= set(predictions):
        raise ValueError(
            invalid(
                "target_loss",
                "one function, or a dict with the names of outputs of the "
                "label predictor, "
                + (
                    f"which are {sorted(predictions)}"
                    if isinstance(predictions, dict)
                    else "which has no named outputs"
                ),
                sorted(loss),
            )
        )
    losses = [_scalar(each, predictions[name]) for name, each in loss.items()]
    return sum(losses[1:], start=losses[0])


def _scalar(loss: object, predictions: Predictions) -> Tensor:
    """The value of one loss.

    TensorFlow would silently add up the gradients of several values.
    """
    if isinstance(loss, TargetLoss) and tree.is_nested(predictions):
        raise ValueError(_several_outputs(loss, predictions))
    value = loss(predictions)  # type: ignore[operator]
    if is_number(value):
        return value
    shape = getattr(value, "shape", None)
    raise ValueError(
        invalid(
            "target_loss",
            "a function of the predictions that returns a scalar, the mean "
            "over the rows",
            loss,
            f"It returned {value!r}."
            if shape is None
            else f"It returned a tensor of shape {tuple(shape)}. Return "
            "`keras.ops.mean(values)`, or `keras.ops.sum(values)`.",
        )
    )


def _several_outputs(loss: TargetLoss, predictions: Predictions) -> str:
    if isinstance(predictions, dict):
        name = min(predictions)
        fix = f"target_loss={{{name!r}: {type(loss).__name__}()}}"
    else:
        fix = (
            'keras.Model(features, {"digit": digit, "color": color}) and '
            f'target_loss={{"digit": {type(loss).__name__}()}}'
        )
    return invalid(
        "target_loss",
        "a dict with the names of outputs of the label predictor, which has "
        f"{len(predictions)} outputs"
        + (
            f", {sorted(predictions)}"
            if isinstance(predictions, dict)
            else " without names"
        ),
        loss,
        f"Use {fix}.",
    )


def _check_loss(loss: object) -> None:
    several = isinstance(loss, dict) and bool(loss)
    each = list(loss.values()) if several else [loss]  # type: ignore[attr-defined]
    for one in each:
        hint = ""
        if isinstance(one, (keras.losses.Loss, type, str)):
            hint = (
                "A loss of `keras.losses` compares predictions with labels, "
                "which target samples do not have. Pass an instance of a class "
                "of `keras_grl.losses`."
            )
        if hint or not callable(one):
            raise ValueError(
                invalid(
                    "target_loss",
                    "a function of the predictions, such as "
                    "`keras_grl.losses.MinimumClassConfusion()`, or a dict "
                    "with one for each output of the label predictor",
                    loss,
                    hint,
                )
            )


def _check_label_loss(loss: TargetLossLike, label_loss: LossLike) -> None:
    """Refuses a loss of classes if the label loss shows other predictions."""
    if isinstance(loss, dict):
        for name, each in loss.items():
            of_output = (
                label_loss.get(name)
                if isinstance(label_loss, dict)
                else label_loss
            )
            _check_label_loss(each, of_output)
        return
    if not isinstance(loss, TargetLoss):
        return
    known = resolve(label_loss)
    if known is None:
        return
    if known.name in REGRESSION:
        raise ValueError(
            invalid(
                "target_loss",
                "a function that suits the predictions. "
                f"`{type(loss).__name__}` needs probabilities or logits of "
                f"classes, while loss={label_loss!r} is a regression loss",
                loss,
            )
        )
    logits = bool(known.config.get("from_logits", False))
    of_classes = known.name in (*SPARSE, *ONE_HOT, *BINARY)
    if of_classes and logits != loss.from_logits:
        raise ValueError(
            invalid(
                "target_loss",
                f"from_logits={logits}, as in the loss of the labels: both see "
                "the same predictions",
                loss,
                f"Its from_logits is {loss.from_logits}. Pass "
                f"`{type(loss).__name__}(from_logits={logits})`.",
            )
        )
