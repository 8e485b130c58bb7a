"""mixval: whether mixtures of two samples keep the class of the larger part."""

from collections.abc import Callable

import keras
import numpy as np
from keras import tree

from keras_grl.backend import kept_state
from keras_grl.scores.arrays import check_rows
from keras_grl.scores.models import Predicts
from keras_grl.scores.models import check_model
from keras_grl.scores.models import predicted_classes
from keras_grl.streams.arrays import as_array
from keras_grl.streams.arrays import is_float
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.streams.values import check_finite_inputs
from keras_grl.types import Array
from keras_grl.types import Inputs
from keras_grl.validation import check_boolean
from keras_grl.validation import check_integer
from keras_grl.validation import check_number

# Mixtures are float32, four times as large as images: not all at once.
_PIECE_BYTES = 2**28


def mixval(
    model: Predicts,
    x_target: Inputs,
    mix: float = 0.55,
    seed: int = 0,
    intra: bool = False,
) -> float:
    """How often a mixture of two samples has the class of the larger part.

    `x̃ = mix · x_i + (1 − mix) · x_j`,
    `score = share of pairs (i, j) with class(x̃) = class(x_i)`

    over random pairs, in both orders, whose predicted classes differ. Where
    classes lie in separate clusters, mixtures just beyond the middle belong to
    the nearer one; where a decision boundary cuts through a cluster, they do
    not.

    A model that predicts two classes, or a few, can score high: it favors
    collapsed models, unless all predictions are one class (0.0, since there are
    no pairs). Check the diversity of the predictions as well. It does not see
    swapped classes.

    Args:
        model: Keras model, or any object whose `predict(x, verbose=0)` returns
            an array `(n, classes)` of probabilities or logits, or `(n, 1)` of
            probabilities. Neither its state nor the random numbers for the next
            training steps change.
        x_target: Target samples: an array, or a dict of arrays, of floats or
            uint8 images. Other integers, such as token ids, cannot be mixed.
        mix: Float between 0.5 and 1, the share of the first sample.
        seed: Integer, seed of the pairs.
        intra: Boolean. If True, pairs have the same predicted class: a mixture
            should keep it.

    Returns:
        Float, 0 to 1; 0.0 without pairs.

    Raises:
        ValueError: If an argument is invalid; if the inputs are not numbers
            that can be mixed, not finite or empty; if the predictions are not
            finite.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Softmax()])
    >>> mixval(model, np.array([[1.0, 0.0], [0.0, 1.0]]))
    1.0
    >>> mixval(model, np.array([[1.0, 0.0], [0.9, 0.1]]))  # only one class
    0.0

    Reference:
        Hu et al. (2023), "Mixed Samples as Probes for Unsupervised Model
        Selection in Domain Adaptation", NeurIPS.
    """
    check_model(model)
    mix = check_number("mix", mix, above=0.5, below=1.0)
    seed = check_integer("seed", seed, minimum=0)
    intra = check_boolean("intra", intra)
    x = as_numbers(x_target)
    refuse_embedding(model)

    def classes_of(x: Inputs) -> Array:
        return predicted_classes(model.predict(x, verbose=0))

    with kept_state(model):
        return share_kept(classes_of, x, classes_of(x), mix, seed, intra)


def share_kept(
    classes_of: Callable[[Inputs], Array],
    x: Inputs,
    classes: Array,
    mix: float = 0.55,
    seed: int = 0,
    intra: bool = False,
) -> float:
    """The share of mixtures with the class of the larger part.

    Args:
        classes_of: Function of inputs that returns the predicted classes.
        x: What `as_numbers` returns.
        classes: The predicted classes of x.
        mix: As in `mixval`.
        seed: As in `mixval`.
        intra: As in `mixval`.
    """
    random = np.random.default_rng(seed)
    first, second = _pairs(random, classes, intra)
    kept = 0
    step = _rows_at_once(x)
    for start in range(0, len(first), step):
        i, j = first[start : start + step], second[start : start + step]
        mixed = tree.map_structure(
            lambda values, i=i, j=j: _mixed(values, i, j, mix), x
        )
        kept += int(np.sum(classes_of(mixed) == classes[i]))
    return kept / len(first) if len(first) else 0.0


def as_numbers(x_target: Inputs) -> Inputs:
    """The inputs as NumPy arrays, if they can be mixed.

    Args:
        x_target: Array, or a structure of them.
    """
    x = tree.map_structure(
        lambda values: as_array("x_target", "inputs", values), x_target
    )
    rows = None
    for values in tree.flatten(x):
        if values.ndim == 0 or values.size == 0:
            raise ValueError(
                wrong(
                    "x_target",
                    "samples, not empty",
                    f"an array of shape {values.shape}",
                )
            )
        check_rows("x_target", values, rows)
        rows = len(values)
        if not (is_float(values) or values.dtype == "uint8"):
            raise ValueError(
                wrong(
                    "x_target",
                    "floats or uint8 images, which can be mixed",
                    f"an array of {values.dtype}, shape {values.shape}",
                    "The mean of two token ids or categories has no meaning: "
                    "use another score for them. Convert numbers: "
                    '`x_target.astype("float32")`.',
                )
            )
        check_finite_inputs("x_target", [values])
    if rows is None:
        raise ValueError(wrong("x_target", "an array", describe(x_target)))
    return x


def _pairs(
    random: np.random.Generator, classes: Array, intra: bool
) -> tuple[Array, Array]:
    """The rows of the pairs, each pair in both orders."""
    order = random.permutation(len(classes))
    partner = np.empty_like(order)
    if not intra:
        partner[order] = order[::-1]
        first = np.flatnonzero(classes != classes[partner])
        return first, partner[first]
    for each in np.unique(classes):
        rows = order[classes[order] == each]
        partner[rows] = rows[::-1]
    # The middle one of an odd number has no partner.
    first = np.flatnonzero(partner != np.arange(len(classes)))
    return first, partner[first]


def _mixed(values: Array, i: Array, j: Array, mix: float) -> Array:
    # Not in uint8, which wraps around, nor in float16, which rounds.
    dtype = "float64" if values.dtype == "float64" else "float32"
    first, second = values[i].astype(dtype), values[j].astype(dtype)
    return mix * first + (1 - mix) * second


def _rows_at_once(x: Inputs) -> int:
    values_of_row = sum(leaf[0].size for leaf in tree.flatten(x))
    return max(1, _PIECE_BYTES // (4 * max(1, values_of_row)))


def refuse_embedding(model: object) -> None:
    """Refuses a model that looks its inputs up, as token ids in floats."""
    if isinstance(model, keras.layers.Embedding):
        raise ValueError(
            wrong(
                "model",
                "a model of numbers, which can be mixed",
                f"a model with the Embedding layer {model.name!r}",
                "Use another score for a model of token ids, such as "
                "`infomax`.",
            )
        )
    for layer in getattr(model, "layers", []):
        refuse_embedding(layer)
