"""Forward: the networks of an `AdaptationModel`, and its forward pass."""

import functools
from typing import Any

import keras
from keras import tree

from keras_grl.backend import building
from keras_grl.layers.gradient_reversal import gradient_reversal_layers
from keras_grl.layers.step_counter import StepCounter
from keras_grl.methods.method import Method
from keras_grl.models import batch
from keras_grl.models import exporting
from keras_grl.models import parts
from keras_grl.models import per_domain
from keras_grl.models.input_specs import input_specs
from keras_grl.models.input_specs import integer_dtypes
from keras_grl.models.per_domain import PerDomain
from keras_grl.models.per_domain import check_num_sources
from keras_grl.models.target_term import TargetTerm
from keras_grl.models.target_term import predictions_of
from keras_grl.streams import TARGET
from keras_grl.types import Config
from keras_grl.types import DTypes
from keras_grl.types import Inputs
from keras_grl.types import PairedInputs
from keras_grl.types import PathLike
from keras_grl.types import Predictions
from keras_grl.types import Preprocessing
from keras_grl.types import Shapes
from keras_grl.types import Symbolic
from keras_grl.types import Tensor
from keras_grl.validation import check_layer
from keras_grl.validation import invalid


class Forward(PerDomain):
    """Feature extractor, label predictor and method, called in one pass.

    The arguments are those of `AdaptationModel`.
    """

    _target: TargetTerm | None = None

    def __init__(
        self,
        feature_extractor: keras.layers.Layer,
        label_predictor: keras.layers.Layer,
        method: Method,
        preprocessing: Preprocessing | None = None,
        batch_normalization: str = "joint",
        num_sources: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_layer("feature_extractor", feature_extractor)
        check_layer("label_predictor", label_predictor)
        if not isinstance(method, Method):
            raise ValueError(
                invalid(
                    "method",
                    "a `keras_grl.methods.Method`, such as "
                    "`keras_grl.methods.DANN()`, or None",
                    method,
                )
            )
        self._given_sources = check_num_sources(num_sources, preprocessing)
        self.feature_extractor = feature_extractor
        self.label_predictor = label_predictor
        self._set_preprocessing(preprocessing)
        self.method = method
        # Where steps are counted for p, if the method does not.
        self._steps = (
            None
            if gradient_reversal_layers(method)
            else StepCounter(name="steps")
        )
        self._set_batch_normalization(batch_normalization)
        self._inputs_shape: Shapes = None
        self._inputs_dtype: DTypes = None
        self._build_if_shape_is_known()

    @property
    def step_counter(self) -> StepCounter:
        """The layer that counts training steps for p."""
        return self._steps or gradient_reversal_layers(self.method)[0]

    # Building.

    def _build_if_shape_is_known(self) -> None:
        if any(self.preprocessing_layers().values()):
            # Their inputs may differ in shape from the extractor's.
            return
        try:
            known_shape = self.feature_extractor.input_shape
        except (AttributeError, ValueError):
            return
        # Not `build`, after which a subclass could not add layers or metrics.
        with keras.name_scope(self.name):
            self._create_weights(known_shape)
        self.built = True

    def build(self, input_shape: Shapes) -> None:
        """Creates the weights of all parts.

        Args:
            input_shape: Shape of the plain or paired inputs, batch included.
        """
        with building(self):
            self._create_weights(input_shape)

    def _create_weights(self, input_shape: Shapes) -> None:
        shapes = {
            name: parts.any_batch_size(shape)
            for name, shape in batch.by_domain(input_shape).items()
        }
        if not any(self.preprocessing_layers().values()):
            common = functools.reduce(parts.common_shape, shapes.values())
            shapes = {TARGET: common}
        target = shapes[TARGET]
        alike = all(shape == target for shape in shapes.values())
        self._inputs_shape = target if alike else shapes
        with per_domain.explained(self.batch_normalization, input_shape):
            _, features, predictions = self._graph()
        if not self.method.built:
            self.method.build(
                features.shape,
                tree.map_structure(lambda t: t.shape, predictions),
            )
        # `call` first, outside of `__call__`: within the call of a layer, some
        # backends build inner layers for a fixed batch size.
        outputs = self.method.call(features, predictions)
        self.method(features, predictions)
        for name, layer in self.preprocessing_layers().items():
            if layer is not None and name != TARGET:
                layer(input_specs(shapes.get(name, target), self._inputs_dtype))
        if len(shapes) > 1:
            self._check_preprocessed(
                {
                    name: input_specs(shape, self._inputs_dtype)
                    for name, shape in shapes.items()
                },
                features,
            )
        self._settle_sources(self.method.num_sources_of(outputs))
        if batch.is_paired(input_shape):
            batch.check_streams(input_shape, self.num_sources)

    def _graph(self) -> tuple[Symbolic, keras.KerasTensor, Symbolic]:
        """The symbolic inputs, features and predictions."""
        shape = self._inputs_shape
        if batch.is_paired(shape):
            shape = shape[TARGET]
        if self.target_preprocessing is None:
            inputs = parts.inputs_like(
                self.feature_extractor, shape, self._inputs_dtype
            )
            features = self.feature_extractor(inputs)
        else:
            inputs = input_specs(shape, self._inputs_dtype)
            features = self.feature_extractor(self.target_preprocessing(inputs))
        if not isinstance(features, keras.KerasTensor):
            raise ValueError(
                "The feature extractor must return one tensor. Received: "
                f"{tree.map_structure(lambda t: t.shape, features)}"
            )
        return inputs, features, self.label_predictor(features)

    def get_build_config(self) -> Config:
        if self._inputs_shape is None:
            return {}  # for Keras any other stands for a built model
        config = {"input_shape": self._inputs_shape}
        if self._inputs_dtype is not None:
            config["input_dtype"] = self._inputs_dtype
        return config

    def build_from_config(self, config: Config) -> None:
        if config.get("input_shape") is not None:
            self._inputs_dtype = config.get("input_dtype")
            self.build(parts.as_shapes(config["input_shape"]))

    # The parts, as separate models.

    @functools.cached_property
    def classifier(self) -> keras.Model:
        """G_y(G_f(x)) as a plain model that shares the weights."""
        self._require_built("classifier")
        inputs, _, predictions = self._graph()
        return keras.Model(inputs, predictions, name=f"{self.name}_classifier")

    @functools.cached_property
    def network(self) -> keras.Model:
        """The whole network as a functional model, to plot it.

        It maps inputs to `{"label": predictions}` and the outputs of the
        method. With `DANN` it is figure 1 of the paper:
        `keras.utils.plot_model(model.network, show_shapes=True)`.
        """
        self._require_built("network")
        inputs, features, label = self._graph()
        # `call`, not `__call__`: the plot shows the layers of the method.
        outputs = {"label": label, **self.method.call(features, label)}
        return keras.Model(inputs, outputs, name=f"{self.name}_network")

    def __dir__(self) -> list[str]:
        # Keras saves every model that `dir` lists. The weights of these two
        # are saved already.
        hidden = ("classifier", "network")
        return [name for name in super().__dir__() if name not in hidden]

    def _require_built(self, name: str) -> None:
        if not self.built:
            raise ValueError(
                f"`{name}` needs the shape of the inputs, which is not known "
                "yet. Call the model on a batch, or `model.build(input_shape)` "
                "first."
            )

    def export(
        self, filepath: PathLike, format: str = "tf_saved_model", **kwargs: Any
    ) -> None:
        """Exports the label path, to predict without Keras.

        It exports `classifier`, without the domain classifier. Arguments of
        `keras.Model.export`.

        Args:
            filepath: Path of the file or folder.
            format: "tf_saved_model", "onnx", "openvino", "litert" or "torch".
                docs/export.md lists the formats of each backend, and the
                packages that they need.
            **kwargs: Further arguments of `keras.Model.export`.

        Raises:
            ValueError: If the model has not been built, or the file would be
                invalid.

        Example:

        >>> model = keras_grl.architectures.LeNet()
        >>> model.export("digits", format="tf_saved_model")  # doctest: +SKIP
        """
        self._require_built("export")
        exporting.export(self.classifier, filepath, format, **kwargs)

    # Forward pass.

    def __call__(
        self, inputs: Inputs | PairedInputs, *args: Any, **kwargs: Any
    ) -> Predictions:
        if not self.built:
            # `build` gets the shapes alone.
            self._inputs_dtype = integer_dtypes(batch.by_domain(inputs)[TARGET])
        return super().__call__(inputs, *args, **kwargs)

    def call(
        self, inputs: Inputs | PairedInputs, training: bool = False
    ) -> Predictions:
        # `training` is passed explicitly: on JAX, Keras calls this method
        # without the context from which layers would otherwise get it.
        if not batch.is_paired(inputs):
            features = self.extract_features(inputs, training=training)
            return self.label_predictor(features, training=training)
        batch.check_streams(inputs, self.num_sources)
        features = self._joint_features(inputs, training)
        by_method = self.method.uses_target_predictions
        label, predictions = predictions_of(
            self.label_predictor,
            features,
            inputs,
            by_method or self._target is not None,
            training,
        )
        outputs = {
            "label": label,
            "features": features,
            "predictions": predictions,
        }
        if self._target is not None and self._target.is_scheduled:
            # Before the method, which counts the step.
            p = self.step_counter.progress_at(self.step_counter.step)
            outputs["target_loss_weight"] = self._target.weight(p)
        return outputs | self.method(
            features, predictions if by_method else label, training=training
        )

    def extract_features(
        self, inputs: Inputs, training: bool = False, at: str | None = None
    ) -> Tensor:
        """The features of one domain, or the outputs of another layer.

        Args:
            inputs: A batch of the target, or `{"source": inputs}`, to use the
                preprocessing and the running statistics of that domain (of
                several sources `{"source_0": inputs}`).
            training: Boolean.
            at: Name of a layer of the feature extractor or the label
                predictor whose outputs to return. That part must be a built
                Functional or Sequential model. Defaults to the output of the
                feature extractor.

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
            Ganin & Lempitsky (2015), figure 3 plots such features.
        """
        inputs = self._in_order("inputs", inputs)
        batch.check_domain(inputs, self.num_sources)
        domain, inputs = batch.one_domain(inputs)
        inputs = self._preprocess(domain, inputs, training)
        steps = parts.steps_up_to(
            self.feature_extractor, self.label_predictor, at
        )
        outputs = self._extract(domain, inputs, training, steps[0])
        for step in steps[1:]:
            outputs = step(outputs, training=training)
        return outputs
