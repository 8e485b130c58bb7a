"""Max pooling, in the form that is fastest on the backend."""

import keras

from keras_grl.backend.images import max_pool
from keras_grl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_grl")
class MaxPooling2D(keras.layers.MaxPooling2D):
    """Keras's max pooling for images, faster on JAX's CPU and on PyTorch.

    `y[i, j] = max of x over the window that starts at (i, j) * strides`

    The outputs are those of `keras.layers.MaxPooling2D`, and so are the
    gradients if the largest value of a window is unique. If it is not, as on a
    flat background, the gradient may be shared among the equal values instead
    of going to one of them. The weights of a convolution before it get the same
    gradient from both.

    All arguments are those of `keras.layers.MaxPooling2D`.

    Args:
        pool_size: Integer or pair of integers, the size of the window.
        strides: Integer or pair of integers. Defaults to `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first". Defaults to
            `keras.config.image_data_format()`.
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`, ….

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height,
        width)`.

    Output shape:
        The same, with fewer pixels.

    Example:

    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> ops.convert_to_numpy(MaxPooling2D(2)(x))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """

    def call(self, inputs: Tensor) -> Tensor:
        return max_pool(
            inputs,
            self.pool_size,
            self.strides,
            self.padding,
            self.data_format,
        )
