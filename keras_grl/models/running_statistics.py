"""Running statistics of BatchNormalization per domain."""

from collections.abc import Callable
from typing import TypeAlias

import keras
from keras import ops

from keras_grl.streams import source_names
from keras_grl.types import Domain
from keras_grl.types import Tensor

# Keras's names of the running statistics of BatchNormalization. A search by
# name finds them at any depth of any model.
_NAMES = (
    "moving_mean",
    "moving_variance",
    # With `renorm=True`.
    "moving_stddev",
    "renorm_mean",
    "renorm_stddev",
)


# A variable and a value.
_Update: TypeAlias = tuple[keras.Variable, Tensor]


def running_statistics(network: keras.layers.Layer) -> list[keras.Variable]:
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
    """The running statistics of a network for each source.

    The network itself holds the statistics of the target domain, so that it
    can be used on its own. While source samples pass through it, its variables
    are read as these instead. No variable is assigned for that, and the scope
    belongs to one thread: several threads can call one model for both domains.
    """

    def adopt(self, network: keras.layers.Layer, num_sources: int) -> None:
        """Creates the weights, as copies of the network's statistics.

        Those of the first source come first.
        """
        self._sources = source_names(num_sources)
        of_all = running_statistics(network) * num_sources
        for number, variable in enumerate(of_all):
            self.add_weight(
                shape=variable.shape,
                initializer=lambda *_, of=variable, **__: ops.copy(of.value),
                dtype=variable.dtype,
                trainable=False,
                autocast=False,
                name=f"{variable.name}_{number}",
            )
        self.built = True

    def of(self, source: Domain) -> list[keras.Variable]:
        """The statistics of one source."""
        size = len(self.weights) // len(self._sources)
        start = size * self._sources.index(source)
        return self.weights[start : start + size]


def source_pass(
    call: Callable[[], Tensor],
    network: keras.layers.Layer,
    statistics: list[keras.Variable] | None,
) -> tuple[Tensor, list[Tensor]]:
    """The pass of the samples of one source, separate from the others.

    Args:
        call: Function without arguments that calls the network.
        network: Keras model or layer.
        statistics: The running statistics for this pass. With None, those of
            the network.

    Returns:
        The result of `call`, and the losses that layers added. The caller adds
        them to the model: in Keras's trainer on JAX the pass of the target
        samples would remove them (Keras 3.15.1: a layer called outside of
        another one clears its losses first).
    """
    pairs = []
    if statistics is not None:
        own = running_statistics(network)
        pairs = list(zip(own, statistics, strict=True))
    scope = _Scope([(v, source.value) for v, source in pairs])
    with scope:
        result = call()
    source_of = {id(v): source for v, source in pairs}
    for variable, value in scope.updates:
        source_of.get(id(variable), variable).assign(value)
    # `+ 0.0` makes new tensors: Keras finds the owner of a loss by identity.
    return result, [loss + 0.0 for loss in scope.losses]


class _Scope(keras.StatelessScope):
    """Some variables are read as other values; all updates are recorded.

    Other variables are read from the outer scope: JAX's trainer has one around
    the whole step.
    """

    def __init__(self, state_mapping: list[_Update]):
        super().__init__(state_mapping, collect_losses=True)
        self._updated: dict[int, _Update] = {}

    def get_current_value(self, variable: keras.Variable) -> Tensor | None:
        value = super().get_current_value(variable)
        if value is None and self.original_scope is not None:
            return self.original_scope.get_current_value(variable)
        return value

    def add_update(self, update: _Update) -> None:
        super().add_update(update)
        variable, _ = update
        self._updated[id(variable)] = update

    @property
    def updates(self) -> list[_Update]:
        return list(self._updated.values())
