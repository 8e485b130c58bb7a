"""DiscrepancyModel: a feature distance instead of a domain classifier."""

from typing import Any

import keras

from keras_grl.methods.discrepancy import FeatureDiscrepancy
from keras_grl.models import split
from keras_grl.models.adaptation import AdaptationModel
from keras_grl.types import Config
from keras_grl.types import DiscrepancyLike
from keras_grl.types import FeatureDistance
from keras_grl.types import Preprocessing
from keras_grl.validation import check_layer
from keras_grl.validation import invalid


@keras.saving.register_keras_serializable(package="keras_grl")
class DiscrepancyModel(AdaptationModel):
    """Trains on one domain and minimizes a feature distance to the other.

    Like `DANNModel`, but with a fixed distance between the features of the
    domains in place of a learned domain classifier:

    `loss = label_loss + domain_loss_weight * discrepancy(source, target)`

    The distance is between the source's and the target's rows of the feature
    extractor's output; labeled target samples count as target, and the samples
    of several sources as one source. With "mean"
    this is DDC (Tzeng et al., 2014), with "mmd" DAN (Long et al., 2015) at one
    layer, with "coral" Deep CORAL (Sun & Saenko, 2016).

    `fit`, `evaluate` and `predict` work as in `DANNModel`, and so do the logs,
    without `domain_accuracy` and `adaptation_factor`: `domain_loss` is the
    distance, without its weight.

    Args:
        feature_extractor: Keras model or layer: inputs to features.
        label_predictor: Keras model or layer: features to predictions.
        discrepancy: "mmd", "mean" or "coral"; a
            `keras_grl.baselines.Discrepancy`; or a function of source features
            `(n, ...)` and target features `(m, ...)` that returns a scalar. To
            save the model, register the function with
            `keras.saving.register_keras_serializable`.
        at: Name of a layer of the label predictor, or the layer, whose output
            the distance uses instead. The layers up to it become part of the
            feature extractor. Both must be built Functional or Sequential
            models, and their layers are shared.
        preprocessing: As in `DANNModel`.
        batch_normalization: As in `DANNModel`.
        num_sources: Integer, the number of source domains. None, the default,
            is one source, or the number of sources in `preprocessing`.
        **kwargs: Arguments of `keras.Model`: `name`, `dtype`.

    Call arguments:
        inputs: A batch of inputs, or a paired batch, as in `DANNModel`.
        training: Boolean.

    Returns of a call:
        The predictions; for a paired batch a dict: `"label"`, the predictions
        for the labeled samples; `"features"` of all samples, and
        `"predictions"`.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> model = DiscrepancyModel(
    ...     feature_extractor=keras.Sequential(
    ...         [keras.Input((2,)), keras.layers.Dense(8, activation="relu")]
    ...     ),
    ...     label_predictor=keras.layers.Dense(3, activation="softmax"),
    ...     discrepancy="coral",
    ... )
    >>> model.compile(
    ...     "sgd", "sparse_categorical_crossentropy", domain_loss_weight=8.0
    ... )
    >>> model.predict(np.zeros((4, 2)), verbose=0).shape
    (4, 3)

    Reference:
        Tzeng et al. (2014), Ghifary et al. (2014), Long et al. (2015) and Sun
        & Saenko (2016), as cited by the discrepancies.
    """

    def __init__(
        self,
        feature_extractor: keras.layers.Layer,
        label_predictor: keras.layers.Layer,
        discrepancy: DiscrepancyLike = "mmd",
        at: str | keras.layers.Layer | None = None,
        preprocessing: Preprocessing | None = None,
        batch_normalization: str = "joint",
        num_sources: int | None = None,
        **kwargs: Any,
    ):
        if at is not None:
            feature_extractor, label_predictor = _moved_cut(
                feature_extractor, label_predictor, at
            )
        super().__init__(
            feature_extractor,
            label_predictor,
            FeatureDiscrepancy(discrepancy, name="discrepancy"),
            preprocessing,
            batch_normalization,
            num_sources,
            **kwargs,
        )

    @property
    def discrepancy(self) -> FeatureDistance:
        """The distance that is minimized."""
        return self.method.discrepancy

    @classmethod
    def from_model(
        cls,
        model: AdaptationModel,
        discrepancy: DiscrepancyLike = "mmd",
        at: str | keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> "DiscrepancyModel":
        """A `DiscrepancyModel` with the network of another model.

        Args:
            model: A `DANNModel` or another `AdaptationModel`. Its feature
                extractor, label predictor and preprocessing are shared, not
                copied: training changes both models. For the same initial
                weights twice, build it twice with the same seed.
            discrepancy: As in `DiscrepancyModel`.
            at: As in `DiscrepancyModel`.
            **kwargs: The other arguments of `DiscrepancyModel`. They default to
                those of `model`.

        Returns:
            A `DiscrepancyModel`.

        Raises:
            ValueError: If an argument is invalid.

        Example:

        >>> lenet = keras_grl.architectures.LeNet()
        >>> model = DiscrepancyModel.from_model(lenet, "coral", at="fc2")
        >>> model.feature_extractor.output_shape
        (None, 100)
        """
        if not isinstance(model, AdaptationModel):
            raise ValueError(
                invalid(
                    "model", "a `DANNModel` or another `AdaptationModel`", model
                )
            )
        shared = {
            "preprocessing": model.preprocessing_layers(),
            "batch_normalization": model.batch_normalization,
            "num_sources": model.num_sources,
        }
        made = cls(
            model.feature_extractor,
            model.label_predictor,
            discrepancy,
            at,
            **{**shared, **kwargs},
        )
        if model.built and not made.built:
            made.build_from_config(model.get_build_config())
        return made

    def _method_config(self) -> Config:
        # Without `at`: the parts are already cut there.
        return {"discrepancy": self.method.get_config()["discrepancy"]}


def _moved_cut(
    feature_extractor: keras.layers.Layer,
    label_predictor: keras.layers.Layer,
    at: str | keras.layers.Layer,
) -> tuple[keras.Model, keras.Model]:
    """The two parts, with the cut moved to a layer of the second."""
    check_layer("feature_extractor", feature_extractor)
    check_layer("label_predictor", label_predictor)
    try:
        inputs = split.inputs_of(feature_extractor)
    except (AttributeError, ValueError) as error:
        raise ValueError(
            "`at` needs a feature extractor that is a built Functional or "
            f"Sequential model. Received: feature_extractor="
            f"{feature_extractor!r}, at={at!r}\n"
            "Begin it with a `keras.Input`."
        ) from error
    features = feature_extractor(inputs)
    if not label_predictor.built:
        label_predictor(features)
    head, tail = split.at_layer(label_predictor, at)
    # Rename it: `head` is called `feature_extractor`, and so is the model that
    # it becomes part of.
    head = keras.Model(head.input, head.output, name="before_the_cut")
    extractor = keras.Model(inputs, head(features), name="feature_extractor")
    return extractor, tail
