"""Dicts in `compile` are for label predictors with several outputs."""

import keras
from keras import tree

from keras_grl.methods.domain_classifier import loading
from keras_grl.types import LossLike

# What a call of a model returns for pairs.
_OF_CALL = {"label", "domain", "features"}


def check_loss(model: keras.Model, loss: LossLike | None) -> None:
    """Refuses a dict of losses for a label predictor with one output.

    Args:
        model: An `AdaptationModel`, built or not.
        loss: The argument of `compile`.

    Raises:
        ValueError: If it certainly has one output.
    """
    given = _needless(model, loss)
    if given is None:
        return
    shown = given.get("label")
    example = repr(shown) if isinstance(shown, str) else "…"
    raise ValueError(
        "Invalid value received for argument `loss`. Expected only the loss of "
        "the labels, since the label predictor has one output; the model adds "
        "its domain loss itself. Received: a dict with the keys "
        f"{sorted(given)}\n"
        f"Pass `model.compile(optimizer, loss={example})`, and set the weight "
        "of the domain loss with `domain_loss_weight=`."
    )


def check_metrics(model: keras.Model, name: str, metrics: object) -> None:
    """Refuses a dict of metrics for a label predictor with one output.

    Keras would compute all of them from the labels, whatever their keys.

    Args:
        model: An `AdaptationModel`, built or not.
        name: The argument of `compile`: "metrics" or "weighted_metrics".
        metrics: Its value.

    Raises:
        ValueError: If it certainly has one output.
    """
    given = _needless(model, metrics)
    if given is None:
        return
    shown = given.get("label")
    example = repr(shown) if _are_names(shown) else "[…]"
    raise ValueError(
        f"Invalid value received for argument `{name}`. Expected a list of "
        "metrics of the labels, since the label predictor has one output; the "
        "model logs `domain_loss` and `domain_accuracy` itself. Received: a "
        f"dict with the keys {sorted(given)}\n"
        f"Pass `model.compile(…, {name}={example})`."
    )


def _needless(model: keras.Model, value: object) -> dict[str, object] | None:
    """A dict by output, if there is only one output; else None."""
    if not isinstance(value, dict) or not value or loading():
        return None
    predictor = model.label_predictor
    if model.built:
        single = not tree.is_nested(model.classifier.output)
    else:
        single = _has_one_output(predictor) or (
            # A custom layer may return a dict, but rarely with these keys.
            set(value) <= _OF_CALL and not isinstance(predictor, keras.Model)
        )
    return value if single else None


def _has_one_output(part: keras.layers.Layer) -> bool:
    """Whether it is certain that a part, maybe unbuilt, returns one tensor."""
    if isinstance(part, keras.Sequential):
        return not part.layers or _has_one_output(part.layers[-1])
    if isinstance(part, keras.Model):
        outputs = getattr(part, "outputs", None)
        return outputs is not None and not tree.is_nested(part.output)
    return type(part).__module__.startswith("keras.")


def _are_names(value: object) -> bool:
    each = value if isinstance(value, (list, tuple)) else [value]
    return bool(each) and all(isinstance(name, str) for name in each)
