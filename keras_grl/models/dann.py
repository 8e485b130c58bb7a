"""DANNModel: domain-adversarial training as a Keras model."""

from typing import Any

import keras

from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.methods.cdan import CDAN
from keras_grl.methods.dann import DANN
from keras_grl.models import split
from keras_grl.models.adaptation import AdaptationModel
from keras_grl.models.per_domain import check_num_sources
from keras_grl.types import AdversarialLossLike
from keras_grl.types import Config
from keras_grl.types import Preprocessing
from keras_grl.types import ScheduleLike
from keras_grl.validation import check_boolean
from keras_grl.validation import invalid


@keras.saving.register_keras_serializable(package="keras_grl")
class DANNModel(AdaptationModel):
    """Trains a classifier or regressor on one domain to work on another.

    Three networks are trained at once by ordinary backpropagation of

    `loss = label_loss + domain_loss_weight * domain_loss`

    The *label predictor* learns from the source labels; the *domain
    classifier* learns to distinguish target from source features. A gradient
    reversal layer connects it to the *feature extractor*, which therefore
    learns features that help the label predictor but do not reveal the domain.
    `label_loss` is the mean over the labeled samples, `domain_loss` the mean
    binary cross-entropy over all samples; with several sources it is the
    softmax cross-entropy over all domains.

    `fit` and `evaluate` take the paired batches of `keras_grl.pair`. `predict`,
    `evaluate` and a call also take plain data, which passes only through the
    feature extractor and the label predictor.

    Args:
        feature_extractor: Keras model or layer, G_f: inputs to features,
            a tensor of any rank with the batch axis first.
        label_predictor: Keras model or layer, G_y: features to predictions.
        domain_classifier: Keras model or layer, G_d: features to logits of
            shape `(batch, 1)` (positive means target), or `(batch, 2)`
            (source, target), without activation. With n sources, n > 1, of
            shape `(batch, n + 1)`, the target's logit last. Defaults to the
            paper's dense layers of 1024, 1024 and 1 (or n + 1) units.
        adaptation_factor: λ, a number or a schedule: see
            `keras_grl.layers.GradientReversal`. Defaults to the paper's
            `SigmoidRamp()`.
        total_steps: Integer, the number of training steps in which the
            training progress p goes from 0 to 1, counted over all calls of
            `fit`. With None every `fit` is a separate run: p starts at
            `initial_epoch / epochs` and ends at 1.
        preprocessing: Dict `{"source": layer, "target": layer}`, the layers
            that the inputs of each domain pass before the feature extractor,
            such as `keras_grl.layers.MeanSubtraction`. With several sources
            the keys are "source_0", "source_1", …, "target". Defaults to none.
        batch_normalization: The statistics that the feature extractor's
            `BatchNormalization` layers use:
            "joint" (the default): source and target pass through the feature
            extractor as one batch, and its mean and variance normalize both.
            "separate": they pass separately, each normalized by its own batch
            in training, and so does each of several sources; the running
            statistics average over all domains.
            "domain_specific": they pass separately, and each domain has its
            own running statistics. Plain inputs use those of the target. Load
            pretrained weights before the model is built, when the statistics
            of the source are copied.
        domain_label_smoothing: Float s in [0, 1). The domain classifier learns
            the labels `d * (1 - s) + s / 2`: see `keras_grl.methods.DANN`.
        conditioning: None, "multilinear" or "randomized". If not None, the
            domain classifier sees the features together with the predicted
            class probabilities, and the label predictor runs on the target
            samples too: see `keras_grl.methods.CDAN`.
        entropy_conditioning: Boolean. Only with `conditioning`: whether samples
            with confident predictions have more weight in the domain loss.
        adversarial_loss: None, "swapped" or a pair of losses `(L_d+, L_d−)`,
            functions of `(domains, logits)`: the domain classifier minimizes
            L_d+, the feature extractor λ · L_d−, as in the paper's Appendix A.
            With None it is gradient reversal, the pair `(L_d, −L_d)`: see
            `keras_grl.methods.DANN`.
        num_sources: Integer, the number of source domains in a batch. None,
            the default, is one source, or the number given by the logits of
            `domain_classifier` or the layers of `preprocessing`.
        **kwargs: Arguments of `keras.Model`: `name`, `dtype`.

    Call arguments:
        inputs: A batch of inputs, or a paired batch `{"source": …,
            "target": …}`, with or without `"labeled_target"`. Plain inputs
            belong to the target domain, unless they are `{"source": …}`. With
            several sources "source_0", "source_1", … replace "source".
        training: Boolean.

    Returns of a call:
        The predictions; for a paired batch a dict: `"label"`, the predictions
        for the labeled samples (source, then labeled target); `"domain"`, the
        logits of all samples; `"features"` of all samples, and `"predictions"`.

    Raises:
        ValueError: If an argument is invalid, such as a domain classifier that
            ends in an activation.

    Example:

    >>> model = DANNModel(
    ...     feature_extractor=keras.Sequential(
    ...         [keras.Input((2,)), keras.layers.Dense(8, activation="relu")]
    ...     ),
    ...     label_predictor=keras.layers.Dense(3, activation="softmax"),
    ... )
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> model.predict(np.zeros((4, 2)), verbose=0).shape
    (4, 3)

    Reference:
        Ganin & Lempitsky (2015), section 3 and equations 4 to 9.
    """

    def __init__(
        self,
        feature_extractor: keras.layers.Layer,
        label_predictor: keras.layers.Layer,
        domain_classifier: keras.layers.Layer | None = None,
        adaptation_factor: ScheduleLike | None = None,
        total_steps: int | None = None,
        preprocessing: Preprocessing | None = None,
        batch_normalization: str = "joint",
        domain_label_smoothing: float = 0.0,
        conditioning: str | None = None,
        entropy_conditioning: bool = False,
        adversarial_loss: AdversarialLossLike | None = None,
        num_sources: int | None = None,
        **kwargs: Any,
    ):
        _check_no_reversal(
            feature_extractor,
            label_predictor,
            domain_classifier,
            *getattr(preprocessing, "values", list)(),
        )
        num_sources = check_num_sources(num_sources, preprocessing)
        super().__init__(
            feature_extractor,
            label_predictor,
            _method(
                conditioning,
                entropy_conditioning,
                domain_classifier=domain_classifier,
                adaptation_factor=adaptation_factor,
                total_steps=total_steps,
                domain_label_smoothing=domain_label_smoothing,
                adversarial_loss=adversarial_loss,
                num_sources=num_sources,
            ),
            preprocessing,
            batch_normalization,
            num_sources,
            **kwargs,
        )
        # They belong to the method; these are shortcuts.
        self.gradient_reversal = self.method.gradient_reversal
        self.domain_classifier = self.method.domain_classifier

    @classmethod
    def from_classifier(
        cls,
        classifier: keras.Model,
        at: str | keras.layers.Layer,
        **kwargs: Any,
    ) -> "DANNModel":
        """Adapts an existing classifier, which is cut in two at a layer.

        Args:
            classifier: Functional or Sequential model. Its layers are shared,
                not copied: training changes both models.
            at: Name of the layer, or the layer, whose output the domain
                classifier takes. It is the last one of the feature extractor.
            **kwargs: The other arguments of `DANNModel`.

        Returns:
            A `DANNModel`.

        Raises:
            ValueError: If there is no such layer, or the network has paths
                that bypass it.

        Example:

        >>> classifier = keras.Sequential([
        ...     keras.Input((2,)),
        ...     keras.layers.Dense(8, activation="relu", name="features"),
        ...     keras.layers.Dense(3, activation="softmax"),
        ... ])
        >>> model = DANNModel.from_classifier(classifier, at="features")
        >>> model.feature_extractor.output_shape
        (None, 8)
        """
        feature_extractor, label_predictor = split.at_layer(classifier, at)
        return cls(feature_extractor, label_predictor, **kwargs)

    @property
    def adaptation_factor(self) -> float:
        """Float: λ of the next training step."""
        return self.gradient_reversal.adaptation_factor

    @property
    def _domain_accuracy(self) -> keras.metrics.Metric:
        # Its name in files.
        return self.method.domain_accuracy

    def _method_config(self) -> Config:
        # The arguments of the method are arguments of the model.
        config = self.method.get_config()
        names = (
            "domain_classifier",
            "adaptation_factor",
            "total_steps",
            "domain_label_smoothing",
            "adversarial_loss",
            "conditioning",
            "entropy_conditioning",
        )
        return {name: config[name] for name in names if name in config}


def _method(
    conditioning: str | None, entropy_conditioning: bool, **kwargs: Any
) -> DANN:
    if conditioning is not None:
        return CDAN(
            conditioning=conditioning,
            entropy_conditioning=entropy_conditioning,
            name="cdan",
            **kwargs,
        )
    if check_boolean("entropy_conditioning", entropy_conditioning):
        raise ValueError(
            invalid(
                "entropy_conditioning",
                "False without conditioning",
                entropy_conditioning,
                'Pass `conditioning="multilinear"` (or "randomized") as well.',
            )
        )
    return DANN(name="dann", **kwargs)


def _check_no_reversal(*parts: object) -> None:
    for part in parts:
        if isinstance(part, keras.layers.Layer) and gradient_reversal_layers(
            part
        ):
            raise ValueError(
                "The parts of a `DANNModel` must not reverse gradients "
                "themselves: the model has its own `GradientReversal`, and two "
                f"of them cancel. Received one in {part.name!r}\n"
                "Remove it from that part."
            )
