"""Appendix A: one loss for the domain classifier, another for the features."""

from typing import Any
from typing import NamedTuple

import keras
from keras import ops

from keras_grl.losses.from_logits import says_from_logits
from keras_grl.types import AdversarialLossLike
from keras_grl.types import Config
from keras_grl.types import DomainLoss
from keras_grl.types import Tensor
from keras_grl.validation import check_registered
from keras_grl.validation import invalid

_SWAPPED = "swapped"


class AdversarialLoss:
    """A pair of losses of the domain classifier: L_d+ and L_d−.

    `θ_d ← θ_d − μ ∂L_d+/∂θ_d` and `θ_f ← θ_f − μ (∂L_y/∂θ_f + λ ∂L_d−/∂θ_f)`

    The gradient reversal layer is the pair `(L_d, −L_d)`. The pair "swapped" is
    the binomial cross-entropy L_d+ and the same loss with its labels swapped,
    `L_d−(d, q) = L_d+(1 − d, q)`, as in GANs: its gradients are stronger while
    the domain classifier distinguishes the domains well.

    Args:
        losses: "swapped", or a pair of functions `(domains, logits)`. Both get
            float32 tensors of shape `(batch, 1)`, the domain labels (0 source,
            1 target, after smoothing) and the logits (positive means target),
            and return one value per sample, or a scalar.

    Call arguments:
        labels: Float32 tensor of shape `(batch,)`, the domain labels.
        logits: Tensor of that shape. L_d+ is computed from them.
        adversary: The same logits with *reversed* gradients of the features,
            and none of the domain classifier. L_d− is computed from them.
        weights: Tensor of that shape, or None.

    Returns of a call:
        A scalar tensor, the value of L_d+; its gradient is that of both.

    Raises:
        ValueError: If `losses` is neither, or a loss takes probabilities.

    Example:

    >>> loss = AdversarialLoss("swapped")
    >>> labels, logits = ops.convert_to_tensor([0.0, 1.0]), ops.zeros((2,))
    >>> round(float(loss(labels, logits, logits, None)), 4)  # ln(2)
    0.6931

    Reference:
        Ganin & Lempitsky (2015), Appendix A. λ is not part of L_d− here.
    """

    def __init__(self, losses: AdversarialLossLike):
        self.losses = losses if isinstance(losses, str) else _pair(losses)
        if isinstance(losses, str) and losses != _SWAPPED:
            raise ValueError(_invalid(losses))

    def __call__(
        self,
        labels: Tensor,
        logits: Tensor,
        adversary: Tensor,
        weights: Tensor | None,
    ) -> Tensor:
        if isinstance(self.losses, str):
            plus: DomainLoss = _cross_entropy
            minus: DomainLoss = _swapped_cross_entropy
        else:
            plus, minus = self.losses
        labels, logits, adversary = (
            ops.expand_dims(each, -1) for each in (labels, logits, adversary)
        )
        loss = _mean(plus, labels, logits, weights)
        against = _mean(minus, labels, adversary, weights)
        # Subtracted, since the gradients of `adversary` are reversed.
        return loss - (against - ops.stop_gradient(against))

    def get_config(self) -> str | list[Config]:
        """ "swapped", or the configs of both losses.

        Raises:
            ValueError: If one is not registered, and could not be loaded.
        """
        if isinstance(self.losses, str):
            return self.losses
        return [_serialized(loss) for loss in self.losses]


class _StopGradient(keras.layers.Layer):
    """Identity without gradient."""

    def __init__(self, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return ops.stop_gradient(inputs)


# Shared by all models: it has no state.
_STOP_GRADIENT = _StopGradient(name="stop_gradient")


def without_gradient(inputs: Tensor) -> Tensor:
    """A tensor of any shape without its gradient, and with its mask."""
    return _STOP_GRADIENT(inputs)


class TwoCalls(NamedTuple):
    """The outputs of a layer that is called twice in one training step.

    Attributes:
        outputs: Of the call that trains the layer and updates its state.
        adversary: Of the call in which its variables are constants.
        losses: What the layer has added with `add_loss`.
    """

    outputs: Tensor
    adversary: Tensor
    losses: list[Tensor]


def call_twice(
    layer: keras.layers.Layer,
    inputs: Tensor,
    adversary_inputs: Tensor,
    training: bool,
) -> TwoCalls:
    """Calls a layer twice, the second time with constant variables.

    Seeds and statistics advance once, and both calls use the same seeds: for
    equal inputs their outputs are equal. (On PyTorch a `Dropout` without seed
    has other random numbers in each call.)

    Args:
        layer: Keras model or layer.
        inputs: Its inputs.
        adversary_inputs: Those of the call with constant variables. The
            gradient of its outputs is that of these inputs alone.
        training: Boolean.

    Example:

    >>> layer = keras.layers.Dense(1)
    >>> calls = call_twice(layer, np.ones((2, 3)), np.ones((2, 3)), True)
    >>> calls.outputs.shape == calls.adversary.shape
    True
    """
    if not layer.built:
        layer(inputs, training=False)
    # Each variable is read once, for both calls: no order of reads and updates
    # can give them different values.
    weights = _values(layer.trainable_variables)
    # All others too: a scope within that of JAX's trainer does not see it.
    state = _values(layer.non_trainable_variables)
    constants = [(v, ops.stop_gradient(value)) for v, value in weights]
    with keras.StatelessScope(state_mapping=constants + state):
        adversary = layer(adversary_inputs, training=training)
    with keras.StatelessScope(
        state_mapping=weights + state, collect_losses=True
    ) as scope:
        outputs = layer(inputs, training=training)
    for variable, value in state:
        new = scope.get_current_value(variable)
        if new is not value:
            variable.assign(new)
    # `+ 0.0` makes new tensors: Keras finds the owner of a loss by identity.
    return TwoCalls(outputs, adversary, [loss + 0.0 for loss in scope.losses])


def _values(
    variables: list[keras.Variable],
) -> list[tuple[keras.Variable, Tensor]]:
    """The variables, each with a tensor of its value.

    `ops.convert_to_tensor` would return the variable itself on TensorFlow.
    """
    return [(v, ops.cast(v, v.dtype)) for v in variables]


def mean_over_samples(values: Tensor, weights: Tensor | None) -> Tensor:
    """The mean of one value per sample, weighted or not."""
    return ops.mean(values if weights is None else weights * values)


def _mean(
    loss: DomainLoss, labels: Tensor, logits: Tensor, weights: Tensor | None
) -> Tensor:
    values = ops.cast(loss(labels, logits), "float32")
    if len(values.shape) == 0 and weights is None:
        return values
    rows = len(values.shape) > 0 and values.shape[0] == logits.shape[0]
    if not rows:
        raise ValueError(
            "A loss of `adversarial_loss` must return one value per sample, or "
            "a scalar where samples are not weighted (`entropy_conditioning`). "
            f"Received: a tensor of shape {tuple(values.shape)} for logits of "
            f"shape {tuple(logits.shape)}, from {loss!r}"
        )
    values = ops.reshape(values, (ops.shape(logits)[0], -1))
    return mean_over_samples(ops.mean(values, axis=1), weights)


def _cross_entropy(domains: Tensor, logits: Tensor) -> Tensor:
    return ops.binary_crossentropy(domains, logits, from_logits=True)


def _swapped_cross_entropy(domains: Tensor, logits: Tensor) -> Tensor:
    return _cross_entropy(1.0 - domains, logits)


def _pair(losses: object) -> tuple[DomainLoss, DomainLoss]:
    if not isinstance(losses, (tuple, list)) or len(losses) != 2:
        raise ValueError(_invalid(losses))
    for loss in losses:
        if not callable(loss) or isinstance(loss, type):
            raise ValueError(_invalid(losses))
        if says_from_logits(loss) is False:
            raise ValueError(
                invalid(
                    "adversarial_loss",
                    "losses of logits",
                    loss,
                    "Pass `from_logits=True` to it.",
                )
            )
    plus, minus = losses
    return plus, minus


def _invalid(losses: object) -> str:
    return invalid(
        "adversarial_loss",
        'None, "swapped" or a pair of functions `(domains, logits)`',
        losses,
        "Pass `adversarial_loss=(loss_of_the_domain_classifier, "
        "loss_of_the_features)`.",
    )


def _serialized(loss: DomainLoss) -> Config:
    kind = loss if hasattr(loss, "__name__") else type(loss)
    # Keras finds its own losses.
    if getattr(keras.losses, getattr(kind, "__name__", ""), None) is not kind:
        check_registered("adversarial_loss", loss)
    return keras.saving.serialize_keras_object(loss)
