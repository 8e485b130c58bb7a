"""choose_layer: where to attach the domain classifier."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from keras_grl.diagnostics.distance_test import proxy_a_distance_test
from keras_grl.diagnostics.domain_classifiers import CLASSIFIERS
from keras_grl.diagnostics.intervals import check_confidence
from keras_grl.diagnostics.layer_outputs import LayerOutputs
from keras_grl.diagnostics.layer_outputs import check_domain
from keras_grl.diagnostics.samples import random_samples
from keras_grl.streams import TARGET
from keras_grl.types import Array
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer

_MINIMUM = 8


class LayerDistance(NamedTuple):
    """How far the domains are from each other in one layer.

    Args:
        layer: Its name.
        features: Integer, its number of outputs for a sample.
        mean_distance: Float, the squared distance of the domains' means.
        a_distance: Float, the proxy A-distance.
        low: Float, the lower end of its interval.
        high: Float, the upper end.
    """

    layer: str
    features: int
    mean_distance: float
    a_distance: float
    low: float
    high: float


class LayerTable(tuple[LayerDistance, ...]):
    """The distances of all layers, in the order of the network.

    `print` shows it as a table, in which `*` marks `nearest`.
    """

    @property
    def nearest(self) -> str:
        """The layer of the least A-distance; the last one of equals.

        Among separable features, those that more layers can change are best.
        """
        return min(reversed(self), key=lambda row: row.a_distance).layer

    @property
    def nearest_mean(self) -> str:
        """The layer of the least distance of means: the paper's choice."""
        return min(self, key=lambda row: row.mean_distance).layer

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Name of each layer to its figures."""
        return {
            row.layer: {
                name: value
                for name, value in row._asdict().items()
                if name != "layer"
            }
            for row in self
        }

    def __str__(self) -> str:
        nearest = self.nearest
        width = max(len("layer"), *(len(row.layer) for row in self))
        lines = [
            f"  {'layer':{width}}  features  mean distance  "
            "A-distance  interval"
        ]
        for row in self:
            mark = "*" if row.layer == nearest else " "
            lines.append(
                f"{mark} {row.layer:{width}}  {row.features:8d}  "
                f"{row.mean_distance:13.4g}  {row.a_distance:10.3f}  "
                f"{row.low:.3f} to {row.high:.3f}"
            )
        return "\n".join(lines)


def choose_layer(
    model: keras.Model,
    x_source: Inputs,
    x_target: Inputs,
    *,
    layers: Sequence[str] | None = None,
    classifier: str = "linear",
    confidence: float = 0.95,
    samples: int = 1000,
    max_features: int = 10_000,
    batch_size: int = 100,
    domain: Domain = "source",
    seed: int = 0,
) -> LayerTable:
    """The distance between the domains in each layer of a model.

    It helps to find the layer after which to attach the domain classifier, in
    a model that was trained on the source alone: no label and no training on
    the target is needed. Two distances are computed from the layer's outputs:

    - the proxy A-distance of `proxy_a_distance_test`. Its smallest value is
      marked: `table.nearest`.
    - the mean distance, `‖mean(source) − mean(target)‖²`, the paper's proposed
      criterion (`table.nearest_mean`). It depends on the scale and the number
      of the outputs, so it only compares similar layers.

    It is a hint, not an answer. Where the domains are separable, a domain
    classifier can stay right throughout training, and the label predictor then
    gets features that were not adapted. But the domains are always closer in
    layers near the predictions, which leave less of the network to adapt.
    docs/diagnostics.md shows where the hint is right and where not.

    Args:
        model: A built `AdaptationModel`, or a built Functional or Sequential
            classifier.
        x_source: Array of source inputs, at least 8, or a structure of arrays
            for a model of several inputs.
        x_target: The same of the target.
        layers: Names of the layers to compare. Defaults to those at which a
            domain classifier could be attached: from the first one with
            weights to the one before the last with weights, if they are
            called once and return one tensor. Layers that only reshape or drop
            the outputs of the one before are left out.
        classifier: "linear" or "mlp".
        confidence: Float in (0, 1), of the interval.
        samples: Integer, the most samples of each domain, chosen at random.
        max_features: Integer. Layers with more outputs are left out by
            default: their distance takes long.
        batch_size: Integer, for `predict`.
        domain: "source", or with several sources "source_0", "source_1", …:
            whose preprocessing and running statistics `x_source` passes
            through.
        seed: Integer.

    Returns:
        A `LayerTable`: a tuple of one `LayerDistance` for each layer.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is invalid, the model has no such layers, or
            the outputs of a layer are not finite.

    Example:

    >>> model = keras.Sequential([
    ...     keras.Input((6,)),
    ...     keras.layers.Dense(8, activation="relu", name="first"),
    ...     keras.layers.Dense(4, activation="relu", name="second"),
    ...     keras.layers.Dense(3, activation="softmax"),
    ... ])
    >>> x_source, x_target = np.random.default_rng(0).normal(size=(2, 100, 6))
    >>> table = choose_layer(model, x_source, x_target)
    >>> [row.layer for row in table]
    ['first', 'second']

    Reference:
        Ganin & Lempitsky (2015), section 4; Tzeng et al. (2014), "Deep Domain
        Confusion: Maximizing for Domain Invariance", section 4.
    """
    check_choice("classifier", classifier, CLASSIFIERS)
    check_confidence(confidence)
    samples = check_integer("samples", samples, minimum=_MINIMUM)
    batch_size = check_integer("batch_size", batch_size)
    seed = check_integer("seed", seed, minimum=0)
    max_features = check_integer("max_features", max_features)
    outputs = LayerOutputs(model, layers, max_features)
    domain = check_domain(model, domain)
    chosen = [
        random_samples(name, x, samples, seed, _MINIMUM)
        for name, x in (("x_source", x_source), ("x_target", x_target))
    ]
    of_source = outputs.of(chosen[0], domain, batch_size)
    of_target = outputs.of(chosen[1], TARGET, batch_size)
    rows: list[LayerDistance] = []
    last: tuple[Array, Array] | None = None
    for name, *features in zip(
        outputs.names, of_source, of_target, strict=True
    ):
        pair = (features[0], features[1])
        if layers is None and last is not None and _equal(pair, last):
            continue
        last = pair
        _check_finite(name, *pair)
        rows.append(_row(name, *pair, classifier, confidence, seed))
    return LayerTable(rows)


def _check_finite(layer: str, source: Array, target: Array) -> None:
    """Refuses features that are NaN, or differ in number by domain."""
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ValueError(
            f"The outputs of the layer {layer!r} are NaN or infinite: the "
            "weights of the model are lost. Train it again with a lower "
            "learning rate."
        )
    if source.shape[1] != target.shape[1]:
        raise ValueError(
            "The domains must have the same number of features in a layer. "
            f"Received: {source.shape[1]} of the source and "
            f"{target.shape[1]} of the target in the layer {layer!r}\n"
            "Choose layers after the pooling of the axes that vary in size: "
            "`choose_layer(…, layers=[…])`."
        )


def _equal(one: tuple[Array, Array], other: tuple[Array, Array]) -> bool:
    """Whether two layers return the same for all samples."""
    return all(map(np.array_equal, one, other))


def _row(
    name: str,
    source: Array,
    target: Array,
    classifier: str,
    confidence: float,
    seed: int,
) -> LayerDistance:
    difference = source.mean(0, "float64") - target.mean(0, "float64")
    found = proxy_a_distance_test(
        source,
        target,
        classifier=classifier,
        confidence=confidence,
        repeats=0,
        seed=seed,
    )
    return LayerDistance(
        layer=name,
        features=source.shape[1],
        mean_distance=float(difference @ difference),
        a_distance=found.distance,
        low=found.low,
        high=found.high,
    )
