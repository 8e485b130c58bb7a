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

    def apply(
        self, network: Any, call: Callable[[], Any]
    ) -> tuple[Any, list[Any]]:
        """What `call` returns if the network has the source's statistics.

        Args:
            network: The network of which these are statistics.
            call: Function without arguments, which calls the network.

        Returns:
            The result of `call`, and the losses that layers added meanwhile
            and that nobody has taken yet.
        """
        own = running_statistics(network)
        source_of = {
            id(of): source for of, source in zip(own, self.weights, strict=True)
        }
        scope = _Scope([(v, source_of[id(v)].value) for v in own])
        with scope:
            result = call()
        for variable, value in scope.updates:
            source_of.get(id(variable), variable).assign(value)
        return result, scope.losses_to_add()


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

    def losses_to_add(self) -> list[Any]:
        outer = self.original_scope
        if outer is None:
            return self.losses
        if outer.collect_losses:
            for loss in self.losses:
                outer.add_loss(loss)
        return []
