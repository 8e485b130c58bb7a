"""The losses of Keras, by the kind of labels that they take."""

from typing import NamedTuple

import keras

from keras_grl.types import Config
from keras_grl.types import OneLoss

# Class indices.
SPARSE = (
    "CategoricalGeneralizedCrossEntropy",
    "SparseCategoricalCrossentropy",
    "sparse_categorical_crossentropy",
)
# A probability for each class.
ONE_HOT = (
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
)
# A probability for each prediction.
BINARY = (
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
)
# A number of at least 0 for each prediction: they take the logarithm of it, or
# of the prediction.
NOT_NEGATIVE = (
    "KLDivergence",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "kl_divergence",
    "mean_squared_logarithmic_error",
    "poisson",
)
# A number for each prediction, which is not a class.
REGRESSION = (
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "cosine_similarity",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
)
# A number for each prediction.
ELEMENTWISE = (
    *BINARY,
    *REGRESSION,
    "CategoricalHinge",
    "Dice",
    "Hinge",
    "KLDivergence",
    "SquaredHinge",
    "Tversky",
    "categorical_hinge",
    "dice",
    "hinge",
    "kl_divergence",
    "squared_hinge",
    "tversky",
)


class KerasLoss(NamedTuple):
    """A loss of Keras."""

    name: str
    config: Config

    @property
    def axis(self) -> int:
        """The axis of the classes."""
        return self.config.get("axis", -1)


def resolve(loss: OneLoss | None) -> KerasLoss | None:
    """Name and config of a Keras loss; None for any other loss."""
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            # Keras refuses it.
            return None
    own = vars(keras.losses)
    kind = type(loss)
    if own.get(kind.__name__) is kind:
        config = loss.get_config()  # type: ignore[union-attr]
        return KerasLoss(kind.__name__, config)
    name = getattr(loss, "__name__", "")
    return KerasLoss(name, {}) if own.get(name) is loss is not None else None
