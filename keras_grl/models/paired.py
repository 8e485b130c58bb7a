"""PairedModel: a Keras model trained on batches of two domains."""

import functools
from typing import Any

import keras
from keras import ops
from keras import tree

from keras_grl.callbacks.defaults import with_defaults
from keras_grl.layers.first_rows import FirstRows
from keras_grl.models import batch
from keras_grl.models import checks
from keras_grl.models import split
from keras_grl.models.class_weights import with_class_weights
from keras_grl.models.domain_classifier import from_file
from keras_grl.models.input_specs import input_specs
from keras_grl.models.input_specs import integer_dtypes
from keras_grl.models.running_statistics import SourceStatistics
from keras_grl.models.weights_kept import WeightsKept
from keras_grl.pairing import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.validation import check_choice
from keras_grl.validation import check_number
from keras_grl.validation import invalid

# One for all models: it has no state, and is no part of theirs to be shown.
# Not made in `call`, where `torch.compile` allows no new layer.
_FIRST_ROWS = FirstRows()


class PairedModel(WeightsKept):
    """What every method of domain adaptation shares, whatever its loss.

    A feature extractor sees both domains, a label predictor the labelled
    samples; `fit` takes paired batches, `predict` and `evaluate` plain data
    too. A method overrides

    - `domain_outputs`, for what it computes from the features of all samples;
    - `domain_loss`, which is added to the label loss.

    Its `__init__` sets its layers and ends with `build_if_shape_is_known()`:
    Keras takes no further layers afterwards.

    The arguments are those of `DANNModel`.
    """

    def __init__(
        self,
        feature_extractor: Any,
        label_predictor: Any,
        preprocessing: dict[str, Any] | None = None,
        batch_normalization: str = "joint",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_layer("feature_extractor", feature_extractor)
        check_layer("label_predictor", label_predictor)
        preprocessing = _check_preprocessing(preprocessing)
        self.feature_extractor = feature_extractor
        self.label_predictor = label_predictor
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
        self._label_loss_tracker = mean_of_batches("label_loss")
        self._domain_loss_weight = 1.0
        self._inputs_shape: Any = None
        self._source_shape: Any = None
        self._inputs_dtype: Any = None

    # What a method overrides.

    def domain_outputs(
        self, features: Any, training: bool = False
    ) -> dict[str, Any]:
        """Outputs beside the predictions.

        Args:
            features: Of all samples of the batch: source, then labelled
                target, then target.
            training: Boolean.
        """
        return {}

    def domain_loss(self, x: Any, y_pred: dict[str, Any]) -> Any:
        """The method's own part of the loss, weighted; updates its metrics.

        Args:
            x: The paired batch.
            y_pred: `domain_outputs`, and `"label"`: the predictions.
        """
        return 0.0

    # Names of the metrics that plain data do not have.
    domain_metrics: tuple[str, ...] = ("label_loss",)

    # Building.

    def build_if_shape_is_known(self) -> None:
        """For the end of a method's `__init__`."""
        if (self.source_preprocessing, self.target_preprocessing) != (
            None,
        ) * 2:
            # Their inputs may have another shape than the extractor's.
            return
        try:
            known_shape = self.feature_extractor.input_shape
        except (AttributeError, ValueError):
            return
        self.build(known_shape)

    def build(self, input_shape: Any) -> None:
        """Creates the weights of all parts.

        Args:
            input_shape: Shape of the plain or paired inputs, batch included.
        """
        # What one preprocessing layer of the two takes, the other need not.
        self._source_shape, self._inputs_shape = (
            tree.map_shape_structure(lambda shape: (None, *shape[1:]), each)
            for each in batch.of_each_domain(input_shape)
        )
        self._graph()
        if self.source_preprocessing is not None:
            self.source_preprocessing(
                input_specs(self._source_shape, self._inputs_dtype)
            )
        statistics = self._source_statistics
        if statistics is not None and not statistics.built:
            statistics.adopt(self.feature_extractor)

    def _graph(self) -> tuple[Any, dict[str, Any]]:
        """The symbolic inputs and outputs."""
        if self.target_preprocessing is None:
            inputs = self._inputs_like(self.feature_extractor)
            features = self.feature_extractor(inputs)
        else:
            inputs = input_specs(self._inputs_shape, self._inputs_dtype)
            features = self.feature_extractor(self.target_preprocessing(inputs))
        if not isinstance(features, keras.KerasTensor):
            raise ValueError(
                "The feature extractor must return one tensor. Received: "
                f"{tree.map_structure(lambda t: t.shape, features)}"
            )
        label = self.label_predictor(features)
        return inputs, {"label": label, **self.domain_outputs(features)}

    def _inputs_like(self, feature_extractor: Any) -> Any:
        """`keras.Input`s like those of the extractor, if it has any."""
        specs = input_specs(self._inputs_shape, self._inputs_dtype)
        try:
            like = split.inputs_of(feature_extractor)
        except (AttributeError, ValueError):
            return specs
        if isinstance(specs, dict) and not hasattr(feature_extractor, "inputs"):
            # Of what is not Functional, `input` is a list of those of its last
            # call, without their names.
            return specs
        return tree.map_structure(
            lambda t: keras.Input(
                shape=t.shape[1:], dtype=t.dtype, name=t.name
            ),
            like,
        )

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.built:
            # Keras tells `build` the shapes alone.
            _, one = batch.of_each_domain(inputs)
            self._inputs_dtype = integer_dtypes(one)
        return super().__call__(inputs, *args, **kwargs)

    def get_build_config(self) -> dict[str, Any]:
        shape = self._inputs_shape
        if self._source_shape != shape:
            shape = {SOURCE: self._source_shape, TARGET: shape}
        config = {"input_shape": shape}
        if self._inputs_dtype is not None:
            config["input_dtype"] = self._inputs_dtype
        return config

    def build_from_config(self, config: dict[str, Any]) -> None:
        if config.get("input_shape") is not None:
            self._inputs_dtype = config.get("input_dtype")
            self.build(_as_shapes(config["input_shape"]))

    # The parts, as models of their own.

    @functools.cached_property
    def classifier(self) -> keras.Model:
        """G_y(G_f(x)) as a plain model that shares the weights."""
        self._require_built("classifier")
        inputs, outputs = self._graph()
        return keras.Model(
            inputs, outputs["label"], name=f"{self.name}_classifier"
        )

    @functools.cached_property
    def network(self) -> keras.Model:
        """The whole network as a functional model, to be plotted.

        Inputs to `{"label": predictions, "domain": logits}`, figure 1 of the
        paper: `keras.utils.plot_model(model.network, show_shapes=True)`.
        """
        self._require_built("network")
        inputs, outputs = self._graph()
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

    # Forward pass and losses.

    def call(self, inputs: Any, training: bool = False) -> Any:
        # `training` is handed on by name: on JAX, Keras calls this method
        # without the context from which layers would otherwise learn it.
        if not batch.is_paired(inputs):
            features = self.extract_features(inputs, training=training)
            return self.label_predictor(features, training=training)
        batch.check_streams(inputs)
        # Labelled samples first, so that the label predictor's share is a
        # slice.
        labelled = [
            tree.flatten(inputs[name])[0] for name in batch.labelled(inputs)
        ]
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
        rows = _FIRST_ROWS([features, *labelled])
        return {
            "label": self.label_predictor(rows, training=training),
            **self.domain_outputs(features, training=training),
        }

    def extract_features(
        self, inputs: Any, training: bool = False, at: str | None = None
    ) -> Any:
        """The features of one domain, or what another layer makes of it.

        Args:
            inputs: A batch of the target, or `{"source": inputs}`: by whose
                preprocessing and running statistics, if they are apart.
            training: Boolean.
            at: Name of a layer of the feature extractor or the label
                predictor, whose outputs are wanted instead, for example to
                draw them. That part must be a built Functional or Sequential
                model. By default the output of the feature extractor.

        Returns:
            Tensor of shape `(batch, ...)`.

        Raises:
            ValueError: If there is no such layer, or it is called more than
                once.

        Example:

        >>> model = keras_grl.architectures.LeNet()
        >>> images = np.zeros((2, 28, 28, 3), "uint8")
        >>> tuple(model.extract_features(images).shape)
        (2, 768)
        >>> tuple(model.extract_features({"source": images}, at="fc2").shape)
        (2, 100)

        Reference:
            Ganin & Lempitsky (2015), figure 3 shows such features.
        """
        domain, inputs = batch.one_domain(inputs)
        inputs = self._preprocess(domain, inputs, training)
        extractor, predictor = self.feature_extractor, self.label_predictor
        if at is None:
            return self._extract(domain, inputs, training)
        before = split.layer_names(extractor)
        behind = split.layer_names(predictor)
        if at in before:
            part = split.up_to(extractor, at)
            return self._extract(domain, inputs, training, part)
        if at not in behind:
            raise ValueError(
                invalid(
                    "at",
                    "the name of a layer of the feature extractor or the label "
                    "predictor, such as "
                    + split.suggested(at, before + behind),
                    at,
                )
            )
        features = self._extract(domain, inputs, training)
        return split.up_to(predictor, at)(features, training=training)

    def _preprocess(self, domain: str, inputs: Any, training: bool) -> Any:
        layer = (
            self.source_preprocessing
            if domain == SOURCE
            else self.target_preprocessing
        )
        return inputs if layer is None else layer(inputs, training=training)

    def _extract(
        self, domain: str, inputs: Any, training: bool, part: Any = None
    ) -> Any:
        """The features of one domain, by its own running statistics."""
        extractor = self.feature_extractor if part is None else part
        if domain == SOURCE and self._source_statistics is not None:
            with self._source_statistics.in_place(self.feature_extractor):
                return extractor(inputs, training=training)
        return extractor(inputs, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        if not batch.is_paired(x):
            checks.check_labels_of_batch(self, x, y)
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
        labelled = sum(batch.batch_size(x[name]) for name in batch.labelled(x))
        self._label_loss_tracker.update_state(label_loss, labelled)
        # Not `+`: with another `floatx` than float32 they differ in dtype,
        # which TensorFlow takes in `ops.add` alone.
        return ops.add(loss, self.domain_loss(x, y_pred))

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        if not batch.is_paired(x):
            checks.check_labels_of_batch(self, x, y)
            logs = super().compute_metrics(x, y, y_pred, sample_weight)
            return {
                k: v for k, v in logs.items() if k not in self.domain_metrics
            }
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
                the sum. Unlike a `DANNModel`'s adaptation factor it also scales
                what the domain classifier learns from.
            **kwargs: Further arguments of `keras.Model.compile`.
        """
        self._domain_loss_weight = check_number(
            "domain_loss_weight", domain_loss_weight, minimum=0.0
        )
        checks.check_loss(self, loss)
        super().compile(optimizer, loss, *args, **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        config = super().get_compile_config()
        if config:
            config["domain_loss_weight"] = self._domain_loss_weight
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        with from_file():
            self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def train_step(self, *args: Any) -> Any:
        # JAX's trainer passes (state, data), the others (data,).
        *state, data = args
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not batch.is_paired(x):
            raise ValueError(batch.not_paired(self, "Training", x))
        checks.check_compiled(self)
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
        before = checks.BeforeTraining(self, x, y, kwargs)
        batches, kwargs = with_class_weights(x, kwargs)
        return super().fit(
            batches,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=[before, *with_defaults(callbacks, self, x)],
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
        checks.check_evaluation_data(self, x, y, kwargs)
        return super().evaluate(
            x, y, batch_size, verbose, sample_weight, steps, **kwargs
        )

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """Predictions for plain data. Arguments of `keras.Model.predict`."""
        checks.check_prediction_data(*args, **kwargs)
        return super().predict(*args, **kwargs)

    # Saving.

    def export(
        self, filepath: Any, format: str = "tf_saved_model", **kwargs: Any
    ) -> None:
        """Exports the label path, to predict without Keras.

        What is exported is `classifier`: neither the domain classifier nor
        the gradient reversal. Arguments of `keras.Model.export`.

        Args:
            filepath: Where to.
            format: "tf_saved_model", "onnx", "openvino", "litert" or "torch".
                Which of them a backend has, and what they need installed,
                says docs/export.md.
            **kwargs: Further arguments of `keras.Model.export`.

        Raises:
            ValueError: If the model has not been built, or the file would be
                invalid.

        Example:

        >>> model = keras_grl.architectures.LeNet()
        >>> model.export("digits", format="tf_saved_model")  # doctest: +SKIP
        """
        self._require_built("export")
        if (
            format == "onnx"
            and keras.backend.backend() == "tensorflow"
            and _grouped(self.classifier)
        ):
            raise ValueError(
                "On TensorFlow a network with grouped convolutions cannot be "
                "exported as ONNX: tf2onnx writes a file that cannot be read. "
                f"Received: format={format!r}\n"
                'Save it with `model.save("model.keras")`, and export that '
                "with KERAS_BACKEND=torch; or export another format."
            )
        sizes = [size for t in self.classifier.inputs for size in t.shape[1:]]
        if None not in sizes:
            # Some formats are traced from the shapes of the last call.
            self.classifier(
                tree.map_structure(
                    lambda t: ops.zeros((1, *t.shape[1:]), t.dtype),
                    self.classifier.input,
                )
            )
        self.classifier.export(filepath, format=format, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "feature_extractor": serialize(self.feature_extractor),
            "label_predictor": serialize(self.label_predictor),
            "preprocessing": {
                SOURCE: serialize(self.source_preprocessing),
                TARGET: serialize(self.target_preprocessing),
            },
            "batch_normalization": self.batch_normalization,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> Any:
        with from_file():
            return cls(
                **{
                    name: keras.saving.deserialize_keras_object(
                        value, custom_objects=custom_objects
                    )
                    for name, value in config.items()
                }
            )


def mean_of_batches(name: str) -> keras.metrics.Mean:
    """A mean in float32 at least: `floatx` may have too few digits for it."""
    dtype = keras.backend.result_type("float32", keras.config.floatx())
    return keras.metrics.Mean(name=name, dtype=dtype)


def serialize(layer: Any) -> Any:
    return keras.saving.serialize_keras_object(layer)


def check_layer(name: str, layer: Any) -> None:
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
        check_layer(f"preprocessing[{name!r}]", layer)
    return layers


def _as_shapes(shapes: Any) -> Any:
    """Shapes read from JSON, where tuples have become lists."""
    if isinstance(shapes, dict):
        return {name: _as_shapes(shape) for name, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return tuple(shapes)
    return [_as_shapes(shape) for shape in shapes]


def _grouped(layer: Any) -> bool:
    """Whether there is a grouped convolution in a layer or model."""
    inner = getattr(layer, "layers", [])
    return getattr(layer, "groups", 1) > 1 or any(map(_grouped, inner))
