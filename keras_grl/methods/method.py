"""Method: the base class of the methods of domain adaptation."""

from typing import Any

import keras

from keras_grl.methods.rows import Rows
from keras_grl.types import LossLike
from keras_grl.types import Outputs
from keras_grl.types import Predictions
from keras_grl.types import Shape
from keras_grl.types import Shapes
from keras_grl.types import Structure
from keras_grl.types import Tensor


def mean_of_batches(name: str) -> keras.metrics.Mean:
    """A mean in float32 or more: `floatx` may have too few digits."""
    dtype = keras.backend.result_type("float32", keras.config.floatx())
    return keras.metrics.Mean(name=name, dtype=dtype)


class Method(keras.layers.Layer):
    """Base class of the methods of domain adaptation.

    A method computes outputs and a loss from the features of both domains.
    `AdaptationModel` adds the loss to the label loss:

    `loss = label_loss + domain_loss_weight * method.loss(outputs, rows)`

    Subclass it and implement `loss`, and `call` if the method has further
    outputs. Create layers and metrics in `__init__`. To save the method with
    a model, register the class with
    `keras.saving.register_keras_serializable`.

    Attributes:
        uses_target_predictions: Boolean. Whether `predictions` also has rows
            for the unlabeled target samples. With False, the default, the
            label predictor runs on labeled samples only.

    Example:

    >>> class MeanDistance(keras_grl.methods.Method):
    ...     def loss(self, outputs, rows):
    ...         features = outputs["features"]
    ...         source = ops.mean(features[: rows.source], axis=0)
    ...         target = ops.mean(features[rows.source :], axis=0)
    ...         return ops.sum(ops.square(source - target))
    >>> model = keras_grl.AdaptationModel(
    ...     keras.layers.Dense(8), keras.layers.Dense(3), MeanDistance()
    ... )
    """

    uses_target_predictions = False

    def __init__(self, **kwargs: Any):
        # Features keep the dtype of the feature extractor's output.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(
        self,
        features_shape: Shape,
        predictions_shape: Shapes = None,
    ) -> None:
        """Creates the method's own weights, if any.

        Its layers are built when they are called. Without this override Keras
        (3.15.1) calls them here, and turns an error into a warning.
        """

    def call(
        self, features: Tensor, predictions: Predictions, training: bool = False
    ) -> dict[str, Tensor]:
        """The outputs of the method.

        Args:
            features: Tensor with a row for each sample of the joint batch.
            predictions: The label predictor's output: rows of the labeled
                samples, or of all samples if `uses_target_predictions`.
            training: Boolean.

        Returns:
            Dict of tensors.
        """
        return {}

    def loss(self, outputs: Outputs, rows: Rows) -> Tensor:
        """The loss of the method, a scalar.

        Update metrics here, not in `call`: on JAX they are out of scope there.

        Args:
            outputs: Dict with `"features"`, `"predictions"` and the outputs of
                `call`.
            rows: The `Rows` of the batch.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `loss(outputs, rows)`."
        )

    def num_sources_of(self, outputs: Outputs) -> int | None:
        """The number of sources that the outputs of `call` are for.

        None, the default, stands for any number.
        """
        return None

    def on_compile(self, model: keras.Model, loss: LossLike | None) -> None:
        """Called by `compile`, with the loss of the labels.

        Args:
            model: The model of the method, which may not be built.
            loss: The argument of `compile`.
        """

    def on_train_begin(self, model: keras.Model) -> None:
        """Called by `fit` before the first step.

        Args:
            model: The model of the method, built and compiled.
        """

    @property
    def total_steps(self) -> int | None:
        """The user's `total_steps`; None if `fit` sets the horizon."""
        return None

    def compute_mask(
        self, inputs: Tensor, previous_mask: Structure[Tensor] | None = None
    ) -> None:
        # The outputs of a method are not sequences.
        return None
