"""The default domain classifier, and the check of one's own."""

from typing import Any

import keras

# Operations that turn logits into something else. Layers and the functions of
# `keras.ops` go by the same names.
_ACTIVATIONS = (
    "HardSigmoid",
    "HardTanh",
    "LogSigmoid",
    "LogSoftmax",
    "ReLU",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
)
# Operations that leave the values as they are.
_TRANSPARENT = ("Dropout", "Flatten", "Reshape")


def default_domain_classifier() -> keras.Sequential:
    """The paper's domain classifier: 1024, 1024 and 1 units, with ReLU.

    Returns:
        An unbuilt Sequential model from features of any rank to logits of
        shape `(batch, 1)`.

    Example:

    >>> tuple(default_domain_classifier()(np.zeros((4, 7, 7, 16))).shape)
    (4, 1)

    Reference:
        Ganin & Lempitsky (2015), Appendix B, figure 5.
    """
    return keras.Sequential(
        [
            keras.layers.Flatten(name="domain_flatten"),
            keras.layers.Dense(1024, activation="relu", name="domain_fc1"),
            keras.layers.Dense(1024, activation="relu", name="domain_fc2"),
            keras.layers.Dense(1, name="domain_logits"),
        ],
        name="domain_classifier",
    )


def check_domain_classifier(domain_classifier: Any) -> None:
    """Refuse a domain classifier that ends in an activation.

    Its loss is computed from logits: after a sigmoid the loss would train it
    towards wrong values, with hardly any gradient, and nothing would say so.
    """
    activation = _last_activation(domain_classifier)
    if activation is not None:
        raise ValueError(
            "The domain classifier must return logits, without activation. "
            "Received: domain_classifier that ends in "
            f"activation={activation!r}\n"
            "Remove it: `keras.layers.Dense(1)`."
        )


def _last_activation(layer: Any) -> str | None:
    """The name of the activation a layer or model ends in, if any."""
    operations = getattr(layer, "operations", None) or getattr(
        layer, "layers", None
    )
    if operations:
        for last in reversed(operations):
            if not _is_transparent(last):
                return _last_activation(last)
        return None
    name = type(layer).__name__
    if name in _ACTIVATIONS:
        return name.lower()
    activation = getattr(layer, "activation", None)
    if activation is None or activation is keras.activations.linear:
        return None
    return getattr(activation, "__name__", type(activation).__name__)


def _is_transparent(layer: Any) -> bool:
    name = type(layer).__name__
    return name in _TRANSPARENT or (
        name == "Activation" and layer.activation is keras.activations.linear
    )
