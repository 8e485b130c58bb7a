"""The domain classifier of several sources: one logit for each domain."""

from keras import ops

from keras_grl.types import Shape
from keras_grl.types import Tensor
from keras_grl.validation import check_integer


def units_of_domains(num_sources: int | None) -> int:
    """The logits of the default domain classifier.

    One logit distinguishes two domains; with more, each has its own.
    """
    if num_sources is None or check_integer("num_sources", num_sources) == 1:
        return 1
    return num_sources + 1


def sources_of(logits: Tensor) -> int:
    """The number of sources that logits of shape `(batch, n)` are for."""
    return max(logits.shape[-1] - 1, 1)


def check_logits(
    logits: Tensor, features_shape: Shape, num_sources: int | None
) -> None:
    """Refuses outputs that are not logits of the domains.

    Args:
        logits: What the domain classifier returns.
        features_shape: The shape of its inputs, for the error.
        num_sources: Integer, or None to take it from the logits.

    Raises:
        ValueError: If their shape is wrong.
    """
    shape = logits.shape
    if (
        len(shape) == 2
        and shape[-1] is not None
        and num_sources in (None, sources_of(logits))
    ):
        return
    expected = "(batch, 1) or (batch, 2)"
    if num_sources is None:
        expected += ", or (batch, n) for n - 1 sources and the target"
    elif num_sources > 1:
        expected = (
            f"(batch, {num_sources + 1}), one logit for each of {num_sources} "
            "sources and the target"
        )
    raise ValueError(
        f"The domain classifier must return logits of shape {expected}. "
        f"Received: output of shape {shape} for features of shape "
        f"{features_shape}\n"
        "End it with `keras.layers.Dense("
        f"{units_of_domains(num_sources)})`, after a `keras.layers.Flatten()` "
        "if the features are maps. (A `symmetric_difference_classifier` is for "
        "one source.)"
    )


def check_two_domains(name: str, logits: Tensor) -> None:
    """Refuses an argument that supports one source only.

    Args:
        name: The argument.
        logits: What the domain classifier returns.
    """
    if sources_of(logits) > 1:
        raise ValueError(
            f"`{name}` is defined for two domains. Expected: one source. "
            f"Received: a domain classifier with {logits.shape[-1]} logits, "
            f"for {sources_of(logits)} sources\n"
            f"Use `{name}=None`: gradient reversal, with the softmax "
            "cross-entropy over all domains."
        )


def cross_entropy(
    logits: Tensor, domains: Tensor, label_smoothing: float
) -> Tensor:
    """Softmax cross-entropy of each sample.

    `-sum_d ((1 - s) [d = domain] + s / M) log softmax(logits)_d`

    Args:
        logits: Tensor of shape `(batch, M)`.
        domains: Tensor of shape `(batch,)`, 0 to M - 1.
        label_smoothing: s.

    Returns:
        Tensor of shape `(batch,)`. With equal logits it is ln M.

    Example:

    >>> logits = ops.zeros((3, 3))
    >>> losses = cross_entropy(logits, np.array([0.0, 1.0, 2.0]), 0.1)
    >>> [round(float(loss), 4) for loss in losses]  # ln 3
    [1.0986, 1.0986, 1.0986]
    """
    count = logits.shape[-1]
    labels = ops.one_hot(ops.cast(domains, "int32"), count, dtype="float32")
    labels = labels * (1.0 - label_smoothing) + label_smoothing / count
    return ops.categorical_crossentropy(labels, logits, from_logits=True)


def is_correct(logits: Tensor, domains: Tensor) -> Tensor:
    """Boolean tensor: whether the largest logit is that of the domain."""
    return ops.equal(ops.argmax(logits, axis=-1), ops.cast(domains, "int32"))
