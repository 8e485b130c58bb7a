"""Whether the predictions suit `target_loss`, before training."""

from collections.abc import Iterator

import keras
from keras import tree

from keras_grl.losses.target_loss import TargetLoss
from keras_grl.methods.domain_classifier import activation_of
from keras_grl.methods.domain_classifier import last_operation
from keras_grl.methods.logits import are_no_probabilities
from keras_grl.methods.probabilities import OF_ROWS
from keras_grl.models.label_losses import BINARY
from keras_grl.models.label_losses import resolve
from keras_grl.types import LossLike
from keras_grl.types import Predictions
from keras_grl.types import TargetLossLike
from keras_grl.validation import invalid


def check_outputs(model: keras.Model) -> None:
    """Refuses predictions that are certainly no class probabilities.

    Only for the losses of `keras_grl.losses`: others may take anything.

    Args:
        model: A built `AdaptationModel`, compiled with a `target_loss` or
            without.

    Raises:
        ValueError: If a loss takes the predictions for class probabilities, or
            logits of such, and they are not.
    """
    term, features = getattr(model, "_target", None), None
    for name, loss in _losses(term and term.loss):
        if name is not None and not _has(model.classifier.output, name):
            continue  # It has an error of its own.
        if loss.from_logits:
            received = _binary(model, name)
        else:
            if features is None:
                features = model.extract_features(model.classifier.input)
            received = _not_probabilities(model, features, name)
        if received is not None:
            raise _refused(loss, name, received)


def _losses(
    target_loss: TargetLossLike | None,
) -> Iterator[tuple[str | None, TargetLoss]]:
    """The losses of classes, and the name of the output of each."""
    given = (
        target_loss if isinstance(target_loss, dict) else {None: target_loss}
    )
    for name, loss in given.items():
        if isinstance(loss, TargetLoss):
            yield name, loss


def _has(outputs: Predictions, name: str) -> bool:
    return isinstance(outputs, dict) and name in outputs


def _binary(model: keras.Model, name: str | None) -> str | None:
    """What is wrong with logits: of classes that do not exclude others."""
    output, loss = model.classifier.output, _of_output(model.loss, name)
    if name is not None:
        output = output[name]
    known = resolve(loss)
    if tree.is_nested(output) or known is None or known.name not in BINARY:
        return None
    units = output.shape[-1]
    return f"has {units} outputs of two classes each" if units > 1 else None


def _of_output(loss: LossLike | None, name: str | None) -> LossLike | None:
    return loss.get(name) if isinstance(loss, dict) else loss


def _not_probabilities(
    model: keras.Model, features: keras.KerasTensor, name: str | None
) -> str | None:
    """What is wrong, of outputs that are taken for probabilities."""
    predictor = model.label_predictor
    if tree.is_nested(features):
        return None
    activation = None
    if name is None:
        if tree.is_nested(model.classifier.output):
            return None  # It has an error of its own.
        activation = activation_of(last_operation(predictor))
    if activation in OF_ROWS or not are_no_probabilities(
        predictor, features, name
    ):
        return None
    if activation is not None:
        return f"ends in {activation}"
    return "has outputs that are not rows of probabilities"


def _refused(loss: TargetLoss, name: str | None, received: str) -> ValueError:
    kind = type(loss).__name__
    output = "" if name is None else f" for the output {name!r}"
    return ValueError(
        invalid(
            "target_loss",
            f"a loss that suits the predictions. `{kind}`{output} needs class "
            "probabilities: a label predictor that ends in a softmax, or in "
            "one sigmoid unit; or logits of such, with from_logits=True",
            loss,
            f"The label predictor {received}. For logits pass "
            f"`{kind}(from_logits=True)`, and `loss=keras.losses."
            "SparseCategoricalCrossentropy(from_logits=True)`. For a "
            "regression, or classes that do not exclude each other, use a "
            "function of your own.",
        )
    )
