"""The paper's network for traffic signs, after Cireşan et al."""

from typing import Any

from keras import layers

from keras_grl.architectures import parts
from keras_grl.layers.convolution import Conv2D
from keras_grl.layers.max_pooling import MaxPooling2D
from keras_grl.models.dann import DANNModel
from keras_grl.types import Activation
from keras_grl.types import Mean
from keras_grl.types import PathLike


def GTSRB(
    num_classes: int | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    weights: PathLike | None = None,
    mean: Mean = 127.5,
    classifier_activation: Activation = "softmax",
    name: str = "gtsrb",
    classes: int | None = None,
    **kwargs: Any,
) -> DANNModel:
    """The paper's traffic sign architecture, a `DANNModel` for raw images.

    | part | layers |
    |---|---|
    | feature extractor | convolution 5x5, 96; max-pooling 2x2; ReLU |
    |                   | convolution 3x3, 144; max-pooling 2x2; ReLU |
    |                   | convolution 5x5, 256; max-pooling 2x2; ReLU |
    | label predictor | 512, `num_classes` units |
    | domain classifier | 1024, 1024, 1 units, after gradient reversal |

    The convolutions are not padded: 40 x 40 pixels become 1,024 features. With
    the default arguments there are 1,053,712 + 546,859 + 2,100,225 weights.

    Args:
        num_classes: Integer, the number of classes, by default 43.
        input_shape: Shape of an image without the batch, `(height, width,
            channels)` (or `(channels, height, width)` under
            `keras.config.image_data_format() == "channels_first"`). At least
            32 x 32 pixels. Defaults to 40 x 40 in color.
        weights: None, or the path of a `.weights.h5` file of such a model.
        mean: What is subtracted from the pixels, which are then divided by
            127.5: a number; one per channel; `{"source": …, "target": …}` of
            these; or "per_domain", each domain's own mean over the images
            trained on.
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

    >>> model = GTSRB()
    >>> model.feature_extractor.output_shape
    (None, 1024)

    Reference:
        Ganin & Lempitsky (2015), Appendix B, figure 5c.
    """
    num_classes = parts.check_classes(num_classes, classes, 43)
    weights = parts.check_weights(weights)
    model = parts.joined(
        [
            # ReLU after pooling is the same function as before it, for a
            # quarter of the work.
            Conv2D(96, 5, name="conv1"),
            MaxPooling2D(2, name="pool1"),
            layers.ReLU(name="relu1"),
            Conv2D(144, 3, name="conv2"),
            MaxPooling2D(2, name="pool2"),
            layers.ReLU(name="relu2"),
            Conv2D(256, 5, name="conv3"),
            MaxPooling2D(2, name="pool3"),
            layers.ReLU(name="relu3"),
            layers.Flatten(name="features"),
        ],
        parts.label_predictor((512,), num_classes, classifier_activation),
        parts.domain_classifier((1024, 1024)),
        parts.check_input_shape(input_shape, default=40, minimum=32),
        mean,
        127.5,
        name=name,
        **kwargs,
    )
    return parts.load_own(model, weights)
