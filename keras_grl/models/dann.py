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
from keras_grl.models import split
from keras_grl.models.domain_classifier import check_domain_classifier
from keras_grl.models.domain_classifier import default_domain_classifier
from keras_grl.pairing import PairedDataset
from keras_grl.streams import LABELED_TARGET
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
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
        **kwargs: Of `keras.Model`: `name`, `dtype`.

    Call arguments:
        inputs: A batch of inputs, or a paired batch `{"source": …,
            "target": …}`, with or without `"labeled_target"`.
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
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        _check_layer("feature_extractor", feature_extractor)
        _check_layer("label_predictor", label_predictor)
        if domain_classifier is None:
            domain_classifier = default_domain_classifier()
        _check_layer("domain_classifier", domain_classifier)
        check_domain_classifier(domain_classifier)
        for part in (feature_extractor, label_predictor, domain_classifier):
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
        if _is_paired(input_shape):
            input_shape = input_shape[SOURCE]
        self._inputs_shape = tree.map_shape_structure(
            lambda shape: (None, *shape[1:]), input_shape
        )
        self._graph()

    def _graph(self) -> tuple[Any, Any, Any]:
        """The symbolic inputs, predictions and domain logits."""
        inputs = _symbolic_inputs(self.feature_extractor, self._inputs_shape)
        features = self.feature_extractor(inputs)
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
        if not _is_paired(inputs):
            features = self.feature_extractor(inputs, training=training)
            return self.label_predictor(features, training=training)
        _check_streams(inputs)
        # One pass of the feature extractor: labelled samples first, so that
        # the label predictor's share is a slice.
        streams = [inputs[name] for name in (*_labelled(inputs), TARGET)]
        joint = tree.map_structure(
            lambda *parts: ops.concatenate(parts, axis=0), *streams
        )
        labelled = sum(_batch_size(inputs[n]) for n in _labelled(inputs))
        # `training` is handed on by name: on JAX, Keras calls this method
        # without the context from which layers would otherwise learn it.
        features = self.feature_extractor(joint, training=training)
        rows = FirstRows(labelled, dtype=self.dtype_policy)(features)
        label = self.label_predictor(rows, training=training)
        features = self.gradient_reversal(features, training=training)
        domain = self.domain_classifier(features, training=training)
        return {"label": label, "domain": domain}

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
        if not _is_paired(x):
            return super().compute_loss(
                x, y, y_pred, sample_weight, training=training
            )
        _check_labels(x, y)
        y, sample_weight = _join_labels(x, y, sample_weight)
        loss = super().compute_loss(
            x, y, y_pred["label"], sample_weight, training=training
        )
        # Keras adds the regularisation to the task's loss.
        label_loss = loss - sum(
            ops.sum(ops.cast(term, loss.dtype)) for term in self.losses
        )
        domain_loss, domain_accuracy = self._domain_loss(x, y_pred["domain"])
        labelled = sum(_batch_size(x[name]) for name in _labelled(x))
        everything = sum(_batch_size(part) for part in x.values())
        self._label_loss_tracker.update_state(label_loss, labelled)
        self._domain_loss_tracker.update_state(domain_loss, everything)
        self._domain_accuracy.update_state(domain_accuracy, everything)
        return loss + self._domain_loss_weight * domain_loss

    def _domain_loss(self, x: Any, logits: Any) -> tuple[Any, Any]:
        """Mean cross-entropy and accuracy of the domain classifier."""
        logits = ops.cast(logits, "float32")
        source = _batch_size(x[SOURCE])
        target = sum(_batch_size(x[name]) for name in x if name != SOURCE)
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
        if not _is_paired(x):
            logs = super().compute_metrics(x, y, y_pred, sample_weight)
            return {k: v for k, v in logs.items() if k not in _DOMAIN_METRICS}
        _check_labels(x, y)
        # The user's metrics are of source labels, also when labelled target
        # samples are trained on.
        source = _batch_size(x[SOURCE])
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
        if not _is_paired(x):
            raise ValueError(_not_paired("Training", _describe(x)))
        return super().train_step(*state, data)

    def predict_step(self, *args: Any) -> Any:
        *state, data = args
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if _is_paired(x):
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
            _check_finite("steps_per_epoch", x, None)
        _check_finite(
            "validation_steps",
            kwargs.get("validation_data"),
            kwargs.get("validation_steps"),
        )
        if not isinstance(x, PairedDataset) and (
            y is not None and not _is_paired(x)
        ):
            # Arrays. What a dataset yields is seen in `train_step`.
            raise ValueError(_not_paired("`fit`", _describe(x)))
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
        _check_finite("steps", x, steps)
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

    def get_config(self) -> dict[str, Any]:
        reversal = self.gradient_reversal.get_config()
        return {
            **super().get_config(),
            "feature_extractor": _serialize(self.feature_extractor),
            "label_predictor": _serialize(self.label_predictor),
            "domain_classifier": _serialize(self.domain_classifier),
            "adaptation_factor": reversal["adaptation_factor"],
            "total_steps": reversal["total_steps"],
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> "DANNModel":
        config = dict(config)
        for part in ("feature_extractor", "label_predictor"):
            config[part] = _deserialize(config[part], custom_objects)
        config["domain_classifier"] = _deserialize(
            config["domain_classifier"], custom_objects
        )
        return cls(**config)


def _serialize(layer: Any) -> Any:
    return keras.saving.serialize_keras_object(layer)


def _deserialize(config: Any, custom_objects: Any) -> Any:
    return keras.saving.deserialize_keras_object(
        config, custom_objects=custom_objects
    )


def _check_layer(name: str, layer: Any) -> None:
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(invalid(name, "a Keras model or layer", layer))


def _is_paired(x: Any) -> bool:
    return isinstance(x, dict) and SOURCE in x and TARGET in x


def _labelled(x: dict[str, Any]) -> list[str]:
    return [name for name in (SOURCE, LABELED_TARGET) if name in x]


def _batch_size(x: Any) -> Any:
    return ops.shape(tree.flatten(x)[0])[0]


def _join_labels(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Labels and weights of the labelled samples, in the order of `call`."""
    if LABELED_TARGET not in x:
        return y, sample_weight

    def join(parts: Any) -> Any:
        return tree.map_structure(
            lambda *leaves: ops.concatenate(leaves, axis=0),
            *(parts[name] for name in _labelled(x)),
        )

    return join(y), None if sample_weight is None else join(sample_weight)


def _check_streams(x: dict[str, Any]) -> None:
    if set(x) - {SOURCE, TARGET, LABELED_TARGET}:
        raise ValueError(
            f'A paired batch has the streams "{SOURCE}", "{TARGET}" and '
            f'optionally "{LABELED_TARGET}". Received: {_describe(x)}'
        )


def _check_labels(x: dict[str, Any], y: Any) -> None:
    if y is None:
        raise ValueError(
            "Paired batches need the source labels. Received: batches without "
            "y\nPass them to pair: `pair((x_source, y_source), x_target)`."
        )
    streams = set(_labelled(x))
    if LABELED_TARGET in x and not (isinstance(y, dict) and set(y) == streams):
        raise ValueError(
            f'With a "{LABELED_TARGET}" stream, y must be `{{"{SOURCE}": …, '
            f'"{LABELED_TARGET}": …}}`. Received: {_describe(y)}'
        )


def _check_finite(argument: str, dataset: Any, steps: int | None) -> None:
    if (
        isinstance(dataset, PairedDataset)
        and dataset.num_batches is None
        and steps is None
    ):
        raise ValueError(
            "The paired dataset is endless or of unknown length. Expected: "
            f"`{argument}`. Received: {argument}=None\n"
            f"Say how many batches to take: `{argument}=1000`."
        )


def _describe(x: Any) -> str:
    if isinstance(x, dict):
        return "a dict with the keys " + ", ".join(map(repr, sorted(x)))
    if hasattr(x, "shape"):
        return f"a tensor of shape {tuple(x.shape)}"
    return f"{type(x).__name__}"


def _not_paired(what: str, received: str) -> str:
    return (
        f"{what} of a `DANNModel` needs paired batches with the streams "
        f'"{SOURCE}" and "{TARGET}". Received: {received}\n'
        "Pair the domains: `model.fit(keras_grl.pair((x_source, y_source), "
        "x_target))`."
    )


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
