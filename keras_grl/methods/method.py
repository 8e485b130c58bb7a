"""Method: what a method of domain adaptation is made of."""

from typing import Any

import keras

from keras_grl.methods.rows import Rows


class Method(keras.layers.Layer):
    """Base class of the methods of domain adaptation.

    A method says what is computed from the features of both domains, beside
    the predictions, and what it costs. `AdaptationModel` adds that cost to the
    label loss:

    `loss = label_loss + domain_loss_weight * method.loss(outputs, rows)`

    Subclass it and implement `loss`, and `call` if the method has outputs of
    its own. Layers and metrics are set in `__init__`. Register the class with
    `keras.saving.register_keras_serializable` to have it saved.

    Attributes:
        uses_target_predictions: Boolean. Whether `predictions` have rows for
            the unlabeled target samples too. With False, the default, the
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
        # Features keep the dtype that the feature extractor gave them.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, features_shape: Any, predictions_shape: Any = None) -> None:
        """Creates the method's own weights, if any.

        Its layers are built when they are called. Without this method Keras
        would try to call them here, and turn an error into a warning.
        """

    def call(
        self, features: Any, predictions: Any, training: bool = False
    ) -> dict[str, Any]:
        """The outputs of the method itself.

        Args:
            features: Tensor with a row for each sample of the joint batch.
            predictions: The label predictor's output: rows of the labeled
                samples, or of all where `uses_target_predictions` is True.
            training: Boolean.

        Returns:
            Dict of tensors.
        """
        return {}

    def loss(self, outputs: dict[str, Any], rows: Rows) -> Any:
        """The loss of the method, a scalar.

        Metrics are updated here, not in `call`: on JAX they are out of scope
        there.

        Args:
            outputs: Dict with `"features"`, `"predictions"` and what `call`
                returned.
            rows: The `Rows` of the batch.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must implement `loss(outputs, rows)`."
        )

    @property
    def total_steps(self) -> int | None:
        """The horizon that was asked for; None if `fit` tells it."""
        return None

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        # The outputs of a method are no sequences.
        return None
