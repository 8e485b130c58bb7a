"""The default domain classifier, and the check of a user's classifier."""

import contextlib
import contextvars
import warnings
from collections.abc import Iterator

import keras

from keras_grl.methods.logits import stay_in_unit_interval

# Activations as layers.
_ACTIVATION_LAYERS = (
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ReLU,
    keras.layers.Softmax,
)
# The same as functions of `keras.ops`, or as custom layers of these names.
_ACTIVATIONS = (
    "Celu",
    "Elu",
    "Gelu",
    "Glu",
    "HardShrink",
    "HardSigmoid",
    "HardSilu",
    "HardTanh",
    "LeakyRelu",
    "LogSigmoid",
    "LogSoftmax",
    "ReLU",
    "Relu",
    "Relu6",
    "Selu",
    "Sigmoid",
    "Silu",
    "SoftShrink",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sparsemax",
    "SparsePlus",
    "SparseSigmoid",
    "Squareplus",
    "Tanh",
    "TanhShrink",
    "Threshold",
)
# Layers and functions that leave the values as they are.
_TRANSPARENT = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "ExpandDims",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "Reshape",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "Squeeze",
)

# Layers that end in logits if they have no activation.
_LINEAR_LAYERS = (keras.layers.Dense, keras.layers.EinsumDense)

_LOADING = contextvars.ContextVar("keras_grl_loading", default=False)


@contextlib.contextmanager
def from_file() -> Iterator[None]:
    """Within this context, a model is created from a config or file."""
    token = _LOADING.set(True)
    try:
        yield
    finally:
        _LOADING.reset(token)


def loading() -> bool:
    """Whether a model is being created from a config or file."""
    return _LOADING.get()


def default_domain_classifier(units: int = 1) -> keras.Sequential:
    """The paper's domain classifier: 1024, 1024 and 1 units, with ReLU.

    Args:
        units: Integer, the number of logits.

    Returns:
        An unbuilt Sequential model that maps features of any rank to logits of
        shape `(batch, units)`.

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
            keras.layers.Dense(units, name="domain_logits"),
        ],
        name="domain_classifier",
    )


class LogitsCheck:
    """Refuses a domain classifier that ends in an activation.

    Its loss is computed from logits: after a sigmoid, the loss would silently
    train it toward wrong values, with hardly any gradient.

    A model that is loaded gets a warning instead: it was accepted when it was
    saved.

    Args:
        domain_classifier: Keras model or layer, built or not.

    Attributes:
        done: Boolean, whether no further check is needed.

    Raises:
        ValueError: If its last layer is an activation.
    """

    def __init__(self, domain_classifier: keras.layers.Layer):
        self._classifier = domain_classifier
        self._warns = loading()
        end = last_operation(domain_classifier)
        activation = activation_of(end)
        # A last layer of Keras that is linear needs no further check.
        self.done = activation is not None or type(end) in _LINEAR_LAYERS
        if activation is not None:
            self._refuse(f"domain_classifier that ends in {activation}")

    def by_values(self, features: keras.KerasTensor) -> None:
        """Refuses a classifier whose outputs are all in [0, 1].

        It is called once, when training begins; the classifier must be built.

        Args:
            features: Symbolic features.

        Raises:
            ValueError: If the outputs are those of a sigmoid or softmax that
                is not visible in its layers.
        """
        if self.done:
            return
        if stay_in_unit_interval(self._classifier, features):
            self._refuse(
                "domain_classifier whose outputs are between 0 and 1 for all "
                "weights, as after a sigmoid or softmax"
            )
        self.done = True

    def _refuse(self, received: str) -> None:
        message = (
            "The domain classifier must return logits, without activation. "
            f"Received: {received}\nRemove it: `keras.layers.Dense(1)`."
        )
        if self._warns:
            warnings.warn(message, stacklevel=2)
        else:
            raise ValueError(message)


def last_operation(layer: keras.Operation) -> keras.Operation:
    """The last layer or operation of a model, which computes its outputs."""
    operations = getattr(layer, "operations", None) or getattr(
        layer, "layers", None
    )
    for last in reversed(operations or []):
        if not _is_transparent(last):
            return last_operation(last)
    return layer


def activation_of(layer: keras.Operation) -> str | None:
    """The name of the activation that a layer ends in, if any."""
    name = type(layer).__name__
    if isinstance(layer, _ACTIVATION_LAYERS) or name in _ACTIVATIONS:
        return f"activation={name.lower()!r}"
    activation = getattr(layer, "activation", None)
    if activation is None or activation is keras.activations.linear:
        return None
    named = getattr(activation, "__name__", type(activation).__name__)
    return f"activation={named!r}"


def _is_transparent(layer: keras.Operation) -> bool:
    name = type(layer).__name__
    return name in _TRANSPARENT or (
        name == "Activation" and layer.activation is keras.activations.linear
    )
