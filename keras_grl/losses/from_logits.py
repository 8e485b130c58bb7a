"""Whether a loss is computed from logits."""

import contextlib
import functools
import inspect

import keras

from keras_grl.types import OneLoss


def says_from_logits(loss: OneLoss | None) -> bool | None:
    """The argument `from_logits` of a loss.

    Args:
        loss: A loss or a function; of a name nothing is known.

    Returns:
        Boolean, or None if the loss has no such argument.

    Example:

    >>> says_from_logits(keras.losses.BinaryCrossentropy(from_logits=True))
    True
    >>> says_from_logits(keras.losses.binary_crossentropy)
    False
    >>> says_from_logits("mse") is None
    True
    """
    if isinstance(loss, functools.partial):
        given = loss.keywords.get("from_logits")
        return says_from_logits(loss.func) if given is None else bool(given)
    said = getattr(loss, "from_logits", None)
    if said is None and isinstance(loss, keras.Loss):
        said = loss.get_config().get("from_logits")
    elif said is None and callable(loss):
        # Functions that are not written in Python may have no signature.
        with contextlib.suppress(ValueError, TypeError):
            parameters = inspect.signature(loss).parameters
            if "from_logits" in parameters:
                said = parameters["from_logits"].default
    return None if said is None else bool(said)
