"""reverse_validation: a classifier of the target's predicted classes."""

import random
from collections.abc import Callable

import keras
import numpy as np

from keras_grl.backend import building
from keras_grl.backend import builds_in_first_step
from keras_grl.backend import kept_state
from keras_grl.scores.arrays import as_labels
from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.models import predicted_classes
from keras_grl.streams.arrays import as_array
from keras_grl.streams.names import wrong
from keras_grl.streams.unpacking import describe
from keras_grl.streams.values import check_finite_inputs
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.types import Batch
from keras_grl.validation import check_integer

_BATCH_SIZE = 64
# Images are halved until they are no larger than this.
_SIZE = 8


def reverse_validation(
    x_target: AnyArray,
    predicted: AnyArray,
    x_source: AnyArray,
    y_source: AnyArray,
    *,
    model: Callable[[], keras.Model] | None = None,
    steps: int = 1000,
    seed: int = 0,
) -> float:
    """The source accuracy of a classifier of the target's predicted classes.

    `score = accuracy on (x_source, y_source) of a new classifier trained on
    (x_target, argmax predicted)`

    If the predictions for the target are right, a classifier trained on them
    should work on the source too.

    It is low for the worst candidates. It hardly ranks the others: the errors
    of the second training hide those of the first, and a classifier that
    repeats the mistakes of source only can work well on the source. It does not
    see classes that are swapped on the target and swapped back. Use it as a
    veto.

    It trains a classifier for each candidate: by default 1000 steps of 64
    samples, about a minute of a processor core for small images.

    Args:
        x_target: Array of target samples.
        predicted: Array of shape `(n, classes)`, what the candidate predicts
            for them.
        x_source: Array of source samples of the same shape.
        y_source: Array of shape `(m,)`, their class numbers.
        model: Function without arguments that returns a new Keras classifier
            of raw inputs with as many outputs as there are classes. It is
            called after Python's and NumPy's random numbers are seeded.
            If it is not compiled, it is compiled with Adam and cross-entropy
            of probabilities. Defaults to a fixed small network: convolutions
            of stride 2 for images, and one hidden layer of 64 units.
        steps: Integer, number of training steps, 64 samples each.
        seed: Integer, seed of the initial weights and of the samples.

    Returns:
        Float, 0 to 1; about 1 / classes by chance.

    Raises:
        ValueError: If an argument is invalid, probabilities are labels,
            logits, NaN or empty, inputs are not finite, or shapes do not
            match.

    Example:

    >>> random = np.random.default_rng(0)
    >>> y = np.arange(100) % 2
    >>> x_source = random.normal(size=(100, 2)) + 4 * y[:, None]
    >>> x_target = x_source + 0.5
    >>> right, swapped = np.eye(2)[y], np.eye(2)[1 - y]
    >>> reverse_validation(x_target, right, x_source, y, steps=50) > 0.9
    True
    >>> reverse_validation(x_target, swapped, x_source, y, steps=50) < 0.1
    True

    Reference:
        Ganin et al. (2016), "Domain-Adversarial Training of Neural Networks",
        JMLR 17, section 5.1.2; Zhong et al. (2010), "Cross Validation
        Framework to Choose amongst Models and Datasets for Transfer Learning".
    """
    x = _as_samples("x_target", x_target)
    p = as_probabilities("predicted", predicted, rows=len(x))
    test = _as_samples("x_source", x_source)
    if test.shape[1:] != x.shape[1:]:
        raise ValueError(
            wrong(
                "x_source",
                f"samples of shape {x.shape[1:]}, as those of `x_target`",
                f"samples of shape {test.shape[1:]}",
            )
        )
    y = as_labels("y_source", y_source, classes=p.shape[1], rows=len(test))
    steps = check_integer("steps", steps)
    seed = check_integer("seed", seed, minimum=0)
    if model is not None and (
        isinstance(model, keras.layers.Layer) or not callable(model)
    ):
        raise ValueError(
            wrong(
                "model",
                "a function without arguments that returns a new classifier",
                describe(model),
                "Pass `model=lambda: keras.models.clone_model(classifier)`.",
            )
        )
    with kept_state():
        random.seed(seed)
        np.random.seed(seed % 2**32)
        if model is None:
            classifier = _small_classifier(x, p.shape[1], seed)
        else:
            classifier = model()
        if not classifier.compiled:
            classifier.compile("adam", "sparse_categorical_crossentropy")
        _build_optimizer(classifier)
        batches = _Batches(x, p.argmax(axis=1), steps, seed)
        classifier.fit(batches, epochs=1, shuffle=False, verbose=0)
        found = predicted_classes(classifier.predict(test, verbose=0))
    return float(np.mean(found == y))


def _build_optimizer(classifier: keras.Model) -> None:
    """Else TensorFlow would trace the first step twice (Keras 3.15.1)."""
    optimizer = classifier.optimizer
    if (
        builds_in_first_step(classifier)
        and classifier.built
        and not optimizer.built
    ):
        with building(classifier):
            optimizer.build(classifier.trainable_variables)


class _Batches(keras.utils.PyDataset):
    """Random batches, shuffled in each pass."""

    def __init__(self, x: Array, y: Array, steps: int, seed: int):
        super().__init__()
        self._x, self._y, self._steps = x, y, steps
        generator = np.random.default_rng(seed)
        passes = -(-steps * _BATCH_SIZE // len(x))
        self._rows = np.concatenate(
            [generator.permutation(len(x)) for _ in range(passes)]
        )

    @property
    def num_batches(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> Batch:
        start = index * _BATCH_SIZE
        rows = self._rows[start : start + _BATCH_SIZE]
        return self._x[rows], self._y[rows]


def _small_classifier(x: Array, classes: int, seed: int) -> keras.Model:
    """The default: small and fixed, for samples of any shape."""

    def initializer(number: int) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=seed + number)

    first = x[: _BATCH_SIZE * 16].astype("float32")
    layers = [
        keras.Input(x.shape[1:]),
        # With one scale for all features or pixels, in any unit.
        keras.layers.Rescaling(
            float(1 / (first.std() + 1e-6)),
            float(-first.mean() / (first.std() + 1e-6)),
        ),
    ]
    if x.ndim == 4:
        channels_last = keras.config.image_data_format() == "channels_last"
        size = min(x.shape[1:3] if channels_last else x.shape[2:4])
        filters = 16
        while size > _SIZE:
            layers.append(
                keras.layers.Conv2D(
                    filters,
                    3,
                    strides=2,
                    padding="same",
                    activation="relu",
                    kernel_initializer=initializer(len(layers)),
                )
            )
            size, filters = -(-size // 2), min(2 * filters, 64)
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dense(
            64, activation="relu", kernel_initializer=initializer(len(layers))
        ),
        keras.layers.Dense(
            classes,
            activation="softmax",
            kernel_initializer=initializer(len(layers) + 1),
        ),
    ]
    return keras.Sequential(layers)


def _as_samples(name: str, values: AnyArray) -> Array:
    array = as_array(name, "inputs", values)
    if array.ndim < 2 or array.size == 0:
        raise ValueError(
            wrong(
                name,
                "samples, shape (n, …), not empty",
                f"an array of shape {array.shape}",
            )
        )
    check_finite_inputs(name, [array])
    return array
