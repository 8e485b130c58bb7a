"""DANN: an adversarial domain classifier."""

from typing import Any

import keras
from keras import ops

from keras_grl import schedules
from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.methods import several_domains
from keras_grl.methods.adversarial_loss import AdversarialLoss
from keras_grl.methods.adversarial_loss import call_twice
from keras_grl.methods.adversarial_loss import mean_over_samples
from keras_grl.methods.adversarial_loss import without_gradient
from keras_grl.methods.domain_classifier import LogitsCheck
from keras_grl.methods.domain_classifier import default_domain_classifier
from keras_grl.methods.method import Method
from keras_grl.methods.method import mean_of_batches
from keras_grl.methods.rows import Rows
from keras_grl.types import AdversarialLossLike
from keras_grl.types import Config
from keras_grl.types import Outputs
from keras_grl.types import Predictions
from keras_grl.types import ScheduleLike
from keras_grl.types import Tensor
from keras_grl.validation import check_layer
from keras_grl.validation import check_number


@keras.saving.register_keras_serializable(package="keras_grl")
class DANN(Method):
    """Domain-adversarial training, by gradient reversal.

    A domain classifier learns to distinguish the domains. Its gradient is
    reversed before it reaches the feature extractor, which therefore learns
    features that do not distinguish them:

    `loss = mean(binary_crossentropy(domain, G_d(R(features))))`

    With several sources the classifier has one logit for each domain, the
    target's last, and the loss is the softmax cross-entropy.

    `DANNModel(feature_extractor, label_predictor, …)` is an `AdaptationModel`
    with this method.

    Args:
        domain_classifier: Keras model or layer, G_d: features to logits of
            shape `(batch, 1)` (positive means target), or `(batch, 2)`
            (source, target), without activation. With n sources, n > 1, of
            shape `(batch, n + 1)`. Defaults to the paper's dense layers of
            1024, 1024 and 1 (or n + 1) units.
        adaptation_factor: λ, a number or a schedule: see
            `keras_grl.layers.GradientReversal`. Defaults to the paper's
            `SigmoidRamp()`.
        total_steps: Integer, the number of training steps in which the
            training progress p goes from 0 to 1. With None it is set by `fit`.
        domain_label_smoothing: Float s in [0, 1). The domain classifier learns
            the labels `d * (1 - s) + s / 2`, as Keras's losses define it: 0.2
            gives 0.1 and 0.9. Logits then stay finite, even for separable
            domains. A classifier at chance still has loss ln 2; the smallest
            loss is the entropy of the smoothed labels, 0.325 at 0.2. With M > 2
            domains the labels are `(1 - s) + s / M` for the sample's domain and
            `s / M` for the others, and a classifier at chance has loss ln M.
        adversarial_loss: None (the default), "swapped" or a pair of functions
            `(domains, logits)`, the two losses of the paper's Appendix A:

            `θ_d ← θ_d − μ ∂L_d+/∂θ_d`
            `θ_f ← θ_f − μ (∂L_y/∂θ_f + λ ∂L_d−/∂θ_f)`

            Both are weighted by `domain_loss_weight`. "swapped" is the binomial
            cross-entropy, for the features with the labels `1 − d`, as in
            GANs. The functions get float32 tensors of shape `(batch, 1)`, the
            labels after smoothing and the logits (positive means target), and
            return one value per sample, or a scalar; register them to save the
            model. The value of the loss is that of L_d+. Only for one source.
        num_sources: Integer, the number of source domains. None, the default,
            is one source, or the number given by the logits of
            `domain_classifier`.
        **kwargs: Arguments of `keras.layers.Layer`: `name`, `dtype`.

    Call arguments:
        features: Tensor with a row for each sample of the joint batch.
        predictions: Not used.
        training: Boolean. With True, one training step is counted.

    Returns of a call:
        `{"domain": logits of all samples}`. With `adversarial_loss` also
        `"adversary"`, the same logits for L_d−: of constant weights, and with
        reversed gradients of the features.

    Raises:
        ValueError: If an argument is invalid, such as a domain classifier that
            ends in an activation.

    Example:

    >>> method = DANN(keras.layers.Dense(1), adaptation_factor=0.3)
    >>> tuple(method(np.zeros((4, 8)), None)["domain"].shape)
    (4, 1)

    Reference:
        Ganin & Lempitsky (2015), section 3, equations 4 to 9, and Appendix A.
    """

    def __init__(
        self,
        domain_classifier: keras.layers.Layer | None = None,
        adaptation_factor: ScheduleLike | None = None,
        total_steps: int | None = None,
        domain_label_smoothing: float = 0.0,
        adversarial_loss: AdversarialLossLike | None = None,
        num_sources: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._given_sources = num_sources
        self.adversarial_loss = (
            None
            if adversarial_loss is None
            else AdversarialLoss(adversarial_loss)
        )
        self.domain_label_smoothing = check_number(
            "domain_label_smoothing",
            domain_label_smoothing,
            minimum=0.0,
            below=1.0,
        )
        if domain_classifier is None:
            domain_classifier = default_domain_classifier(
                several_domains.units_of_domains(num_sources)
            )
        check_layer("domain_classifier", domain_classifier)
        self.logits_check = LogitsCheck(domain_classifier)
        if adaptation_factor is None:
            adaptation_factor = schedules.SigmoidRamp()
        self.gradient_reversal = GradientReversal(
            adaptation_factor, total_steps, name="gradient_reversal"
        )
        self.domain_classifier = domain_classifier
        self.domain_accuracy = mean_of_batches("domain_accuracy")

    @property
    def total_steps(self) -> int | None:
        """The user's `total_steps`; None if `fit` sets the horizon."""
        return self.gradient_reversal.given_total_steps

    def classifier_inputs(
        self, features: Tensor, predictions: Predictions
    ) -> Tensor:
        """What the domain classifier sees, before gradient reversal."""
        return features

    def sample_weights(self, outputs: Outputs, rows: Rows) -> Tensor | None:
        """The weights of the samples in the loss; None if they are equal."""
        return None

    def on_train_begin(self, model: keras.Model) -> None:
        if not self.logits_check.done:
            features = model.extract_features(model.classifier.input)
            predictions = model.label_predictor(features)
            self.logits_check.by_values(
                self.classifier_inputs(features, predictions)
            )

    def call(
        self, features: Tensor, predictions: Predictions, training: bool = False
    ) -> dict[str, Tensor]:
        inputs = self.classifier_inputs(features, predictions)
        reversed_ = self.gradient_reversal(inputs, training=training)
        outputs = {}
        if self.adversarial_loss is None:
            logits = self.domain_classifier(reversed_, training=training)
        else:
            logits, outputs["adversary"], losses = call_twice(
                self.domain_classifier,
                without_gradient(inputs),
                reversed_,
                training,
            )
            for loss in losses:
                self.add_loss(loss)
        several_domains.check_logits(logits, inputs.shape, self._given_sources)
        if self.adversarial_loss is not None:
            several_domains.check_two_domains("adversarial_loss", logits)
        return {"domain": logits, **outputs}

    def num_sources_of(self, outputs: Outputs) -> int:
        return several_domains.sources_of(outputs["domain"])

    def loss(self, outputs: Outputs, rows: Rows) -> Tensor:
        """Mean cross-entropy of the domain classifier over all samples."""
        domains, logits = rows.domains(), outputs["domain"]
        weights = self.sample_weights(outputs, rows)
        if logits.shape[-1] > 2:
            logits = ops.cast(logits, "float32")
            losses = several_domains.cross_entropy(
                logits, domains, self.domain_label_smoothing
            )
            loss = mean_over_samples(losses, weights)
            correct = several_domains.is_correct(logits, domains)
        else:
            loss = self._loss_of_two_domains(outputs, domains, weights)
            correct = ops.equal(_single_logit(logits) > 0, domains > 0.5)
        self.domain_accuracy.update_state(
            ops.mean(ops.cast(correct, "float32")), rows.total
        )
        return loss

    def _loss_of_two_domains(
        self, outputs: Outputs, domains: Tensor, weights: Tensor | None
    ) -> Tensor:
        smoothing = self.domain_label_smoothing
        labels = domains * (1.0 - smoothing) + 0.5 * smoothing
        logits = _single_logit(outputs["domain"])
        if self.adversarial_loss is not None:
            adversary = _single_logit(outputs["adversary"])
            return self.adversarial_loss(labels, logits, adversary, weights)
        return mean_over_samples(
            ops.binary_crossentropy(labels, logits, from_logits=True), weights
        )

    def get_config(self) -> Config:
        reversal = self.gradient_reversal.get_config()
        return {
            **super().get_config(),
            "domain_classifier": keras.saving.serialize_keras_object(
                self.domain_classifier
            ),
            "adaptation_factor": reversal["adaptation_factor"],
            "total_steps": reversal["total_steps"],
            "domain_label_smoothing": self.domain_label_smoothing,
            "adversarial_loss": self.adversarial_loss
            and self.adversarial_loss.get_config(),
            "num_sources": self._given_sources,
        }

    @classmethod
    def from_config(cls, config: Config) -> "DANN":
        names = ("domain_classifier", "adversarial_loss")
        objects = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in names
            if config.get(name) is not None
        }
        return cls(**{**config, **objects})


def _single_logit(logits: Tensor) -> Tensor:
    """One logit per sample, in float32: shape `(batch,)`."""
    logits = ops.cast(logits, "float32")
    if logits.shape[-1] == 2:
        # Softmax over two logits is the sigmoid of their difference.
        logits = logits[:, 1:] - logits[:, :1]
    return ops.squeeze(logits, axis=-1)
