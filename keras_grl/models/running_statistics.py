"""BatchNormalization with two domains: whose statistics are whose."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

# The names that Keras gives to the running statistics of BatchNormalization.
# Found by name, they are found at any depth of any model.
_NAMES = ("moving_mean", "moving_variance")


def running_statistics(network: Any) -> list[Any]:
    """The running means and variances of a network's BatchNormalization.

    Args:
        network: A built Keras model or layer.

    Returns:
        List of variables.
    """
    return [
        variable
        for variable in network.non_trainable_variables
        if variable.name in _NAMES
    ]


class SourceStatistics(keras.layers.Layer):
    """The source domain's running statistics of a network.

    The network itself holds those of the target domain, so that it is right as
    it stands wherever it is used alone. These take their place while source
    samples pass through it.
    """

    def adopt(self, network: Any) -> None:
        """Begins with a copy of the network's own statistics."""
        for number, variable in enumerate(running_statistics(network)):
            self.add_weight(
                shape=variable.shape,
                initializer=lambda *_, of=variable, **__: ops.copy(of.value),
                dtype=variable.dtype,
                trainable=False,
                autocast=False,
                name=f"{variable.name}_{number}",
            )
        self.built = True

    @contextlib.contextmanager
    def in_place(self, network: Any) -> Iterator[None]:
        """The network has the source's statistics within this context."""
        pairs = list(
            zip(self.weights, running_statistics(network), strict=True)
        )
        # Copies: on torch a value changes under the hands of who holds it.
        target = [ops.copy(own.value) for _, own in pairs]
        for source, own in pairs:
            own.assign(source.value)
        try:
            yield
            for source, own in pairs:
                source.assign(own.value)
        finally:
            for (_, own), values in zip(pairs, target, strict=True):
                own.assign(values)
