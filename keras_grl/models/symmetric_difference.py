"""The domain classifier of section 3.3, which can express h ≠ h'."""

import math
from typing import Any

import keras
from keras import ops
from keras import tree

from keras_grl.types import JSON
from keras_grl.types import Config
from keras_grl.types import Shape
from keras_grl.types import Tensor
from keras_grl.validation import check_boolean
from keras_grl.validation import check_integer
from keras_grl.validation import check_layer
from keras_grl.validation import invalid


def symmetric_difference_classifier(
    label_predictor: keras.layers.Layer,
    units: int = 128,
    from_logits: bool = False,
) -> keras.Sequential:
    """A domain classifier whose family contains `h ≠ h'`.

    `G_d(f) = v · relu(W [h(f), h'(f)] + b) + c`

    h and h' are two replicas of the label predictor: its architecture, layer
    by layer, with its own weights. A perceptron with two layers can learn XOR.
    So the family of these classifiers contains the symmetric difference HΔH of
    the label predictors, and the loss of the best one of them bounds the
    HΔH-distance between the domains, which bounds the target error (equations
    10 to 13).

    The replicas keep the final activation. Whether `h ≠ h'` depends on the
    classes that they decide for, and a softmax tends to exactly these as its
    weights grow. XOR of decisions is easy: `Σ relu(h_k - h'_k) - 1/2` over K
    classes, so `units=K` is enough (2 for a single sigmoid). From logits, one
    hidden layer cannot compute the class of the largest.

    Args:
        label_predictor: Keras model or layer, built or not, which can be made
            again from its `get_config()`. It is neither changed nor shared.
            All layers of its replicas are trainable.
        units: Integer, the hidden units of the perceptron.
        from_logits: Boolean. With True, the label predictor ends in logits:
            the outputs of the replicas pass a softmax over the last axis, or a
            sigmoid if that has one unit.

    Returns:
        A Sequential model from features to logits of shape `(batch, 1)`. Pass
        it as `domain_classifier`.

    Raises:
        ValueError: If an argument is invalid, or `label_predictor` cannot be
            made again.

    Example:

    >>> label_predictor = keras.Sequential([
    ...     keras.layers.Dense(16, activation="relu"),
    ...     keras.layers.Dense(3, activation="softmax"),
    ... ])
    >>> model = keras_grl.DANNModel(
    ...     feature_extractor=keras.layers.Dense(8, activation="relu"),
    ...     label_predictor=label_predictor,
    ...     domain_classifier=symmetric_difference_classifier(label_predictor),
    ... )

    Reference:
        Ganin & Lempitsky (2015), section 3.3.
    """
    check_layer("label_predictor", label_predictor)
    units = check_integer("units", units)
    from_logits = check_boolean("from_logits", from_logits)
    first, second = (_replica(label_predictor, number) for number in (1, 2))
    return keras.Sequential(
        [
            TwoReplicas(first, second, from_logits, name="replicas"),
            keras.layers.Dense(units, activation="relu", name="xor_hidden"),
            keras.layers.Dense(1, name="xor_logits"),
        ],
        name="symmetric_difference_classifier",
    )


@keras.saving.register_keras_serializable(package="keras_grl")
class TwoReplicas(keras.layers.Layer):
    """Two label predictors side by side: `[h(f), h'(f)]`.

    Args:
        first: Keras model or layer, h.
        second: Keras model or layer, h'.
        from_logits: Boolean, whether they end in logits.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`.

    Call arguments:
        inputs: Tensor of features.
        training: Boolean.

    Returns of a call:
        Tensor of shape `(batch, predictions of both)`.

    Raises:
        ValueError: When built, if the predictions have no fixed size.

    Example:

    >>> layer = TwoReplicas(keras.layers.Dense(3), keras.layers.Dense(3), True)
    >>> tuple(layer(np.zeros((4, 8))).shape)
    (4, 6)
    """

    def __init__(
        self,
        first: keras.layers.Layer,
        second: keras.layers.Layer,
        from_logits: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.first = first
        self.second = second
        self.from_logits = from_logits

    def build(self, input_shape: Shape) -> None:
        features = keras.KerasTensor(input_shape, dtype=self.compute_dtype)
        for replica in (self.first, self.second):
            for output in tree.flatten(replica(features)):
                _check_size(output)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        outputs = [
            self._flat(output)
            for replica in (self.first, self.second)
            for output in tree.flatten(replica(inputs, training=training))
        ]
        return ops.concatenate(outputs, axis=-1)

    def _flat(self, output: Tensor) -> Tensor:
        """The decisions of one output, with one row for each sample."""
        sizes = output.shape[1:]
        if self.from_logits:
            one = not sizes or sizes[-1] == 1
            output = ops.sigmoid(output) if one else ops.softmax(output)
        output = ops.cast(output, self.compute_dtype)
        return ops.reshape(output, (-1, math.prod(sizes)))

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor) -> None:
        """None: the axis that a mask is about is no longer there."""

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "first": keras.saving.serialize_keras_object(self.first),
            "second": keras.saving.serialize_keras_object(self.second),
            "from_logits": self.from_logits,
        }

    @classmethod
    def from_config(cls, config: Config) -> "TwoReplicas":
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("first", "second")
        }
        return cls(**{**config, **parts})


def _check_size(predictions: keras.KerasTensor) -> None:
    if None in predictions.shape[1:]:
        raise ValueError(
            invalid(
                "label_predictor",
                "a label predictor whose predictions have a fixed size",
                predictions.shape,
                "Pool the axes that vary in size: `keras.layers."
                "GlobalAveragePooling1D()`.",
            )
        )


def _replica(
    label_predictor: keras.layers.Layer, number: int
) -> keras.layers.Layer:
    """The same architecture with new weights, all of them trainable."""
    try:
        config = _fresh(label_predictor.get_config(), number)
        if "name" in config:
            config["name"] = f"{label_predictor.name}_{number}"
        replica = type(label_predictor).from_config(config)
    except Exception as error:
        raise ValueError(
            invalid(
                "label_predictor",
                "a Keras model or layer that can be made again from its "
                "configuration",
                label_predictor,
                f"`{type(label_predictor).__name__}.from_config(label_predictor"
                f".get_config())` failed: {error}\nWrite `get_config`, and "
                "register the classes and functions that it names with "
                "`keras.saving.register_keras_serializable`.",
            )
        ) from error
    if _pieces(replica) & _pieces(label_predictor):
        raise ValueError(
            invalid(
                "label_predictor",
                "a `get_config` that describes its layers",
                label_predictor,
                "It returns the layers themselves, which the domain classifier "
                "would share: use `keras.saving.serialize_keras_object`.",
            )
        )
    return replica


def _fresh(config: JSON, number: int) -> JSON:
    """A configuration with other seeds, in which every layer is trainable.

    With the seeds of the label predictor both replicas would start equal to it
    and to each other. New weights must not be frozen.
    `replica.trainable = True` does not ensure that: on TensorFlow it does not
    reach a frozen layer of a trainable model (Keras 3.15.1).
    """
    if isinstance(config, (list, tuple)):
        return type(config)(_fresh(each, number) for each in config)
    if not isinstance(config, dict):
        return config
    fresh = {key: _fresh(value, number) for key, value in config.items()}
    if isinstance(fresh.get("seed"), int):
        fresh["seed"] = (3 * fresh["seed"] + number) % 2**31
    if "trainable" in fresh:
        fresh["trainable"] = True
    return fresh


def _pieces(layer: keras.layers.Layer) -> set[int]:
    """What two layers must not share: weights, and layers that are listed."""
    pieces = [layer, *getattr(layer, "layers", []), *layer.variables]
    return {id(each) for each in pieces}
