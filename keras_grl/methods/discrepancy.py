"""FeatureDiscrepancy: a distance between features, kept small."""

from typing import Any

import keras

from keras_grl.distances import discrepancy_of
from keras_grl.methods.method import Method
from keras_grl.methods.rows import Rows


@keras.saving.register_keras_serializable(package="keras_grl")
class FeatureDiscrepancy(Method):
    """A fixed measure of how much the features of the domains differ.

    `loss = discrepancy(source features, target features)`

    Labeled target samples count as target.
    `keras_grl.baselines.DiscrepancyModel` is an `AdaptationModel` with this
    method.

    Args:
        discrepancy: "mmd", "mean" or "coral"; a
            `keras_grl.baselines.Discrepancy`; or a function of source features
            `(n, ...)` and target features `(m, ...)` that returns a scalar.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`.

    Call arguments:
        features: Tensor with a row for each sample of the joint batch.
        predictions: Not used.

    Returns of a call:
        `{"features": features}`, of which the distance is taken.

    Raises:
        ValueError: If `discrepancy` is invalid; when the loss is computed, if
            the function returns no scalar.

    Example:

    >>> rows = keras_grl.methods.Rows(source=1, labeled=1, total=2)
    >>> features = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> float(FeatureDiscrepancy("mean").loss({"features": features}, rows))
    25.0

    Reference:
        Tzeng et al. (2014), Ghifary et al. (2014), Long et al. (2015) and Sun
        & Saenko (2016), as cited by the discrepancies.
    """

    def __init__(self, discrepancy: Any = "mmd", **kwargs: Any):
        super().__init__(**kwargs)
        self.discrepancy = discrepancy_of(discrepancy)

    def call(
        self, features: Any, predictions: Any, training: bool = False
    ) -> dict[str, Any]:
        return {"features": features}

    def loss(self, outputs: dict[str, Any], rows: Rows) -> Any:
        """The distance between the features of the domains."""
        features = outputs["features"]
        distance = self.discrepancy(
            features[: rows.source], features[rows.source :]
        )
        if len(distance.shape) != 0:
            raise ValueError(
                "The discrepancy must return a scalar. Received: a tensor of "
                f"shape {tuple(distance.shape)} from {self.discrepancy!r}"
            )
        return distance

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "discrepancy": keras.saving.serialize_keras_object(
                self.discrepancy
            ),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FeatureDiscrepancy":
        discrepancy = keras.saving.deserialize_keras_object(
            config["discrepancy"]
        )
        return cls(**{**config, "discrepancy": discrepancy})
