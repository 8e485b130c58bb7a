"""BatchNormalization with two domains: whose statistics are whose."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

# The names that Keras gives to the running statistics of BatchNormalization.
# Found by name, they are found at any depth of any model.
_NAMES = (
    "moving_mean",
    "moving_variance",
    # With `renorm=True`.
    "moving_stddev",
    "renorm_mean",
    "renorm_stddev",
)


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
    it stands wherever it is used alone. While source samples pass through it,
    it reads these instead. Nothing is exchanged for that: what a variable is
    read as is a matter of the thread that reads it, so that several threads
    can call one model for both domains.
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


def source_pass(
    call: Callable[[], Any], network: Any, statistics: SourceStatistics | None
) -> tuple[Any, list[Any]]:
    """The pass of the source samples, where the target's is another one.

    Args:
        call: Function without arguments, which calls the network.
        network: Keras model or layer.
        statistics: Those that the network has for this pass. With None its
            own.

    Returns:
        The result of `call`, and the losses that layers added. Whoever calls
        this adds them: in Keras's trainer on JAX the pass of the target
        samples would remove them (Keras 3.15.1: a layer called outside of
        another one clears its losses first).
    """
    pairs = []
    if statistics is not None:
        own = running_statistics(network)
        pairs = list(zip(own, statistics.weights, strict=True))
    scope = _Scope([(v, source.value) for v, source in pairs])
    with scope:
        result = call()
    source_of = {id(v): source for v, source in pairs}
    for variable, value in scope.updates:
        source_of.get(id(variable), variable).assign(value)
    # Tensors of their own: by identity Keras finds whose loss one is.
    return result, [loss + 0.0 for loss in scope.losses]


class _Scope(keras.StatelessScope):
    """Some variables are read as other values; all updates are noted.

    Variables that it has no value for are read as they are outside of it:
    JAX's trainer has a scope of its own around the whole step.
    """

    def __init__(self, state_mapping: list[tuple[Any, Any]]):
        super().__init__(state_mapping, collect_losses=True)
        self._updated: dict[int, tuple[Any, Any]] = {}

    def get_current_value(self, variable: Any) -> Any:
        value = super().get_current_value(variable)
        if value is None and self.original_scope is not None:
            return self.original_scope.get_current_value(variable)
        return value

    def add_update(self, update: tuple[Any, Any]) -> None:
        super().add_update(update)
        variable, _ = update
        self._updated[id(variable)] = update

    @property
    def updates(self) -> list[tuple[Any, Any]]:
        return list(self._updated.values())
