"""Convolution of images, in the form that is fastest on the backend."""

import keras

from keras_grl.backend.images import convolve
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class Conv2D(keras.layers.Conv2D):
    """Keras's convolution of images, faster on PyTorch.

    `y[i, j] = sum over (m, n) of x[i + m, j + n] @ kernel[m, n] + bias`

    Outputs, gradients and weights are those of `keras.layers.Conv2D`, up to
    rounding. On PyTorch the images are not copied into another layout, and the
    bias is added within the convolution.

    All arguments are those of `keras.layers.Conv2D`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height,
        width)`.

    Output shape:
        The same, with `filters` channels, and fewer pixels where `padding` is
        "valid" or `strides` are above 1.

    Example:

    >>> layer = Conv2D(1, 2, kernel_initializer="ones", bias_initializer="ones")
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> ops.convert_to_numpy(layer(x))[0, :, :, 0]
    array([[ 9., 13.],
           [21., 25.]], dtype=float32)
    """

    def call(self, inputs: Tensor) -> Tensor:
        outputs = convolve(
            inputs,
            self.kernel,
            self.bias if self.use_bias else None,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
        )
        if outputs is None:
            return super().call(inputs)
        return outputs if self.activation is None else self.activation(outputs)
