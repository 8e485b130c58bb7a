"""AdaptationModel: a Keras model trained on two domains by any method."""

from typing import Any
from typing import Self

import keras
from keras import ops
from keras import tree

from keras_grl.backend import num_replicas
from keras_grl.methods import rows
from keras_grl.methods.domain_classifier import from_file
from keras_grl.methods.method import Method
from keras_grl.methods.method import mean_of_batches
from keras_grl.methods.no_alignment import NoAlignment
from keras_grl.methods.rows import Rows
from keras_grl.models import batch
from keras_grl.models import checks
from keras_grl.models import progress
from keras_grl.models.fitting import COLUMNS
from keras_grl.models.forward import Forward
from keras_grl.models.log_names import LOGGED_BY_CALLBACKS
from keras_grl.models.log_names import refuse_names
from keras_grl.models.one_output import check_loss
from keras_grl.models.one_output import check_metrics
from keras_grl.models.saving import mark_shared_layers
from keras_grl.models.target_term import TargetTerm
from keras_grl.types import Config
from keras_grl.types import CustomObjects
from keras_grl.types import Inputs
from keras_grl.types import Labels
from keras_grl.types import LossLike
from keras_grl.types import OptimizerLike
from keras_grl.types import PairedInputs
from keras_grl.types import Predictions
from keras_grl.types import Preprocessing
from keras_grl.types import SampleWeight
from keras_grl.types import ScheduleLike
from keras_grl.types import TargetLossLike
from keras_grl.types import Tensor
from keras_grl.validation import check_number


@keras.saving.register_keras_serializable(package="keras_grl")
class AdaptationModel(Forward):
    """Trains a classifier or regressor on one domain to work on another.

    The feature extractor sees both domains, the label predictor the labeled
    samples; the method adds a loss that aligns the domains:

    `loss = label_loss + domain_loss_weight * domain_loss`

    With `compile(…, target_loss=…)` a loss of the predictions for the unlabeled
    target samples is added, times `target_loss_weight`.

    `fit` and `evaluate` take the paired batches of `keras_grl.pair`. `predict`,
    `evaluate` and a call also take plain data, which passes only through the
    feature extractor and the label predictor.

    `keras_grl.DANNModel(…)` is this model with the method
    `keras_grl.methods.DANN(…)`.

    Args:
        feature_extractor: Keras model or layer, G_f: inputs to features,
            a tensor of any rank with the batch axis first.
        label_predictor: Keras model or layer, G_y: features to predictions.
        method: A `keras_grl.methods.Method`, such as `DANN()`. With None, the
            default, the domains are not aligned, and there is no domain loss:
            the model is "source only", or adapts by its `target_loss` alone.
        preprocessing: Dict `{"source": layer, "target": layer}`, the layers
            that the inputs of each domain pass before the feature extractor,
            such as `keras_grl.layers.MeanSubtraction`. With several sources
            the keys are "source_0", "source_1", …, "target". Defaults to none.
        batch_normalization: "joint", "separate" or "domain_specific": the
            statistics that the feature extractor's `BatchNormalization` layers
            use, see `DANNModel`.
        num_sources: Integer, the number of source domains. None, the default,
            is one source, or the number given by the preprocessing or the
            outputs of the method.
        **kwargs: Arguments of `keras.Model`: `name`, `dtype`.

    Call arguments:
        inputs: A batch of inputs, or a paired batch `{"source": …,
            "target": …}`, with or without `"labeled_target"`. Plain inputs
            belong to the target domain, unless they are `{"source": …}`. With
            several sources "source_0", "source_1", … replace "source".
        training: Boolean.

    Returns of a call:
        The predictions; for a paired batch a dict: `"label"`, the predictions
        for the labeled samples (source, then labeled target); `"features"` of
        all samples; `"predictions"`, those that the method uses; and the
        outputs of the method.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> model = AdaptationModel(
    ...     feature_extractor=keras.Sequential(
    ...         [keras.Input((2,)), keras.layers.Dense(8, activation="relu")]
    ...     ),
    ...     label_predictor=keras.layers.Dense(3, activation="softmax"),
    ...     method=keras_grl.methods.FeatureDiscrepancy("coral"),
    ... )
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> model.predict(np.zeros((4, 2)), verbose=0).shape
    (4, 3)

    Reference:
        Ganin & Lempitsky (2015), section 3 and equation 9.
    """

    def __init__(
        self,
        feature_extractor: keras.layers.Layer,
        label_predictor: keras.layers.Layer,
        method: Method | None = None,
        preprocessing: Preprocessing | None = None,
        batch_normalization: str = "joint",
        num_sources: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            feature_extractor,
            label_predictor,
            NoAlignment(name="no_alignment") if method is None else method,
            preprocessing,
            batch_normalization,
            num_sources,
            **kwargs,
        )
        self._label_loss_tracker = mean_of_batches("label_loss")
        self._domain_loss_tracker = mean_of_batches("domain_loss")
        self._domain_loss_weight = 1.0

    @property
    def total_steps(self) -> int | None:
        """The user's `total_steps`; None if `fit` sets the horizon."""
        return self.method.total_steps

    # Losses and metrics.

    def compute_loss(
        self,
        x: Inputs | PairedInputs | None = None,
        y: Labels = None,
        y_pred: Predictions = None,
        sample_weight: SampleWeight = None,
        training: bool = True,
    ) -> Tensor:
        if not batch.is_paired(x):
            checks.check_labels_of_batch(self, x, y)
            return super().compute_loss(
                x, y, y_pred, sample_weight, training=training
            )
        batch.check_labels(x, y, sample_weight)
        y, sample_weight = rows.joined_labels(x, y, sample_weight)
        loss = super().compute_loss(
            x, y, y_pred["label"], sample_weight, training=training
        )
        replicas = num_replicas()
        # Keras has added the regularization losses to the loss of the labels.
        label_loss = loss * replicas - sum(
            ops.sum(ops.cast(term, loss.dtype)) for term in self.losses
        )
        batch_rows = Rows.of(x)
        self._label_loss_tracker.update_state(label_loss, batch_rows.labeled)
        # If `floatx` is not float32 their dtypes differ: unlike `+`, `ops.add`
        # promotes them on every backend.
        if self._aligns:
            value = self.method.loss(y_pred, batch_rows)
            self._domain_loss_tracker.update_state(value, batch_rows.total)
            loss = ops.add(loss, self._domain_loss_weight * value / replicas)
        if self._target is not None:
            weight = y_pred.get("target_loss_weight", self._target.constant)
            value = self._target.loss_of(y_pred, batch_rows)
            loss = ops.add(loss, weight * value / replicas)
        return loss

    def compute_metrics(
        self,
        x: Inputs | PairedInputs,
        y: Labels,
        y_pred: Predictions,
        sample_weight: SampleWeight = None,
    ) -> dict[str, Tensor]:
        if not batch.is_paired(x):
            checks.check_labels_of_batch(self, x, y)
            logs = super().compute_metrics(x, y, y_pred, sample_weight)
            own = {metric.name for metric in self._own_metrics()}
            return {k: v for k, v in logs.items() if k not in own}
        batch.check_labels(x, y, sample_weight)
        # The user's metrics compare labels of all sources, also if there are
        # labeled target samples.
        source = Rows.of(x).source
        y_pred = tree.map_structure(lambda t: t[:source], y_pred["label"])
        y, sample_weight = rows.source_labels(x, y, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    @property
    def _aligns(self) -> bool:
        """Whether there is a domain loss."""
        return not isinstance(self.method, NoAlignment)

    def _own_metrics(self) -> list[keras.Metric]:
        """The metrics that only paired data have."""
        return [
            self._label_loss_tracker,
            *([self._domain_loss_tracker] if self._aligns else []),
            *self.method.metrics,
            *self._target_metrics(),
        ]

    def _target_metrics(self) -> list[keras.Metric]:
        return [] if self._target is None else [self._target.tracker]

    @property
    def metrics(self) -> list[keras.Metric]:
        """All metrics of the logs."""
        metrics = [
            metric
            for metric in super().metrics
            if self._aligns or metric is not self._domain_loss_tracker
        ]
        return metrics + self._target_metrics()

    def get_metrics_result(self) -> dict[str, Tensor]:
        """The values of all metrics by name, as in `keras.Model`.

        Raises:
            ValueError: If one of the user's metrics, or the loss of an output,
                has a name that the model's own logs use.
        """
        own = self._own_metrics()
        taken = {metric.name for metric in own} | LOGGED_BY_CALLBACKS
        results: dict[str, Tensor] = {}
        for metric in self.metrics:
            result = metric.result()
            if not isinstance(result, dict):
                result = {metric.name: result}
            if not any(metric is each for each in own):
                refuse_names(taken.intersection(result))
            results.update(result)
        return results

    # Training.

    def compile(
        self,
        optimizer: OptimizerLike = "rmsprop",
        loss: LossLike | None = None,
        *args: Any,
        domain_loss_weight: float = 1.0,
        target_loss: TargetLossLike | None = None,
        target_loss_weight: ScheduleLike = 1.0,
        **kwargs: Any,
    ) -> None:
        """Configures training. Takes all arguments of `keras.Model.compile`.

        Args:
            optimizer: An optimizer or its name.
            loss: The loss of the labels, L_y: a Keras loss, its name or a
                function.
            *args: Further positional arguments of `keras.Model.compile`.
            domain_loss_weight: Float, at least 0. Weight of the domain loss in
                the sum. Unlike a `DANNModel`'s adaptation factor it also scales
                the gradients of the domain classifier.
            target_loss: A function of the label predictor's predictions for
                the unlabeled target samples that returns a scalar, such as
                `keras_grl.losses.MinimumClassConfusion()`, or a dict with one
                for each output by name. The label predictor then runs on these
                samples too, in the same pass, and its `BatchNormalization`
                layers see them. Logged as `target_loss`, without its weight.
                If a batch is divided among devices by TensorFlow or torch, it
                is the mean over their parts.
            target_loss_weight: A number or a schedule of
                `keras_grl.schedules`: the weight of the target loss in the sum.
            **kwargs: Further arguments of `keras.Model.compile`.

        Raises:
            ValueError: If an argument is invalid.
        """
        self._domain_loss_weight = check_number(
            "domain_loss_weight", domain_loss_weight, minimum=0.0
        )
        check_loss(self, loss)
        names = ("loss_weights", "metrics", "weighted_metrics")
        given = dict(zip(names, args, strict=False)) | kwargs
        for name in names[1:]:
            check_metrics(self, name, given.get(name))
        self._target = (
            None
            if target_loss is None
            else TargetTerm(target_loss, target_loss_weight, loss)
        )
        self.method.on_compile(self, loss)
        super().compile(optimizer, loss, *args, **kwargs)
        progress.share_progress(self)

    # Saving.

    def get_compile_config(self) -> Config:
        config = super().get_compile_config()
        if config:
            config["domain_loss_weight"] = self._domain_loss_weight
            if self._target is not None:
                config |= self._target.get_config()
        return config

    def get_config(self) -> Config:
        mark_shared_layers(self)
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "feature_extractor": serialize(self.feature_extractor),
            "label_predictor": serialize(self.label_predictor),
            **self._method_config(),
            "preprocessing": {
                name: serialize(layer)
                for name, layer in self.preprocessing_layers().items()
            },
            "batch_normalization": self.batch_normalization,
            "num_sources": self._given_sources,
            **self._columns_config(),
        }

    def _method_config(self) -> Config:
        """The arguments that define the method."""
        if not self._aligns:
            return {"method": None}
        return {"method": keras.saving.serialize_keras_object(self.method)}

    @classmethod
    def from_config(
        cls, config: Config, custom_objects: CustomObjects | None = None
    ) -> Self:
        with from_file():
            model = cls(
                **{
                    name: keras.saving.deserialize_keras_object(
                        value, custom_objects=custom_objects
                    )
                    for name, value in config.items()
                    if name != COLUMNS
                }
            )
        model._restore_columns(config)
        return model
