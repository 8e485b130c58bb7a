"""The paper's network for digits, after LeNet-5."""

from typing import Any

import keras

from keras_grl.models.dann import DANNModel
from keras_grl.validation import check_integer
from keras_grl.validation import check_mean
from keras_grl.validation import invalid


def LeNet(
    num_classes: int = 10,
    input_shape: tuple[int, int, int] = (28, 28, 3),
    mean: Any = 127.5,
    classifier_activation: str | None = "softmax",
    name: str = "lenet",
    **kwargs: Any,
) -> DANNModel:
    """The paper's MNIST architecture, as a `DANNModel` for raw images.

    | part | layers |
    |---|---|
    | feature extractor | convolution 5x5, 32; max-pooling 2x2; ReLU |
    |                   | convolution 5x5, 48; max-pooling 2x2; ReLU |
    | label predictor | 100, 100, `num_classes` units |
    | domain classifier | 100, 1 units, after gradient reversal |

    The convolutions are not padded. With the default arguments there are
    40,880 + 88,010 + 77,001 weights.

    Args:
        num_classes: Integer, the number of classes.
        input_shape: Shape of an image without the batch, `(height, width,
            channels)` (or `(channels, height, width)` under
            `keras.config.image_data_format() == "channels_first"`). At least
            16 x 16 pixels.
        mean: Number, or one per channel: subtracted from the pixels, which are
            then divided by 127.5.
        classifier_activation: Activation of the label predictor's last layer.
            With None it returns logits.
        name: Name of the model.
        **kwargs: The other arguments of `DANNModel`: `adaptation_factor`,
            `total_steps`, `domain_classifier`.

    Returns:
        A built `DANNModel`. It takes images of values 0 to 255, uint8 or
        float.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> model = LeNet(num_classes=10)
    >>> model.predict(np.zeros((2, 28, 28, 3), "uint8"), verbose=0).shape
    (2, 10)

    Reference:
        Ganin & Lempitsky (2015), Appendix B, figure 5a.
    """
    num_classes = check_integer("num_classes", num_classes, minimum=1)
    channels_last = keras.config.image_data_format() == "channels_last"
    sizes = tuple(input_shape)
    pixels = sizes[:2] if channels_last else sizes[1:]
    if len(sizes) != 3 or any(size is None or size < 16 for size in pixels):
        raise ValueError(
            invalid(
                "input_shape",
                "an image shape of three axes, of at least 16 x 16 pixels",
                input_shape,
                "Greyscale images need their axis: `(28, 28, 1)`.",
            )
        )
    channels = sizes[-1] if channels_last else sizes[0]
    means = check_mean(mean, channels)
    feature_extractor = keras.Sequential(
        [
            keras.Input(sizes, name="image"),
            keras.layers.Normalization(
                axis=-1 if channels_last else 1,
                mean=means,
                variance=[127.5**2] * channels,
                name="normalization",
            ),
            # ReLU after pooling is the same function as before it, for a
            # quarter of the work.
            keras.layers.Conv2D(32, 5, name="conv1"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.ReLU(name="relu1"),
            keras.layers.Conv2D(48, 5, name="conv2"),
            keras.layers.MaxPooling2D(2, name="pool2"),
            keras.layers.ReLU(name="relu2"),
            keras.layers.Flatten(name="features"),
        ],
        name="feature_extractor",
    )
    label_predictor = keras.Sequential(
        [
            keras.layers.Dense(100, activation="relu", name="fc1"),
            keras.layers.Dense(100, activation="relu", name="fc2"),
            keras.layers.Dense(
                num_classes,
                activation=classifier_activation,
                dtype="float32",
                name="predictions",
            ),
        ],
        name="label_predictor",
    )
    if "domain_classifier" not in kwargs:
        kwargs["domain_classifier"] = keras.Sequential(
            [
                keras.layers.Dense(100, activation="relu", name="domain_fc1"),
                keras.layers.Dense(1, dtype="float32", name="domain_logits"),
            ],
            name="domain_classifier",
        )
    return DANNModel(feature_extractor, label_predictor, name=name, **kwargs)
