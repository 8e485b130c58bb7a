"""DANNModel: domain-adversarial training as a Keras model."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops
from keras import tree

from keras_grl import schedules
from keras_grl.backend import kept_variables
from keras_grl.callbacks.defaults import with_defaults
from keras_grl.layers.first_rows import FirstRows
from keras_grl.layers.gradient_reversal import GradientReversal
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.models import batch
from keras_grl.models import split
from keras_grl.models.domain_classifier import check_domain_classifier
from keras_grl.models.domain_classifier import default_domain_classifier
from keras_grl.models.running_statistics import SourceStatistics
from keras_grl.pairing import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.validation import check_choice
from keras_grl.validation import check_number
from keras_grl.validation import invalid

_DOMAIN_METRICS = ("label_loss", "domain_loss", "domain_accuracy")


@keras.saving.register_keras_serializable(package="keras_grl")
class DANNModel(keras.Model):
    """Trains a classifier or regressor on one domain to work on another.

    Three networks are trained at once by ordinary backpropagation of

    `loss = label_loss + domain_loss_weight * domain_loss`

    The *label predictor* learns from the source labels; the *domain
    classifier* learns to tell target from source features; between the
    *feature extractor* and the domain classifier stands a gradient reversal
    layer, so that the extractor learns features that serve the label predictor
    and do not give the domain away. `label_loss` is the mean over the labelled
    samples, `domain_loss` the mean binary cross-entropy over all samples.

    `fit` and `evaluate` take the paired batches of `keras_grl.pair`. `predict`,
    `evaluate` and a plain call also take ordinary data, which goes through the
    feature extractor and the label predictor alone.

    Args:
        feature_extractor: Keras model or layer, G_f: inputs to features,
            a tensor of any rank with the samples first.
        label_predictor: Keras model or layer, G_y: features to predictions.
        domain_classifier: Keras model or layer, G_d: features to logits of
            shape `(batch, 1)` (a positive one means target), or `(batch, 2)`
            (source, target), without activation. Defaults to the paper's
            dense layers of 1024, 1024 and 1 units.
        adaptation_factor: λ, a number or a schedule: see
            `keras_grl.layers.GradientReversal`. Defaults to the paper's
            `SigmoidRamp()`.
        total_steps: Integer, the number of training steps in which the
            training progress p goes from 0 to 1, counted over all calls of
            `fit`. With None every `fit` is a run of its own: p starts at
            `initial_epoch / epochs` and ends at 1.
        preprocessing: Dict `{"source": layer, "target": layer}` of what the
            inputs of each domain pass through before the feature extractor,
            such as `keras_grl.layers.MeanSubtraction`. Defaults to nothing.
        batch_normalization: What the feature extractor's
            `BatchNormalization` layers normalise by:
            "joint" (the default): source and target pass through the feature
            extractor as one batch, whose mean and variance normalise both.
            "separate": in two passes, each normalised by its own batch in
            training; the running statistics average over both domains.
            "domain_specific": in two passes, and each domain has running
            statistics of its own. Those of the target serve plain inputs.
        **kwargs: Of `keras.Model`: `name`, `dtype`.

    Call arguments:
        inputs: A batch of inputs, or a paired batch `{"source": …,
            "target": …}`, with or without `"labeled_target"`. Plain inputs
            are taken for the target domain's; `{"source": …}` says otherwise.
        training: Boolean.

    Returns of a call:
        The predictions; for a paired batch `{"label": predictions of the
        labelled samples (source, then labelled target), "domain": logits of
        all samples}`.

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
        feature_extractor: Any,
        label_predictor: Any,
        domain_classifier: Any = None,
        adaptation_factor: Any = None,
        total_steps: int | None = None,
        preprocessing: dict[str, Any] | None = None,
        batch_normalization: str = "joint",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_layer("feature_extractor", feature_extractor)
        _check_layer("label_predictor", label_predictor)
        if domain_classifier is None:
            domain_classifier = default_domain_classifier()
        _check_layer("domain_classifier", domain_classifier)
        check_domain_classifier(domain_classifier)
        preprocessing = _check_preprocessing(preprocessing)
        parts = (feature_extractor, label_predictor, domain_classifier)
        for part in (*parts, *preprocessing.values()):
            if gradient_reversal_layers(part):
                raise ValueError(
                    "The parts of a `DANNModel` must not reverse gradients "
                    "themselves: it brings a `GradientReversal` of its own, "
                    "and two of them cancel. Received one in "
                    f"{part.name!r}\nRemove it from that part."
                )
        if adaptation_factor is None:
            adaptation_factor = schedules.SigmoidRamp()
        self.feature_extractor = feature_extractor
        self.label_predictor = label_predictor
        self.gradient_reversal = GradientReversal(
            adaptation_factor, total_steps, name="gradient_reversal"
        )
        self.domain_classifier = domain_classifier
        self.source_preprocessing = preprocessing.get(SOURCE)
        self.target_preprocessing = preprocessing.get(TARGET)
        self.batch_normalization = check_choice(
            "batch_normalization",
            batch_normalization,
            ("joint", "separate", "domain_specific"),
        )
        self._source_statistics = (
            SourceStatistics(name="source_statistics")
            if self.batch_normalization == "domain_specific"
            else None
        )
        self._label_loss_tracker = keras.metrics.Mean(name="label_loss")
        self._domain_loss_tracker = keras.metrics.Mean(name="domain_loss")
        self._domain_accuracy = keras.metrics.Mean(name="domain_accuracy")
        self._domain_loss_weight = 1.0
        self._inputs_shape: Any = None
        self._give_back_variables: Any = None
        known_shape = _known_input_shape(feature_extractor)
        if known_shape is not None:
            self.build(known_shape)

    @classmethod
    def from_classifier(
        cls,
        classifier: keras.Model,
        at: str | keras.layers.Layer,
        **kwargs: Any,
    ) -> "DANNModel":
        """Adapts a classifier that already exists, cut in two at a layer.

        Args:
            classifier: Functional or Sequential model. Its layers are shared,
                not copied: what is trained here is trained there.
            at: Name of the layer, or the layer, whose output the domain
                classifier is attached to. It is the feature extractor's last.
            **kwargs: The other arguments of `DANNModel`.

        Returns:
            A `DANNModel`.

        Raises:
            ValueError: If there is no such layer, or the network has paths
                that go around it.

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

    # Building.

    def build(self, input_shape: Any) -> None:
        """Creates the weights of all parts.

        Args:
            input_shape: Shape of the plain or paired inputs, batch included.
        """
        if batch.is_paired(input_shape):
            input_shape = input_shape[SOURCE]
        _, input_shape = batch.one_domain(input_shape)
        self._inputs_shape = tree.map_shape_structure(
            lambda shape: (None, *shape[1:]), input_shape
        )
        inputs, _, _ = self._graph()
        if self.source_preprocessing is not None:
            self.source_preprocessing(inputs)
        if self._source_statistics is not None:
            self._source_statistics.adopt(self.feature_extractor)

    def _graph(self) -> tuple[Any, Any, Any]:
        """The symbolic inputs, predictions and domain logits."""
        inputs = _symbolic_inputs(self.feature_extractor, self._inputs_shape)
        features = inputs
        if self.target_preprocessing is not None:
            features = self.target_preprocessing(features)
        features = self.feature_extractor(features)
        if not isinstance(features, keras.KerasTensor):
            raise ValueError(
                "The feature extractor must return one tensor. Received: "
                f"{tree.map_structure(lambda t: t.shape, features)}"
            )
        label = self.label_predictor(features)
        domain = self.domain_classifier(self.gradient_reversal(features))
        if len(domain.shape) != 2 or domain.shape[-1] not in (1, 2):
            raise ValueError(
                "The domain classifier must return logits of shape (batch, 1) "
                f"or (batch, 2). Received: output of shape {domain.shape} for "
                f"features of shape {features.shape}\n"
                "End it with `keras.layers.Dense(1)`, after a "
                "`keras.layers.Flatten()` if the features are maps."
            )
        return inputs, label, domain

    def get_build_config(self) -> dict[str, Any]:
        return {"input_shape": self._inputs_shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        if config.get("input_shape") is not None:
            self.build(_as_shapes(config["input_shape"]))

    # The parts, as models of their own.

    @functools.cached_property
    def classifier(self) -> keras.Model:
        """G_y(G_f(x)) as a plain model that shares the weights."""
        self._require_built("classifier")
        inputs, label, _ = self._graph()
        return keras.Model(inputs, label, name=f"{self.name}_classifier")

    @functools.cached_property
    def network(self) -> keras.Model:
        """The whole network as a functional model, to be plotted.

        Inputs to `{"label": predictions, "domain": logits}`, figure 1 of the
        paper: `keras.utils.plot_model(model.network, show_shapes=True)`.
        """
        self._require_built("network")
        inputs, label, domain = self._graph()
        outputs = {"label": label, "domain": domain}
        return keras.Model(inputs, outputs, name=f"{self.name}_network")

    def __dir__(self) -> list[str]:
        # Keras saves every model that `dir` shows. These two have no weights
        # of their own.
        hidden = ("classifier", "network")
        return [name for name in super().__dir__() if name not in hidden]

    def _require_built(self, name: str) -> None:
        if not self.built:
            raise ValueError(
                f"`{name}` needs the shape of the inputs, which is not known "
                "yet. Call the model on a batch, or `model.build(input_shape)` "
                "first."
            )

    @property
    def adaptation_factor(self) -> float:
        """Float: λ of the next training step."""
        return self.gradient_reversal.adaptation_factor

    # Forward pass and losses.

    def call(self, inputs: Any, training: bool = False) -> Any:
        # `training` is handed on by name: on JAX, Keras calls this method
        # without the context from which layers would otherwise learn it.
        if not batch.is_paired(inputs):
            domain, inputs = batch.one_domain(inputs)
            inputs = self._preprocess(domain, inputs, training)
            features = self._extract(domain, inputs, training)
            return self.label_predictor(features, training=training)
        batch.check_streams(inputs)
        # Labelled samples first, so that the label predictor's share is a
        # slice.
        labelled = sum(
            batch.batch_size(inputs[name]) for name in batch.labelled(inputs)
        )
        source, target = batch.source_and_target(inputs)
        source = self._preprocess(SOURCE, source, training)
        target = self._preprocess(TARGET, target, training)
        if self.batch_normalization == "joint":
            joint = batch.concatenate([source, target])
            features = self.feature_extractor(joint, training=training)
        else:
            features = batch.concatenate(
                [
                    self._extract(SOURCE, source, training),
                    self._extract(TARGET, target, training),
                ]
            )
        rows = FirstRows(labelled, dtype=self.dtype_policy)(features)
        label = self.label_predictor(rows, training=training)
        features = self.gradient_reversal(features, training=training)
        domain = self.domain_classifier(features, training=training)
        return {"label": label, "domain": domain}

    def _preprocess(self, domain: str, inputs: Any, training: bool) -> Any:
        layer = (
            self.source_preprocessing
            if domain == SOURCE
            else self.target_preprocessing
        )
        return inputs if layer is None else layer(inputs, training=training)

    def _extract(self, domain: str, inputs: Any, training: bool) -> Any:
        """The features of one domain, by its own running statistics."""
        if domain == SOURCE and self._source_statistics is not None:
            with self._source_statistics.in_place(self.feature_extractor):
                return self.feature_extractor(inputs, training=training)
        return self.feature_extractor(inputs, training=training)

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        *args: Any,
        domain_loss_weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        """Configures training. All arguments of `keras.Model.compile`, and

        Args:
            optimizer: An optimizer or its name.
            loss: The task's loss, L_y: a Keras loss, its name or a function.
            *args: Further positional arguments of `keras.Model.compile`.
            domain_loss_weight: Float, at least 0. Weight of the domain loss in
                the sum. Unlike the adaptation factor it also scales what the
                domain classifier learns from.
            **kwargs: Further arguments of `keras.Model.compile`.
        """
        self._domain_loss_weight = check_number(
            "domain_loss_weight", domain_loss_weight, minimum=0.0
        )
        super().compile(optimizer, loss, *args, **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        config = super().get_compile_config()
        if config:
            config["domain_loss_weight"] = self._domain_loss_weight
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        if not batch.is_paired(x):
            return super().compute_loss(
                x, y, y_pred, sample_weight, training=training
            )
        batch.check_labels(x, y)
        y, sample_weight = batch.join_labels(x, y, sample_weight)
        loss = super().compute_loss(
            x, y, y_pred["label"], sample_weight, training=training
        )
        # Keras adds the regularisation to the task's loss.
        label_loss = loss - sum(
            ops.sum(ops.cast(term, loss.dtype)) for term in self.losses
        )
        domain_loss, domain_accuracy = self._domain_loss(x, y_pred["domain"])
        labelled = sum(batch.batch_size(x[name]) for name in batch.labelled(x))
        everything = sum(batch.batch_size(part) for part in x.values())
        self._label_loss_tracker.update_state(label_loss, labelled)
        self._domain_loss_tracker.update_state(domain_loss, everything)
        self._domain_accuracy.update_state(domain_accuracy, everything)
        return loss + self._domain_loss_weight * domain_loss

    def _domain_loss(self, x: Any, logits: Any) -> tuple[Any, Any]:
        """Mean cross-entropy and accuracy of the domain classifier."""
        logits = ops.cast(logits, "float32")
        source = batch.batch_size(x[SOURCE])
        target = sum(batch.batch_size(x[name]) for name in x if name != SOURCE)
        domains = ops.concatenate([ops.zeros((source,)), ops.ones((target,))])
        if logits.shape[-1] == 2:
            # Softmax over two logits is the sigmoid of their difference.
            logits = logits[:, 1:] - logits[:, :1]
        logits = ops.squeeze(logits, axis=-1)
        loss = ops.binary_crossentropy(domains, logits, from_logits=True)
        correct = ops.equal(logits > 0, domains > 0.5)
        return ops.mean(loss), ops.mean(ops.cast(correct, "float32"))

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        if not batch.is_paired(x):
            logs = super().compute_metrics(x, y, y_pred, sample_weight)
            return {k: v for k, v in logs.items() if k not in _DOMAIN_METRICS}
        batch.check_labels(x, y)
        # The user's metrics are of source labels, also when labelled target
        # samples are trained on.
        source = batch.batch_size(x[SOURCE])
        y_pred = tree.map_structure(lambda t: t[:source], y_pred["label"])
        if LABELED_TARGET in x:
            y = y[SOURCE]
            if sample_weight is not None:
                sample_weight = sample_weight[SOURCE]
        return super().compute_metrics(x, y, y_pred, sample_weight)

    # Training.

    def train_step(self, *args: Any) -> Any:
        # JAX's trainer passes (state, data), the others (data,).
        *state, data = args
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not batch.is_paired(x):
            raise ValueError(batch.not_paired("Training", x))
        return super().train_step(*state, data)

    def predict_step(self, *args: Any) -> Any:
        *state, data = args
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if batch.is_paired(x):
            raise ValueError(
                "`predict` takes plain inputs. Received: paired batches of "
                f"{sorted(x)}\nPass one domain: `model.predict(x_target)`."
            )
        return super().predict_step(*state, data)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        *,
        steps_per_epoch: int | None = None,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Trains on paired batches. All arguments of `keras.Model.fit`.

        The schedules of the adaptation factor and of the learning rate that
        have no `total_steps` of their own take it from here.

        Args:
            x: What `keras_grl.pair` returns, or any dataset that yields such
                batches.
            y: Not used with datasets.
            batch_size: Not used with datasets: `pair` has it.
            epochs: Integer.
            verbose: "auto", 0, 1 or 2.
            callbacks: Keras callbacks.
            steps_per_epoch: Integer, makes an epoch of a paired dataset that
                long: streams that end earlier start again.
            shuffle: Not used with paired datasets, which are shuffled as
                `pair` was told.
            **kwargs: Further arguments of `keras.Model.fit`.

        Returns:
            A `keras.callbacks.History`, with `adaptation_factor` and
            `learning_rate` (of the last step of each epoch) among the logs.
        """
        if isinstance(x, PairedDataset):
            shuffle = False
            if batch_size is not None:
                raise ValueError(
                    "The paired dataset has its batch size already. Expected: "
                    f"batch_size=None. Received: batch_size={batch_size!r}\n"
                    "Say it to pair: `keras_grl.pair(source, target, "
                    f"batch_size={batch_size!r})`."
                )
            if steps_per_epoch is not None:
                x = x.with_steps(steps_per_epoch)
                steps_per_epoch = None
            batch.check_finite("steps_per_epoch", x, None)
        batch.check_finite(
            "validation_steps",
            kwargs.get("validation_data"),
            kwargs.get("validation_steps"),
        )
        if not isinstance(x, PairedDataset) and (
            y is not None and not batch.is_paired(x)
        ):
            # Arrays. What a dataset yields is seen in `train_step`.
            raise ValueError(batch.not_paired("`fit`", x))
        with self._variables_given_back_on_failure():
            return super().fit(
                x,
                y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=with_defaults(
                    callbacks, self.gradient_reversal.given_total_steps, x
                ),
                steps_per_epoch=steps_per_epoch,
                shuffle=shuffle,
                **kwargs,
            )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Evaluates plain data or pairs. Arguments of `keras.Model.evaluate`.

        Plain data give the loss and the metrics, pairs the domain figures too.
        With `return_dict=True` the figures have their names.
        """
        batch.check_finite("steps", x, steps)
        with self._variables_given_back_on_failure():
            return super().evaluate(
                x, y, batch_size, verbose, sample_weight, steps, **kwargs
            )

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        with self._variables_given_back_on_failure():
            return super().predict(*args, **kwargs)

    @contextlib.contextmanager
    def _variables_given_back_on_failure(self) -> Iterator[None]:
        # `evaluate` is called within `fit`, for validation.
        outer = self._give_back_variables
        self._give_back_variables = None
        try:
            yield
        except BaseException:
            if self._give_back_variables is not None:
                self._give_back_variables()
            raise
        finally:
            self._give_back_variables = outer

    # Keras calls these when all variables exist, before the first step.

    def make_train_function(self, force: bool = False) -> Any:
        self._give_back_variables = kept_variables(self)
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        self._give_back_variables = kept_variables(self)
        return super().make_test_function(force)

    def make_predict_function(self, force: bool = False) -> Any:
        self._give_back_variables = kept_variables(self)
        return super().make_predict_function(force)

    # Saving.

    def export(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Exports the label path, to predict without Keras.

        What is exported is `classifier`: neither the domain classifier nor
        the gradient reversal. Arguments of `keras.Model.export`.

        Args:
            filepath: Where to.
            *args: `format`: "tf_saved_model" (the default), "onnx",
                "openvino", "litert" or "torch". Which of them a backend has,
                and what they need installed, says docs/export.md.
            **kwargs: Further arguments of `keras.Model.export`.

        Raises:
            ValueError: If the model has not been built.

        Example:

        >>> model = keras_grl.architectures.LeNet()
        >>> model.export("digits", format="tf_saved_model")  # doctest: +SKIP
        """
        self._require_built("export")
        sizes = [size for t in self.classifier.inputs for size in t.shape[1:]]
        if None not in sizes:
            # Some formats are traced from the shapes of the last call.
            self.classifier(
                tree.map_structure(
                    lambda t: ops.zeros((1, *t.shape[1:]), t.dtype),
                    self.classifier.input,
                )
            )
        self.classifier.export(filepath, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        reversal = self.gradient_reversal.get_config()
        return {
            **super().get_config(),
            "feature_extractor": _serialize(self.feature_extractor),
            "label_predictor": _serialize(self.label_predictor),
            "domain_classifier": _serialize(self.domain_classifier),
            "preprocessing": {
                SOURCE: _serialize(self.source_preprocessing),
                TARGET: _serialize(self.target_preprocessing),
            },
            "batch_normalization": self.batch_normalization,
            "adaptation_factor": reversal["adaptation_factor"],
            "total_steps": reversal["total_steps"],
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> "DANNModel":
        config = dict(config)
        for part in (
            "feature_extractor",
            "label_predictor",
            "domain_classifier",
            "preprocessing",
        ):
            config[part] = keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
        return cls(**config)


def _serialize(layer: Any) -> Any:
    return keras.saving.serialize_keras_object(layer)


def _check_layer(name: str, layer: Any) -> None:
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(invalid(name, "a Keras model or layer", layer))


def _check_preprocessing(preprocessing: Any) -> dict[str, Any]:
    if preprocessing is None:
        return {}
    if not isinstance(preprocessing, dict) or set(preprocessing) != {
        SOURCE,
        TARGET,
    }:
        raise ValueError(
            invalid(
                "preprocessing",
                f'a dict with a layer for "{SOURCE}" and for "{TARGET}"',
                preprocessing,
                "What is the same for both belongs into the feature extractor.",
            )
        )
    layers = {n: part for n, part in preprocessing.items() if part is not None}
    for name, layer in layers.items():
        _check_layer(f"preprocessing[{name!r}]", layer)
    return layers


def _as_shapes(shapes: Any) -> Any:
    """Shapes read from JSON, where tuples have become lists."""
    if isinstance(shapes, dict):
        return {name: _as_shapes(shape) for name, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return tuple(shapes)
    return [_as_shapes(shape) for shape in shapes]


def _known_input_shape(feature_extractor: Any) -> Any:
    """The input shape of an extractor that has one already."""
    try:
        return feature_extractor.input_shape
    except (AttributeError, ValueError):
        return None


def _symbolic_inputs(feature_extractor: Any, shapes: Any) -> Any:
    """`keras.Input`s like those of the extractor, or of the given shapes."""
    try:
        like = split.inputs_of(feature_extractor)
    except (AttributeError, ValueError):
        return tree.map_shape_structure(
            lambda shape: keras.Input(shape=shape[1:]), shapes
        )
    return tree.map_structure(
        lambda t: keras.Input(shape=t.shape[1:], dtype=t.dtype, name=t.name),
        like,
    )
