"""Whether the inputs have the scale that the model expects."""

from typing import NamedTuple

import keras
import numpy as np
from keras import tree

from keras_grl.layers.mean_subtraction import MeanSubtraction
from keras_grl.monitor.findings import Finding
from keras_grl.streams import TARGET
from keras_grl.streams import sources_in
from keras_grl.types import Array
from keras_grl.types import PairedInputs

# A sample with fewer numbers is not an image, and may have any scale.
_FEWEST_NUMBERS = 16
# Between the largest values of 0–1 and 0–255 there is more than that.
_FAR = 10.0
_HINT = (
    "Bring both to one scale before `pair`: raw images of values 0 to 255 for "
    "the builders of `keras_grl.architectures`, the same preprocessing in both "
    "domains for other models."
)


class Bounds(NamedTuple):
    """The smallest and the largest value of the inputs of a domain."""

    low: float
    high: float

    @property
    def is_normalized(self) -> bool:
        """Whether the values lie in 0–1, or in −1–1, and are not all 0."""
        return -1.0 <= self.low and 0.0 < self.high <= 1.0


def check_scales(model: keras.Model, x: PairedInputs) -> list[Finding]:
    """Compares the domains with each other, and with the model.

    Args:
        model: An `AdaptationModel`.
        x: Paired inputs, as NumPy arrays.
    """
    bounds = {
        name: [bounds_of(array) for array in tree.flatten(inputs)]
        for name, inputs in x.items()
    }
    own = [each for each in model.preprocessing_layers().values() if each]
    findings = []
    if _scale_alike(own):
        findings = [
            different_scales(source, a, b)
            for source in sources_in(x)
            for a, b in zip(bounds[source], bounds[TARGET], strict=True)
        ]
    firsts = own or [model.feature_extractor]
    if any(expects_raw_images(layer) for layer in firsts):
        findings += [scaled_twice(*(each[0] for each in bounds.values()))]
    return [each for each in findings if each is not None][:1]


def bounds_of(array: Array) -> Bounds | None:
    """The bounds of images; None for inputs that are not images."""
    numbers = array.size // max(len(array), 1)
    is_number = array.dtype.kind == "f" or array.dtype == np.uint8
    if not is_number or numbers < _FEWEST_NUMBERS:
        return None
    return Bounds(float(array.min()), float(array.max()))


def different_scales(
    source: str, a: Bounds | None, b: Bounds | None
) -> Finding | None:
    """One domain in 0–1 (or −1–1), the other in 0–255, say.

    Args:
        source: Name of the source stream.
        a: The bounds of its inputs.
        b: Those of the target.
    """
    if a is None or b is None:
        return None
    small, large = sorted((a, b), key=lambda each: each.high)
    if not small.is_normalized or large.high < _FAR or large.low < -1.0:
        return None
    return Finding(
        "different-scales",
        "The domains have different scales: the first batch has values from "
        f"{a.low:.3g} to {a.high:.3g} in the {source} stream, and from "
        f"{b.low:.3g} to {b.high:.3g} in the target stream. The domain "
        "classifier distinguishes them by scale alone, and the label predictor "
        f"does not work on the target. {_HINT}",
    )


def scaled_twice(*bounds: Bounds | None) -> Finding | None:
    """Images in 0–1 for a model that scales images of 0–255 itself.

    Args:
        *bounds: Those of the inputs of each stream.
    """
    if not all(each is not None and each.is_normalized for each in bounds):
        return None
    low = min(each.low for each in bounds if each is not None)
    high = max(each.high for each in bounds if each is not None)
    return Finding(
        "images-scaled-twice",
        f"The images have values from {low:.3g} to {high:.3g}, but the model "
        "itself scales images of values 0 to 255: all of them look black to "
        "it. Pass raw images, as uint8 or as floats: `x` instead of `x / 255`.",
    )


def expects_raw_images(layer: keras.layers.Layer) -> bool:
    """Whether a model begins with a layer that scales values of 0–255."""
    while getattr(layer, "layers", None):
        inner = [
            each
            for each in layer.layers
            if not isinstance(each, keras.layers.InputLayer)
        ]
        if not inner:
            return False
        layer = inner[0]
    if isinstance(layer, MeanSubtraction):
        largest = max(layer.scale + (layer.given_mean or [0.0]))
        return largest >= _FAR
    if isinstance(layer, keras.layers.Rescaling):
        return float(np.max(np.abs(layer.scale))) <= 1 / _FAR
    return False


def _scale_alike(layers: list[keras.layers.Layer]) -> bool:
    """Whether the preprocessing layers of the domains leave scales alike."""
    return all(isinstance(each, MeanSubtraction) for each in layers) and (
        len({tuple(each.scale) for each in layers}) <= 1
    )
