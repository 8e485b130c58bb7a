"""Identity forward, scaled gradient backward."""

from typing import Any

import keras

from keras_grl.backend import scale_gradient
from keras_grl.types import Config
from keras_grl.types import Shape
from keras_grl.types import Tensor
from keras_grl.validation import check_number


@keras.saving.register_keras_serializable(package="keras_grl")
class GradientScaling(keras.layers.Layer):
    """Identity forward, gradient times `scale` backward.

    `S(x) = x` and `dS/dx = scale * I`.

    After a pre-trained part, it trains all layers before it at `scale` times
    the learning rate of those after it, with a single optimizer:

    - Exact under SGD, with momentum or Nesterov's too: the velocity is linear
      in the gradient.
    - No effect under Adam, RMSprop, Adagrad and other optimizers that divide
      by the gradient's own size (beyond their epsilon). With these, freeze the
      pre-trained part (`trainable = False`) or begin with a smaller learning
      rate for all.
    - Weight decay and `kernel_regularizer` act on the weights without passing
      here: they are not scaled.
    - `clipnorm` and `global_clipnorm` see the gradients after scaling.

    The same holds, with other values, in a chain of such layers: their scales
    multiply.

    Args:
        scale: Float, at least 0. With 0 the part before the layer does not
            learn (its gradients are zero, so momentum and weight decay still
            move it: `trainable = False` freezes it).
        **kwargs: Of `keras.layers.Layer`: `name`, `dtype`, ….

    Call arguments:
        inputs: Floating point tensor of any rank. The dtype is kept.

    Input shape:
        Arbitrary. Masks pass through.

    Output shape:
        Same as the input.

    Raises:
        ValueError: If `scale` is negative, NaN or infinite.

    Example:

    >>> backbone = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    >>> extractor = keras.Sequential(
    ...     [backbone, GradientScaling(0.1), keras.layers.Dense(2)]
    ... )

    Reference:
        The Caffe configuration that Ganin & Lempitsky published with their
        paper: what is not pre-trained learns ten times as fast (its biases
        twenty times, which this layer cannot do).
    """

    def __init__(self, scale: float = 1.0, **kwargs: Any):
        # Without autocast a float64 input stays one under a float32 policy.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.scale = check_number("scale", scale, minimum=0.0)

    def call(self, inputs: Tensor) -> Tensor:
        return scale_gradient(inputs, self.scale)

    def compute_output_spec(
        self, inputs: keras.KerasTensor, **kwargs: Any
    ) -> keras.KerasTensor:
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {**super().get_config(), "scale": self.scale}
