"""SqueezeNet, and a network for small sets of photographs on top of it."""

from typing import Any

import keras
from keras import layers

from keras_grl.architectures import parts
from keras_grl.architectures import weight_files
from keras_grl.architectures.weights import assign
from keras_grl.layers.convolution import Conv2D
from keras_grl.layers.max_pooling import MaxPooling2D
from keras_grl.layers.mean_subtraction import MeanSubtraction
from keras_grl.models.dann import DANNModel
from keras_grl.types import Activation
from keras_grl.types import Mean
from keras_grl.types import PathLike

# Of RGB images from 0 to 255. The published weights are of BGR images: their
# first kernels are flipped when they are read.
_MEAN = [123.0, 117.0, 104.0]
# Channels of squeeze1x1 and of each of expand1x1 and expand3x3.
_FIRES = {
    2: (16, 64),
    3: (16, 64),
    4: (32, 128),
    5: (32, 128),
    6: (48, 192),
    7: (48, 192),
    8: (64, 256),
    9: (64, 256),
}
_SMALLEST = 35


def SqueezeNet(
    num_classes: int | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    weights: PathLike | None = None,
    classifier_activation: Activation = "softmax",
    name: str = "squeezenet",
    classes: int | None = None,
) -> keras.Model:
    """SqueezeNet 1.0 for ImageNet's classes, for raw images.

    | layer | |
    |---|---|
    | input | 227 x 227, minus the mean |
    | conv1 | 7x7/2, 96; ReLU; max-pool 3x3/2 |
    | fire2 to fire4 | 128, 128, 256 channels; max-pool 3x3/2 |
    | fire5 to fire8 | 256, 384, 384, 512 channels; max-pool 3x3/2 |
    | fire9 | 512 channels; dropout 0.5 |
    | conv10 | 1x1 padded by 1, `num_classes`; ReLU; mean of all positions |

    A fire module: squeeze 1x1; expand 1x1 and expand 3x3 of its output side by
    side, each with ReLU.

    Args:
        weights: None; the path of an `.npz` file with the arrays `<layer>/w`
            and `<layer>/b` in Caffe's layout, or of a `.caffemodel` file; or
            a `.weights.h5` file of such a model.
        input_shape: Shape of an RGB image, at least 35 x 35 pixels. At sizes
            other than 227 Caffe's poolings round up, these round down.
        num_classes: Integer, the number of classes, by default 1000, which
            published weights need.
        classifier_activation: Activation of the last layer.
        name: Name of the model.
        classes: Deprecated name of `num_classes`.

    Returns:
        A Functional model from RGB images of values 0 to 255 to probabilities.

    Raises:
        FileNotFoundError: If there is no such file of weights.
        ImportError: If the package that reads the file is not installed.
        ValueError: If an argument is invalid, or the weights do not fit.

    Example:

    >>> SqueezeNet(num_classes=1000).count_params()
    1248424

    Reference:
        Iandola et al., "SqueezeNet" (2016), table 1.
    """
    weights = parts.check_weights(weights, *weight_files.SUFFIXES)
    shape = parts.check_input_shape(input_shape, 227, _SMALLEST, channels=3)
    image = keras.Input(shape, name="image")
    x = MeanSubtraction(_MEAN, name="mean_subtraction")(image)
    x = _fires(x)
    x = layers.Dropout(0.5, name="drop9")(x)
    x = layers.ZeroPadding2D(1, name="pad10")(x)
    x = Conv2D(
        parts.check_classes(num_classes, classes, 1000),
        1,
        activation="relu",
        name="conv10",
    )(x)
    x = layers.GlobalAveragePooling2D(name="pool10")(x)
    x = layers.Activation(
        classifier_activation, dtype="float32", name="predictions"
    )(x)
    model = keras.Model(image, x, name=name)
    _load(model, model, weights, [*_layer_names(), "conv10"])
    return model


def SqueezeNetBottleneck(
    num_classes: int | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    weights: PathLike | None = None,
    mean: Mean = "imagenet",
    bottleneck: int = 256,
    pretrained_scale: float | None = None,
    classifier_activation: Activation = "softmax",
    name: str = "squeezenet_bottleneck",
    classes: int | None = None,
    **kwargs: Any,
) -> DANNModel:
    """The paper's OFFICE architecture with SqueezeNet in AlexNet's place.

    | part | layers |
    |---|---|
    | feature extractor | SqueezeNet up to fire9: see `SqueezeNet` |
    |                   | average over all positions; dropout 0.5 |
    |                   | gradient times `pretrained_scale` |
    |                   | bottleneck of 256 units, without ReLU |
    | label predictor | `num_classes` units |
    | domain classifier | 1024, 1024, 1 units after gradient reversal, with \
dropout 0.5 |

    With the default arguments there are 866,752 + 7,967 + 1,313,793 weights.

    Args:
        num_classes: Integer, the number of classes, by default 31.
        input_shape: Shape of an RGB image, at least 35 x 35 pixels.
        weights: None; the path of an `.npz` file with the arrays `<layer>/w`
            and `<layer>/b` in Caffe's layout, or of a `.caffemodel` file; or
            a `.weights.h5` file of such a `DANNModel`.
        mean: What is subtracted from the pixels: "imagenet", what the
            published weights were trained with; a number; one per channel;
            `{"source": …, "target": …}` of these; or "per_domain", each
            domain's own mean over the images trained on.
        bottleneck: Integer, the number of features.
        pretrained_scale: Float, at least 0: the learning rate of SqueezeNet
            relative to that of the new layers, exact under SGD; see
            `keras_grl.layers.GradientScaling`. Defaults to 0.1 with `weights`
            and to 1 without.
        classifier_activation: Activation of the label predictor's last layer.
            With None it returns logits.
        name: Name of the model.
        classes: Deprecated name of `num_classes`.
        **kwargs: The other arguments of `DANNModel`: `adaptation_factor`,
            `total_steps`, `domain_classifier`, ….

    Returns:
        A built `DANNModel`. It takes RGB images of values 0 to 255, uint8 or
        float.

    Raises:
        FileNotFoundError: If there is no such file of weights.
        ImportError: If the package that reads the file is not installed.
        ValueError: If an argument is invalid, or the weights do not fit.

    Example:

    >>> model = SqueezeNetBottleneck(num_classes=10, input_shape=(64, 64, 3))
    >>> model.feature_extractor.output_shape
    (None, 256)

    Reference:
        Iandola et al., "SqueezeNet" (2016), table 1; Ganin & Lempitsky (2015),
        Appendix B, figure 5d.
    """
    weights = parts.check_weights(weights, *weight_files.SUFFIXES)
    shape = parts.check_input_shape(input_shape, 227, _SMALLEST, channels=3)
    image = keras.Input(shape, name="image")
    x = layers.GlobalAveragePooling2D(name="pool9")(_fires(image))
    x = layers.Dropout(0.5, name="drop9")(x)
    imagenet = isinstance(mean, str) and mean == "imagenet"
    model = parts.bottlenecked(
        keras.Model(image, x, name="squeezenet"),
        bottleneck,
        pretrained_scale,
        weights is not None,
        parts.check_classes(num_classes, classes, 31),
        classifier_activation,
        shape,
        _MEAN if imagenet else mean,
        1.0,
        name=name,
        **kwargs,
    )
    squeezenet = model.feature_extractor.get_layer("squeezenet")
    _load(model, squeezenet, weights, _layer_names())
    return model


def _fires(x: keras.KerasTensor) -> keras.KerasTensor:
    """From mean-subtracted images to the 512 channels of fire9."""
    x = Conv2D(96, 7, strides=2, activation="relu", name="conv1")(x)
    x = MaxPooling2D(3, 2, name="pool1")(x)
    for number, (squeezed, expanded) in _FIRES.items():
        x = _fire(x, f"fire{number}", squeezed, expanded)
        if number in (4, 8):
            x = MaxPooling2D(3, 2, name=f"pool{number}")(x)
    return x


def _fire(
    x: keras.KerasTensor, name: str, squeezed: int, expanded: int
) -> keras.KerasTensor:
    def convolution(
        x: keras.KerasTensor, part: str, filters: int, size: int
    ) -> keras.KerasTensor:
        return Conv2D(
            filters,
            size,
            padding="same",
            activation="relu",
            name=f"{name}_{part}",
        )(x)

    x = convolution(x, "squeeze1x1", squeezed, 1)
    both = [
        convolution(x, "expand1x1", expanded, 1),
        convolution(x, "expand3x3", expanded, 3),
    ]
    axis = -1 if parts.channels_last() else 1
    return layers.Concatenate(axis, name=f"{name}_concat")(both)


def _layer_names() -> list[str]:
    names = ["conv1"]
    for number in _FIRES:
        for part in ("squeeze1x1", "expand1x1", "expand3x3"):
            names.append(f"fire{number}_{part}")
    return names


def _load(
    model: keras.Model,
    squeezenet: keras.Model,
    weights: str | None,
    names: list[str],
) -> None:
    """Published weights go into SqueezeNet, saved ones into the whole model."""
    if weights is None or parts.is_own(weights):
        parts.load_own(model, weights)
        return
    # Keras wants no "/" in names.
    assign(
        squeezenet,
        weight_files.read(weights),
        {name: name.replace("_", "/") for name in names},
        flipped="conv1",
    )
