"""The outputs of all layers of a model, computed in one pass."""

import math
from collections.abc import Sequence

import keras
from keras import ops

from keras_grl.backend import kept_state
from keras_grl.models import AdaptationModel
from keras_grl.models.split import Call
from keras_grl.models.split import calls_in
from keras_grl.models.split import suggested
from keras_grl.models.weights_kept import WeightsKept
from keras_grl.streams import source_names
from keras_grl.types import Array
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import Tensor
from keras_grl.validation import check_choice
from keras_grl.validation import invalid

_HINT = (
    "The layers of a subclass of `keras.Model` are known to its `call` alone. "
    "Compute the features of each layer yourself, and compare those of the "
    "domains with `keras_grl.diagnostics.proxy_a_distance_test`."
)


class LayerOutputs:
    """The outputs of the layers of a model, for inputs of either domain.

    Args:
        model: A built `AdaptationModel`, or a built Functional or Sequential
            classifier.
        layers: Names of layers. None, the default, is all layers at which a
            domain classifier could be attached: from the first one with
            weights to the one before the last with weights.
        max_features: Integer. Layers with more outputs for a sample are left
            out, unless `layers` names them.

    Raises:
        ValueError: If an argument is invalid, or no layer is found.
    """

    def __init__(
        self,
        model: keras.Model,
        layers: Sequence[str] | None = None,
        max_features: int | None = None,
    ):
        self._model = check_built(model)
        if isinstance(model, AdaptationModel):
            self._parts = [
                _Part(model.feature_extractor, whole=True),
                _Part(model.label_predictor),
            ]
        else:
            self._parts = [_Part(model)]
        known = [name for part in self._parts for name in part.all_names]
        if not known:
            raise ValueError(
                invalid(
                    "model",
                    "a Functional or Sequential model with layers before the "
                    "last one that has weights, or an `AdaptationModel`",
                    model,
                    _HINT,
                )
            )
        if layers is not None:
            layers = _check_names(layers, known)
        for part in self._parts:
            part.choose(layers, max_features)
        #: The names of the layers, in the order of the network.
        self.names = [name for part in self._parts for name in part.names]

    def of(self, x: Inputs, domain: Domain, batch_size: int) -> list[Array]:
        """The outputs of each layer, float32 `(n, d)`.

        Args:
            x: Inputs of one domain.
            domain: Whose preprocessing and running statistics are used.
            batch_size: Integer.
        """
        passed = _Pass(self._model, self._parts, domain)
        with kept_state(self._model), passed.weights_kept():
            return passed.predict(x, batch_size=batch_size, verbose=0)


def check_built(model: keras.Model) -> keras.Model:
    """`model`, if it is a Keras model with weights."""
    if not (isinstance(model, keras.Model) and model.built and model.weights):
        raise ValueError(
            invalid(
                "model",
                "a Keras model that has weights",
                model,
                "Call it on a batch, or `model.build(input_shape)`, first.",
            )
        )
    return model


def check_domain(model: keras.Model, domain: Domain) -> Domain:
    """`domain`, if it is a source of the model."""
    paired = isinstance(model, AdaptationModel)
    sources = source_names(model.num_sources or 1 if paired else 1)
    return check_choice("domain", domain, sources)


class _Part:
    """A model whose layers are compared.

    Args:
        layer: The feature extractor, the label predictor or a classifier.
        whole: Boolean, whether its last layers count too.
    """

    def __init__(self, layer: keras.layers.Layer, whole: bool = False):
        self.layer = layer
        self.names: list[str] = []
        self._model: keras.Model | None = None
        try:
            self._inputs, self._outputs, calls = calls_in(layer)
        except (AttributeError, ValueError):
            # Not a model of layers: there is only what it returns.
            self._found: dict[str, Tensor] = {}
            self.all_names = [layer.name] if whole else []
            return
        self._found = _single_outputs(calls, whole)
        self.all_names = list(self._found)

    def choose(
        self, layers: Sequence[str] | None, max_features: int | None
    ) -> None:
        """Sets `names`, as `LayerOutputs` describes."""
        self.names = [
            name
            for name in self.all_names
            if (
                name in layers
                if layers is not None
                else self._size(name) <= (max_features or math.inf)
            )
        ]
        if self._found:
            self._model = keras.Model(
                self._inputs,
                [[self._found[name] for name in self.names], self._outputs],
            )

    def network(self) -> keras.layers.Layer:
        """What is called: it returns the outputs of layers, and its own."""
        return self.layer if self._model is None else self._model

    def split(self, outputs: Tensor) -> tuple[list[Tensor], Tensor]:
        """The outputs of layers and the last outputs of what was called."""
        if self._model is not None:
            return outputs
        return [outputs] * len(self.names), outputs

    def _size(self, name: str) -> float:
        """The number of outputs for a sample; 0 if it is not known."""
        shape = self._found[name].shape[1:] if self._found else ()
        return 0 if None in shape else math.prod(shape)


class _Pass(WeightsKept):
    """The pass of one domain through all parts, compiled by `predict`.

    It shares the weights of `model`.
    """

    def __init__(self, model: keras.Model, parts: list[_Part], domain: Domain):
        super().__init__(name="layer_outputs")
        self.model = model
        self.domain = domain
        # Within a function, where Keras does not look for layers: all of them
        # belong to `model`.
        self._parts = lambda: parts

    def call(self, inputs: Inputs) -> list[Tensor]:
        found: list[Tensor] = []
        for number, part in enumerate(self._parts()):
            network = part.network()
            if number == 0 and isinstance(self.model, AdaptationModel):
                inputs = self.model._preprocess(self.domain, inputs, False)
                outputs = self.model._extract(
                    self.domain, inputs, False, network
                )
            else:
                outputs = network(inputs, training=False)
            of_layers, inputs = part.split(outputs)
            found += of_layers
        return [
            ops.reshape(ops.cast(each, "float32"), (ops.shape(each)[0], -1))
            for each in found
        ]


def _single_outputs(calls: list[Call], whole: bool) -> dict[str, Tensor]:
    """Name of each layer that counts to its output.

    Those are layers that are called once, with one output of floats, between
    the first and the last layer that has weights: before there is nothing to
    adapt, after it nothing to predict with.
    """
    # Operations of `keras.ops` have no place to attach anything to.
    calls = [c for c in calls if isinstance(c.layer, keras.layers.Layer)]
    weighted = [n for n, each in enumerate(calls) if each.layer.weights]
    if not weighted:
        return {}
    last = len(calls) if whole else weighted[-1]
    times = [each.layer.name for each in calls]
    return {
        layer.name: output
        for layer, _, output in calls[weighted[0] : last]
        if times.count(layer.name) == 1
        and isinstance(output, keras.KerasTensor)
        and keras.backend.is_float_dtype(output.dtype)
        and len(output.shape) > 1
    }


def _check_names(layers: Sequence[str], known: list[str]) -> Sequence[str]:
    if isinstance(layers, str):
        raise ValueError(
            invalid("layers", "a list of names", layers, f"[{layers!r}]")
        )
    for name in layers:
        if name not in known:
            raise ValueError(
                invalid(
                    "layers",
                    "names of layers between the first and the last one with "
                    "weights, each called once, such as "
                    + suggested(name, known),
                    name,
                )
            )
    if not layers:
        raise ValueError(invalid("layers", "at least one name", layers))
    return layers
