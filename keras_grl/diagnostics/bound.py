"""The bound of the target error in section 3.3 of the paper."""

import random
from typing import NamedTuple

import keras
import numpy as np

from keras_grl.backend import kept_state
from keras_grl.diagnostics.domain_classifiers import halves
from keras_grl.diagnostics.intervals import Errors
from keras_grl.diagnostics.intervals import check_confidence
from keras_grl.diagnostics.intervals import mean_rate
from keras_grl.diagnostics.intervals import mean_rate_interval
from keras_grl.diagnostics.layer_outputs import check_built
from keras_grl.diagnostics.layer_outputs import check_domain
from keras_grl.diagnostics.samples import count
from keras_grl.diagnostics.samples import random_rows
from keras_grl.diagnostics.samples import random_samples
from keras_grl.models import AdaptationModel
from keras_grl.models import symmetric_difference_classifier
from keras_grl.models.optimizers import build_optimizer
from keras_grl.models.weights_kept import WeightsKept
from keras_grl.scores.arrays import as_labels
from keras_grl.streams import TARGET
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Domain
from keras_grl.types import Inputs
from keras_grl.types import Tensor
from keras_grl.validation import check_boolean
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

# Of each domain: a half to test on, and a fifth of the other half to choose
# the epoch by.
_MINIMUM = 20
_BATCH_SIZE = 64
_LEARNING_RATE = 0.003
_PATIENCE = 10


class DivergenceBound(NamedTuple):
    """`target error ≤ source_error + divergence + C`.

    Args:
        divergence: Float, 0 to 1: half the HΔH-distance that was found.
        low: Float, the lower end of its interval.
        high: Float, the upper end.
        source_error: Float, the error of the model on the source; None if no
            labels were given.
    """

    divergence: float
    low: float
    high: float
    source_error: float | None

    @property
    def bound(self) -> float | None:
        """Float, the sum without C; None if the source error is unknown."""
        if self.source_error is None:
            return None
        return self.source_error + self.divergence

    def __str__(self) -> str:
        error = (
            "source error"
            if self.source_error is None
            else f"{self.source_error:.3f}"
        )
        return (
            f"target error ≤ {error} + {self.divergence:.3f} "
            f"[{self.low:.3f}, {self.high:.3f}] + C"
        )


def h_divergence_bound(
    model: AdaptationModel,
    x_source: Inputs,
    x_target: Inputs,
    y_source: AnyArray | None = None,
    *,
    units: int = 128,
    from_logits: bool = False,
    epochs: int = 100,
    confidence: float = 0.95,
    samples: int = 5000,
    batch_size: int = 100,
    domain: Domain = "source",
    seed: int = 0,
) -> DivergenceBound:
    """How much the target error may exceed the source error (section 3.3).

    `target error ≤ source error + ½ d_HΔH + C` (equation 11)
    `½ d_HΔH ≤ max over G_d of P_S[G_d = source] + P_T[G_d = target] − 1`

    (equation 13). The domain classifier G_d is the one of the paper,
    `keras_grl.models.symmetric_difference_classifier`: two replicas of the
    label predictor, and a perceptron that can learn XOR. A new one is trained
    on the features of half of the samples, with the epoch chosen on a fifth of
    these, and tested on the other half. The model is not changed.

    What it does not guarantee:

    - C is the error of the best label predictor for both domains together. It
      is unknown without target labels, and large if classes are swapped: a
      bound of 0 then means nothing. A small divergence is necessary but not
      sufficient.
    - A trained classifier is not the best one. Its value is at most the
      maximum, so the true bound may be larger. The interval only covers the
      error of this classifier on new samples.
    - The bound is loose: about 1 whenever the domains are separable, even for a
      good model. Use it to compare models or layers.

    Args:
        model: A built `AdaptationModel`, such as a `DANNModel`. A classifier
            becomes one with `DANNModel.from_classifier(classifier, at=…)`.
        x_source: Array of at least 20 source inputs, or a structure of arrays.
            Use samples that the model was not trained on: otherwise the source
            error is too small.
        x_target: The same of the target.
        y_source: Class numbers of `x_source`, for the source error.
        units: Integer, hidden units of the perceptron.
        from_logits: Boolean, whether the label predictor ends in logits.
        epochs: Integer, the most passes over the training half. It stops when
            the loss on the fifth has not improved for 10 epochs.
        confidence: Float in (0, 1), of the interval.
        samples: Integer, the most samples of each domain, chosen at random.
        batch_size: Integer, to compute the features.
        domain: "source", or with several sources "source_0", "source_1", …:
            whose preprocessing and running statistics `x_source` passes
            through.
        seed: Integer.

    Returns:
        A `DivergenceBound`.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> model = keras_grl.DANNModel(
    ...     keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)]),
    ...     keras.layers.Dense(3, activation="softmax"),
    ... )
    >>> x_source, x_target = np.random.default_rng(0).normal(size=(2, 40, 4))
    >>> found = h_divergence_bound(model, x_source, x_target + 50, epochs=20)
    >>> found.divergence > 0.5
    True

    Reference:
        Ganin & Lempitsky (2015), section 3.3; Ben-David et al. (2010), "A
        Theory of Learning from Different Domains".
    """
    if not isinstance(check_built(model), AdaptationModel):
        raise ValueError(
            invalid(
                "model",
                "an `AdaptationModel`, which has a label predictor",
                model,
                "Cut a classifier in two: "
                '`keras_grl.DANNModel.from_classifier(classifier, at="…")`.',
            )
        )
    domain = check_domain(model, domain)
    units = check_integer("units", units)
    from_logits = check_boolean("from_logits", from_logits)
    epochs = check_integer("epochs", epochs)
    confidence = check_confidence(confidence)
    samples = check_integer("samples", samples, minimum=_MINIMUM)
    batch_size = check_integer("batch_size", batch_size)
    seed = check_integer("seed", seed, minimum=0)
    inputs = [
        random_samples(name, x, samples, seed, _MINIMUM)
        for name, x in (("x_source", x_source), ("x_target", x_target))
    ]
    given = count("x_source", x_source, _MINIMUM)
    rows = random_rows(given, samples, seed)
    with kept_state(model):
        error = (
            None
            if y_source is None
            else _source_error(
                model, inputs[0], domain, y_source, given, rows, from_logits
            )
        )
        features = [
            _features(model, x, name, batch_size)
            for name, x in zip((domain, TARGET), inputs, strict=True)
        ]
        random.seed(seed)
        np.random.seed(seed % 2**32)
        classifier = symmetric_difference_classifier(
            model.label_predictor, units, from_logits
        )
        found = _held_out_errors(
            classifier, features[0], features[1], epochs, seed
        )
    low, high = mean_rate_interval(found, confidence)
    return DivergenceBound(
        _divergence(mean_rate(found)),
        _divergence(high),
        _divergence(low),
        error,
    )


class _Features(WeightsKept):
    """The features of one domain, compiled by `predict`."""

    def __init__(self, model: AdaptationModel, domain: Domain):
        super().__init__(name="features")
        self.model = model
        self.domain = domain

    def call(self, inputs: Inputs) -> Tensor:
        features = self.model.extract_features({self.domain: inputs})
        return keras.ops.cast(features, "float32")


def _features(
    model: AdaptationModel, x: Inputs, domain: Domain, batch_size: int
) -> Array:
    passed = _Features(model, domain)
    with passed.weights_kept():
        features = passed.predict(x, batch_size=batch_size, verbose=0)
    if not np.isfinite(features).all():
        raise ValueError(
            "The features of the model are NaN or infinite: its weights are "
            "lost. Train it again with a lower learning rate."
        )
    return features


def _source_error(
    model: AdaptationModel,
    x: Inputs,
    domain: Domain,
    y_source: AnyArray,
    given: int,
    rows: Array,
    from_logits: bool,
) -> float:
    predictions = model.predict({domain: x}, verbose=0)
    if getattr(predictions, "ndim", 0) != 2:
        raise ValueError(
            invalid(
                "model",
                "a model with one output, (n, classes), if `y_source` is given",
                model,
            )
        )
    one_unit = predictions.shape[1] == 1
    threshold = 0.0 if from_logits else 0.5
    predicted = (
        predictions[:, 0] > threshold
        if one_unit
        else predictions.argmax(axis=1)
    )
    y = as_labels(
        "y_source",
        y_source,
        classes=2 if one_unit else predictions.shape[1],
        rows=given,
    )
    return float(np.mean(predicted != y[rows]))


def _held_out_errors(
    classifier: keras.Model,
    source: Array,
    target: Array,
    epochs: int,
    seed: int,
) -> list[Errors]:
    """The errors in each domain of a classifier trained on halves of both."""
    # One number for all features: the family of label predictors stays what it
    # is, since the weights of its first layer can undo it.
    scale = 1.0 / max(
        float(np.sqrt(np.mean(np.square([source.std(), target.std()])))), 1e-6
    )
    generator = np.random.default_rng(seed)
    trained, tested = zip(
        *(halves(generator, scale * each) for each in (source, target)),
        strict=True,
    )
    chosen_by = [each[: len(each) // 5] for each in trained]
    learned = [each[len(each) // 5 :] for each in trained]
    # Repeated, the smaller domain is as large as the other one.
    most = max(map(len, learned))
    x, domains = _labeled(
        [each[np.arange(most) % len(each)] for each in learned]
    )
    order = generator.permutation(len(x))
    classifier.compile(
        keras.optimizers.Adam(_LEARNING_RATE),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    build_optimizer(classifier)
    classifier.fit(
        x[order],
        domains[order],
        batch_size=_BATCH_SIZE,
        epochs=epochs,
        shuffle=False,
        validation_data=_labeled(chosen_by),
        callbacks=[
            keras.callbacks.EarlyStopping(
                patience=_PATIENCE, restore_best_weights=True
            )
        ],
        verbose=0,
    )
    return [
        Errors(
            int(
                np.sum(
                    (classifier.predict(each, verbose=0) > 0) != bool(domain)
                )
            ),
            len(each),
        )
        for domain, each in enumerate(tested)
    ]


def _labeled(domains: list[Array]) -> tuple[Array, Array]:
    """The samples of both domains, and 0 or 1 for each."""
    return np.concatenate(domains), np.repeat(
        np.array([0, 1], "float32"), [len(each) for each in domains]
    )[:, None]


def _divergence(error: float) -> float:
    # A constant classifier has no advantage, and is one of them.
    return max(0.0, 1.0 - 2.0 * error)
