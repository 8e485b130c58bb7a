"""The paper's network for street view house numbers."""

from typing import Any

import keras
from keras import layers

from keras_grl.architectures import parts
from keras_grl.layers.convolution import Conv2D
from keras_grl.layers.max_pooling import MaxPooling2D
from keras_grl.models.dann import DANNModel
from keras_grl.types import Activation
from keras_grl.types import Mean
from keras_grl.types import PathLike
from keras_grl.validation import check_number
from keras_grl.validation import invalid


def SVHN(
    num_classes: int | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    weights: PathLike | None = None,
    mean: Mean = 127.5,
    dropout: bool = True,
    max_norm: float | None = 4.0,
    classifier_activation: Activation = "softmax",
    name: str = "svhn",
    classes: int | None = None,
    **kwargs: Any,
) -> DANNModel:
    """The paper's SVHN architecture, as a `DANNModel` for raw images.

    | part | layers | dropped |
    |---|---|---|
    | feature extractor | image | 10 % |
    |                   | convolution 5x5, 64; max-pooling 3x3/2; ReLU | 25 % |
    |                   | convolution 5x5, 64; max-pooling 3x3/2; ReLU | 25 % |
    |                   | convolution 5x5, 128; ReLU | 50 % |
    | label predictor | 3072 units | 50 % |
    |                 | 2048 units | 50 % |
    |                 | `num_classes` units | |
    | domain classifier | 1024, 1024, 1 units, after gradient reversal | |

    Convolutions and poolings are padded ("same"), as in cuda-convnet, where
    the network comes from: 32 x 32 pixels become 8,192 features. With the
    default arguments there are 312,256 + 31,482,890 + 9,440,257 weights.

    Dropout and the max-norm restriction are those of Srivastava et al. for
    SVHN; the domain classifier, which is not of that network, has neither.

    Args:
        num_classes: Integer, the number of classes, by default 10.
        input_shape: Shape of an image without the batch, `(height, width,
            channels)` (or `(channels, height, width)` under
            `keras.config.image_data_format() == "channels_first"`). At least
            4 x 4 pixels. Defaults to 32 x 32 in color.
        weights: None, or the path of a `.weights.h5` file of such a model.
        mean: What is subtracted from the pixels, which are then divided by
            127.5: a number; one per channel; `{"source": …, "target": …}` of
            these; or "per_domain", each domain's own mean over the images
            trained on.
        dropout: Boolean, whether activations are dropped in training.
        max_norm: Float above 0, the largest ℓ2 norm that the weights into one
            unit may have; larger ones are scaled back after every step. None
            for no restriction.
        classifier_activation: Activation of the label predictor's last layer.
            With None it returns logits.
        name: Name of the model.
        classes: Deprecated name of `num_classes`.
        **kwargs: The other arguments of `DANNModel`: `adaptation_factor`,
            `total_steps`, `domain_classifier`, ….

    Returns:
        A built `DANNModel`. It takes images of values 0 to 255, uint8 or
        float.

    Raises:
        FileNotFoundError: If there is no such file of weights.
        ValueError: If an argument is invalid, or the weights do not fit.

    Example:

    >>> model = SVHN(input_shape=(16, 16, 3))
    >>> model.feature_extractor.output_shape
    (None, 2048)

    Reference:
        Ganin & Lempitsky (2015), Appendix B, figure 5b; Srivastava et al.,
        "Dropout" (2014), Appendix B.2.
    """
    num_classes = parts.check_classes(num_classes, classes, 10)
    weights = parts.check_weights(weights)
    if not isinstance(dropout, bool):
        raise ValueError(invalid("dropout", "True or False", dropout))
    if max_norm is not None:
        max_norm = check_number("max_norm", max_norm, above=0.0)

    def constraint(
        axis: int | list[int] = 0,
    ) -> keras.constraints.Constraint | None:
        if max_norm is None:
            return None
        return keras.constraints.MaxNorm(max_norm, axis)

    def convolution(filters: int, name: str) -> layers.Layer:
        return Conv2D(
            filters,
            5,
            padding="same",
            kernel_constraint=constraint([0, 1, 2]),
            name=name,
        )

    def dropped(rate: float, name: str) -> list[layers.Layer]:
        return [layers.Dropout(rate, name=name)] if dropout else []

    model = parts.joined(
        [
            *dropped(0.1, "drop_image"),
            # ReLU after pooling is the same function as before it, for a
            # quarter of the work.
            convolution(64, "conv1"),
            MaxPooling2D(3, 2, padding="same", name="pool1"),
            layers.ReLU(name="relu1"),
            *dropped(0.25, "drop1"),
            convolution(64, "conv2"),
            MaxPooling2D(3, 2, padding="same", name="pool2"),
            layers.ReLU(name="relu2"),
            *dropped(0.25, "drop2"),
            convolution(128, "conv3"),
            layers.ReLU(name="relu3"),
            layers.Flatten(name="features"),
            *dropped(0.5, "drop3"),
        ],
        parts.label_predictor(
            (3072, 2048),
            num_classes,
            classifier_activation,
            dropout=0.5 if dropout else 0.0,
            constraint=constraint,
        ),
        parts.domain_classifier((1024, 1024)),
        parts.check_input_shape(input_shape, default=32, minimum=4),
        mean,
        127.5,
        name=name,
        **kwargs,
    )
    return parts.load_own(model, weights)
