"""FeatureDiscrepancy: a minimized distance between features."""

from typing import Any

import keras

from keras_grl.distances import discrepancy_of
from keras_grl.methods.method import Method
from keras_grl.methods.rows import Rows
from keras_grl.types import Config
from keras_grl.types import DiscrepancyLike
from keras_grl.types import Outputs
from keras_grl.types import Predictions
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class FeatureDiscrepancy(Method):
    """Minimizes a fixed distance between the features of the domains.

    `loss = discrepancy(source features, target features)`

    Labeled target samples count as target. The samples of several sources are
    combined into one domain: unlike moment matching for several sources (Peng
    et al., 2019), it does not align the sources with one another.
    `keras_grl.baselines.DiscrepancyModel` is an `AdaptationModel` with this
    method.

    Args:
        discrepancy: "mmd", "mean" or "coral"; a
            `keras_grl.baselines.Discrepancy`; or a function of source features
            `(n, ...)` and target features `(m, ...)` that returns a scalar.
        **kwargs: Arguments of `keras.layers.Layer`: `name`, `dtype`.

    Call arguments:
        features: Tensor with a row for each sample of the joint batch.
        predictions: Not used.

    Returns of a call:
        `{"features": features}`, the features that are compared.

    Raises:
        ValueError: If `discrepancy` is invalid; when the loss is computed, if
            the function does not return a scalar.

    Example:

    >>> rows = keras_grl.methods.Rows(source=1, labeled=1, total=2)
    >>> features = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> float(FeatureDiscrepancy("mean").loss({"features": features}, rows))
    25.0

    Reference:
        Tzeng et al. (2014), Ghifary et al. (2014), Long et al. (2015) and Sun
        & Saenko (2016), as cited by the discrepancies. Peng et al. (2019),
        "Moment Matching for Multi-Source Domain Adaptation".
    """

    def __init__(self, discrepancy: DiscrepancyLike = "mmd", **kwargs: Any):
        super().__init__(**kwargs)
        self.discrepancy = discrepancy_of(discrepancy)

    def call(
        self, features: Tensor, predictions: Predictions, training: bool = False
    ) -> dict[str, Tensor]:
        return {"features": features}

    def loss(self, outputs: Outputs, rows: Rows) -> Tensor:
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

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "discrepancy": keras.saving.serialize_keras_object(
                self.discrepancy
            ),
        }

    @classmethod
    def from_config(cls, config: Config) -> "FeatureDiscrepancy":
        discrepancy = keras.saving.deserialize_keras_object(
            config["discrepancy"]
        )
        return cls(**{**config, "discrepancy": discrepancy})
