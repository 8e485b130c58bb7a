"""CDAN: a domain classifier that also sees the predicted classes."""

import math
import warnings
from typing import Any

import keras
from keras import ops

from keras_grl.losses.entropy import entropy
from keras_grl.methods.dann import DANN
from keras_grl.methods.domain_classifier import loading
from keras_grl.methods.probabilities import check_last_layer
from keras_grl.methods.probabilities import check_probabilities
from keras_grl.methods.probabilities import class_probabilities
from keras_grl.methods.probabilities import number_of_classes
from keras_grl.methods.probabilities import takes_logits
from keras_grl.methods.rows import Rows
from keras_grl.types import AdversarialLossLike
from keras_grl.types import Config
from keras_grl.types import LossLike
from keras_grl.types import Outputs
from keras_grl.types import Predictions
from keras_grl.types import ScheduleLike
from keras_grl.types import Shape
from keras_grl.types import Shapes
from keras_grl.types import Tensor
from keras_grl.validation import check_boolean
from keras_grl.validation import check_choice

# The number of random products, and the most exact ones without a hint: those
# of the authors.
_RANDOM_PRODUCTS = 1024
_MANY_PRODUCTS = 4096


@keras.saving.register_keras_serializable(package="keras_grl")
class CDAN(DANN):
    """Conditional domain-adversarial training.

    The domain classifier sees the features f together with the predicted class
    probabilities p, so that it distinguishes the domains class by class:

        multilinear:  G_d(R(f ⊗ p)), all products of a feature and a probability
        randomized:   G_d(R((A f) ⊙ (B p) / √1024)), 1,024 random products

    A and B are fixed matrices from N(0, 1), non-trainable weights that are
    saved with the model. No gradient flows through p.

    The label predictor runs on all samples: `BatchNormalization` inside it sees
    target rows too. Its outputs must be probabilities, or logits of a compiled
    loss with `from_logits=True`, whose softmax is used. One sigmoid unit p
    stands for `(1 − p, p)`.

    `DANNModel(…, conditioning="multilinear")` is an `AdaptationModel` with this
    method.

    Args:
        domain_classifier: Keras model or layer, G_d: vectors of `features ·
            classes` products (1,024 if randomized) to logits, as for `DANN`.
        adaptation_factor: λ, as for `DANN`.
        total_steps: Integer, as for `DANN`.
        domain_label_smoothing: Float in [0, 1), as for `DANN`.
        adversarial_loss: None, "swapped" or a pair of losses, as for `DANN`.
        conditioning: "multilinear" (the default) or "randomized". Multilinear
            is exact at any size; a warning names "randomized" above 4,096
            products, where the authors switch to it.
        entropy_conditioning: Boolean. With True, a sample with a confident
            prediction has more weight in the domain loss, by the entropy H in
            nats: `1 + exp(−H(p))`, divided by its mean over the samples of the
            same domain in the batch. So a classifier at chance still has loss
            ln 2. No gradient flows through the weights. Under `tf.distribute`
            the mean is that of each replica.
        num_sources: Integer, as for `DANN`.
        **kwargs: Arguments of `keras.layers.Layer`: `name`, `dtype`.

    Call arguments:
        features: Tensor of any rank with a row for each sample of the joint
            batch; it is flattened.
        predictions: Tensor of shape `(batch, classes)` with the same rows.
        training: Boolean. With True, one training step is counted.

    Returns of a call:
        `{"domain": logits of all samples}`, and what `DANN` adds to it.

    Raises:
        ValueError: If an argument is invalid; when the model is built, if the
            label predictor has several outputs, or a size is unknown; in
            `compile` or `fit`, if its outputs are not class probabilities.

    Example:

    >>> method = CDAN(keras.layers.Dense(1), adaptation_factor=0.3)
    >>> outputs = method(np.zeros((4, 8)), np.full((4, 3), 1 / 3))
    >>> tuple(method.domain_classifier.kernel.shape)
    (24, 1)

    Reference:
        Long et al. (2018), "Conditional Adversarial Domain Adaptation",
        NeurIPS, equations 4 to 8. In the authors' code, gradients flow through
        the entropy weights; here they are constants.
    """

    uses_target_predictions = True

    def __init__(
        self,
        domain_classifier: keras.layers.Layer | None = None,
        adaptation_factor: ScheduleLike | None = None,
        total_steps: int | None = None,
        domain_label_smoothing: float = 0.0,
        adversarial_loss: AdversarialLossLike | None = None,
        conditioning: str = "multilinear",
        entropy_conditioning: bool = False,
        num_sources: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            domain_classifier,
            adaptation_factor,
            total_steps,
            domain_label_smoothing,
            adversarial_loss,
            num_sources,
            **kwargs,
        )
        self.conditioning = check_choice(
            "conditioning", conditioning, ("multilinear", "randomized")
        )
        self.entropy_conditioning = check_boolean(
            "entropy_conditioning", entropy_conditioning
        )
        self._hints = not loading()
        # Set by `compile`.
        self._from_logits = False

    def build(
        self,
        features_shape: Shape,
        predictions_shape: Shapes = None,
    ) -> None:
        """Creates the fixed matrices, if the products are random."""
        features = _flat_size(features_shape)
        classes = number_of_classes(predictions_shape)
        if self.conditioning == "randomized":
            self._random_features = self._random_matrix("features", features)
            self._random_classes = self._random_matrix("classes", classes)
        elif features * classes > _MANY_PRODUCTS and self._hints:
            warnings.warn(
                f"The domain classifier sees {features} features × {classes} "
                f"classes = {features * classes:,} products. Above "
                f"{_MANY_PRODUCTS:,}, "
                f'`conditioning="randomized"` needs only {_RANDOM_PRODUCTS:,}.',
                stacklevel=2,
            )

    def _random_matrix(self, name: str, size: int) -> keras.Variable:
        return self.add_weight(
            shape=(size, _RANDOM_PRODUCTS),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
            name=f"random_{name}",
        )

    # What the method needs of the model.

    def on_compile(self, model: keras.Model, loss: LossLike | None) -> None:
        check_last_layer(model.label_predictor, loss)
        self._from_logits = takes_logits(loss)

    def on_train_begin(self, model: keras.Model) -> None:
        super().on_train_begin(model)
        features = model.extract_features(model.classifier.input)
        check_probabilities(
            model.label_predictor, model.loss, features, model.classifier.output
        )

    # The inputs and the loss of the domain classifier.

    def classifier_inputs(
        self, features: Tensor, predictions: Predictions
    ) -> Tensor:
        """The products of features and class probabilities."""
        p = class_probabilities(predictions, self._from_logits)
        f = ops.reshape(features, (-1, _flat_size(features.shape)))
        if self.conditioning == "multilinear":
            products = ops.expand_dims(f, 2) * ops.expand_dims(
                ops.cast(p, f.dtype), 1
            )
            return ops.reshape(products, (-1, f.shape[1] * p.shape[1]))
        # In float32 or more: sums of that many products overflow in float16.
        dtype = keras.backend.result_type(f.dtype, "float32")
        a = ops.matmul(
            ops.cast(f, dtype), ops.cast(self._random_features, dtype)
        )
        b = ops.matmul(
            ops.cast(p, dtype), ops.cast(self._random_classes, dtype)
        )
        return ops.cast(a * b / math.sqrt(_RANDOM_PRODUCTS), f.dtype)

    def sample_weights(self, outputs: Outputs, rows: Rows) -> Tensor | None:
        """The entropy weights, of mean 1 within each domain."""
        if not self.entropy_conditioning:
            return None
        p = class_probabilities(outputs["predictions"], self._from_logits)
        weights = 1.0 + ops.exp(-entropy(p))
        domains = ops.cast(rows.domains(), "int32")
        # One column for each domain. There are two even if G_d has one unit.
        member = ops.one_hot(domains, max(outputs["domain"].shape[-1], 2))
        sizes = ops.sum(member, axis=0)
        means = ops.matmul(weights, member) / ops.maximum(sizes, 1.0)
        return weights / ops.matmul(member, means)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "conditioning": self.conditioning,
            "entropy_conditioning": self.entropy_conditioning,
        }


def _flat_size(shape: Shape) -> int:
    """The number of features of a sample."""
    sizes = [size for size in shape[1:] if size is not None]
    if len(sizes) < len(shape) - 1:
        raise ValueError(
            "Conditioning needs features of a known size. Expected: a feature "
            "extractor whose output has a fixed shape. Received: output of "
            f"shape {tuple(shape)}\n"
            "Fix the shape of the inputs, or end the feature extractor in "
            "`keras.layers.GlobalAveragePooling2D()`."
        )
    return math.prod(sizes)
