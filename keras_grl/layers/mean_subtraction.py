"""Mean subtraction, on the device."""

from typing import Any

import keras
from keras import ops

from keras_grl.backend import num_replicas
from keras_grl.types import Config
from keras_grl.types import PerChannel
from keras_grl.types import Shape
from keras_grl.types import Tensor
from keras_grl.validation import check_choice
from keras_grl.validation import check_per_channel


@keras.saving.register_keras_serializable(package="keras_grl")
class MeanSubtraction(keras.layers.Layer):
    """Subtracts the mean of each channel from raw images, and divides.

    `y = (x - mean) / scale`

    Args:
        mean: Number, or one per channel. With None it is the mean of all
            images that have been trained on so far: 0 before the first batch,
            settled within a few, and fixed by `trainable = False`.
        scale: Number above 0, or one per channel: the divisor of the
            difference.
        data_format: "channels_last" or "channels_first". Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`, ….

    Call arguments:
        inputs: Tensor of any dtype, such as uint8, with the batch first and
            at least two axes.
        training: Boolean. With True and `mean=None`, the mean is updated.

    Input shape:
        `(batch, …, channels)`, or `(batch, channels, …)`.

    Output shape:
        Same as the input, in the layer's compute dtype.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> layer = MeanSubtraction(mean=[10, 20, 30], scale=2.0)
    >>> pixel = layer(np.full((1, 1, 1, 3), 30, "uint8"))
    >>> ops.convert_to_numpy(pixel)[0, 0, 0].tolist()
    [10.0, 5.0, 0.0]

    Reference:
        Ganin & Lempitsky (2015), section 4: images are mean-subtracted.
    """

    def __init__(
        self,
        mean: PerChannel | None = None,
        scale: PerChannel = 1.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        # Without autocast pixels arrive as they are.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.given_mean = (
            None if mean is None else check_per_channel("mean", mean)
        )
        self.scale = check_per_channel("scale", scale, above=0.0)
        self.data_format = check_choice(
            "data_format",
            data_format or keras.config.image_data_format(),
            ("channels_last", "channels_first"),
        )

    def build(self, input_shape: Shape) -> None:
        last = self.data_format == "channels_last"
        rank = len(input_shape)
        self._channel_axis = rank - 1 if last else 1
        channels = input_shape[self._channel_axis]
        # One number for all channels, or one for each.
        self._broadcast = [1] * rank
        self._broadcast[self._channel_axis] = -1
        check_per_channel("scale", self.scale, channels)
        if self.given_mean is not None:
            check_per_channel("mean", self.given_mean, channels)
            return
        # float32 whatever the policy: sums over many images.
        self.mean = self.add_weight(
            shape=(channels,),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            autocast=False,
            aggregation="mean",
            name="mean",
        )
        self.count = self.add_weight(
            shape=(),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            autocast=False,
            aggregation="mean",
            name="count",
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if self.given_mean is not None:
            mean = ops.convert_to_tensor(self.given_mean, "float32")
        else:
            if training and self.trainable:
                self._update(inputs)
            mean = ops.convert_to_tensor(self.mean)
        scale = ops.convert_to_tensor(self.scale, "float32")
        mean = ops.reshape(mean, self._broadcast)
        scale = ops.reshape(scale, self._broadcast)
        # Subtracted in float32: half precision has no room for both a pixel
        # and its distance from the mean.
        centered = (ops.cast(inputs, "float32") - mean) / scale
        return ops.cast(centered, self.compute_dtype)

    def _update(self, inputs: Tensor) -> None:
        axes = [
            axis
            for axis in range(len(inputs.shape))
            if axis != self._channel_axis
        ]
        batch_mean = ops.mean(ops.cast(inputs, "float32"), axis=axes)
        # Under `tf.distribute` a weight becomes the mean of what the replicas
        # assign to it: each counts its share of the batch for all of them.
        images = ops.cast(ops.shape(inputs)[0], "float32") * num_replicas()
        self.count.assign_add(images)
        self.mean.assign_add(
            (batch_mean - self.mean) * images / ops.maximum(self.count, 1.0)
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "mean": self.given_mean,
            "scale": self.scale,
            "data_format": self.data_format,
        }
