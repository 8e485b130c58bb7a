"""Normalization across channels, as in AlexNet."""

from typing import Any

import keras
from keras import ops

from keras_grl.types import Config
from keras_grl.types import Shape
from keras_grl.types import Tensor
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import invalid


@keras.saving.register_keras_serializable(package="keras_grl")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each activation by the energy of the channels around it.

    `y_c = x_c / (bias + alpha / size * sum_{|j - c| <= size // 2} x_j^2)^beta`

    This is Caffe's definition (layer LRN, across channels) and PyTorch's
    (`torch.nn.LocalResponseNorm`): alpha is divided by the size of the window.
    TensorFlow's `tf.nn.local_response_normalization` does not divide it.

    Args:
        size: Odd integer, the number of channels in the window.
        alpha: Float, at least 0.
        beta: Float, at least 0.
        bias: Float above 0 (Caffe's and PyTorch's `k`).
        data_format: "channels_last" or "channels_first". Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`, ….

    Input shape:
        `(batch, …, channels)`, or `(batch, channels, …)`.

    Output shape:
        Same as the input.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> layer = LocalResponseNormalization(size=1, alpha=1.0, beta=1.0)
    >>> ops.convert_to_numpy(layer(np.full((1, 2, 2, 3), 3.0)))[0, 0, 0, 0]
    np.float32(0.3)

    Reference:
        Krizhevsky, Sutskever & Hinton (2012), section 3.3.
    """

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1e-4,
        beta: float = 0.75,
        bias: float = 1.0,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.size = check_integer("size", size)
        if self.size % 2 == 0:
            raise ValueError(invalid("size", "an odd integer", size))
        self.alpha = check_number("alpha", alpha, minimum=0.0)
        self.beta = check_number("beta", beta, minimum=0.0)
        self.bias = check_number("bias", bias, above=0.0)
        self.data_format = check_choice(
            "data_format",
            data_format or keras.config.image_data_format(),
            ("channels_last", "channels_first"),
        )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        rank = len(inputs.shape)
        axis = rank - 1 if self.data_format == "channels_last" else 1
        channels = inputs.shape[axis]
        # Squares of large activations overflow half precision.
        squares = ops.square(ops.cast(inputs, "float32"))
        around = [(0, 0)] * rank
        around[axis] = (self.size // 2, self.size // 2)
        squares = ops.pad(squares, around)
        before = (slice(None),) * axis
        energy = sum(
            squares[(*before, slice(start, start + channels))]
            for start in range(self.size)
        )
        divisor = ops.power(
            self.bias + self.alpha / self.size * energy, self.beta
        )
        return inputs / ops.cast(divisor, inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "size": self.size,
            "alpha": self.alpha,
            "beta": self.beta,
            "bias": self.bias,
            "data_format": self.data_format,
        }
