"""AlexNet, and the paper's network for OFFICE on top of it."""

from typing import Any

import keras
from keras import layers

from keras_grl.architectures import parts
from keras_grl.architectures import weight_files
from keras_grl.architectures.weights import assign
from keras_grl.architectures.weights import download
from keras_grl.layers.convolution import Conv2D
from keras_grl.layers.local_response_normalization import (
    LocalResponseNormalization,
)
from keras_grl.layers.max_pooling import MaxPooling2D
from keras_grl.layers.mean_subtraction import MeanSubtraction
from keras_grl.models.dann import DANNModel
from keras_grl.types import Activation
from keras_grl.types import Mean
from keras_grl.types import PathLike
from keras_grl.validation import check_choice

# Of RGB images from 0 to 255. Caffe's network was trained minus a mean image,
# of which these are the means of the channels, rounded; and on BGR images: its
# first kernels are flipped when they are read.
_MEANS = {
    "caffe": [123.0, 117.0, 104.0],
    "torchvision": [123.675, 116.28, 103.53],
}
_SCALES: dict[str, Any] = {
    "caffe": 1.0,
    "torchvision": [58.395, 57.12, 57.375],
}
_SIZES = {"caffe": 227, "torchvision": 224}
_SMALLEST = {"caffe": 67, "torchvision": 63}
_CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4", "conv5")
# Our names to those of the files. Caffe's are ours.
_CAFFE = {name: name for name in (*_CONVOLUTIONS, "fc6", "fc7", "fc8")}
_TORCHVISION = {
    "conv1": "features.0",
    "conv2": "features.3",
    "conv3": "features.6",
    "conv4": "features.8",
    "conv5": "features.10",
    "fc6": "classifier.1",
    "fc7": "classifier.4",
    "fc8": "classifier.6",
}
_PUBLISHED = {"caffe": "alexnet_caffe", "torchvision": "alexnet_torchvision"}


def AlexNet(
    num_classes: int | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    weights: PathLike | None = None,
    classifier_activation: Activation = "softmax",
    variant: str = "caffe",
    name: str = "alexnet",
    classes: int | None = None,
) -> keras.Model:
    """AlexNet for ImageNet's classes, for raw images.

    | layer | "caffe" (`bvlc_alexnet`) | "torchvision" |
    |---|---|---|
    | input | 227 x 227, minus the mean | 224 x 224, minus mean, by deviation |
    | conv1 | 11x11/4, 96; ReLU; LRN; max-pool 3x3/2 | 11x11/4, 64, padded \
by 2; ReLU; max-pool 3x3/2 |
    | conv2 | 5x5, 256, 2 groups; ReLU; LRN; max-pool 3x3/2 | 5x5, 192; ReLU; \
max-pool 3x3/2 |
    | conv3 | 3x3, 384; ReLU | 3x3, 384; ReLU |
    | conv4 | 3x3, 384, 2 groups; ReLU | 3x3, 256; ReLU |
    | conv5 | 3x3, 256, 2 groups; ReLU; max-pool 3x3/2 | 3x3, 256; ReLU; \
max-pool 3x3/2; average-pool to 6x6 |
    | fc6, fc7 | 4096; ReLU; dropout 0.5 | the same |
    | fc8 | `num_classes` | the same |

    LRN: local response normalization over 5 channels, α = 1e-4, β = 0.75.

    Args:
        weights: None; "imagenet", which downloads the published file of the
            variant; or the path of a file: Caffe's as `.caffemodel` or
            `.npy` (`bvlc_alexnet.npy`), torchvision's as `.pth` or
            `.safetensors`, or a `.weights.h5` file of such a model.
        input_shape: Shape of an RGB image. At least 67 x 67 pixels ("caffe")
            or 63 x 63; defaults to the variant's own. Pre-trained weights of
            "caffe" need 227 x 227 or a little more: fc6 takes 6 x 6
            positions. At other sizes Caffe's poolings round up, these down.
        num_classes: Integer, the number of classes, by default 1000, which
            pre-trained weights of fc8 need.
        classifier_activation: Activation of the last layer.
        variant: "caffe" or "torchvision".
        name: Name of the model.
        classes: Deprecated name of `num_classes`.

    Returns:
        A `keras.Sequential` model from RGB images of values 0 to 255 to
        probabilities.

    Raises:
        FileNotFoundError: If there is no such file of weights.
        ImportError: If the package that reads the file is not installed.
        OSError: If "imagenet" cannot be downloaded.
        ValueError: If an argument is invalid, or the weights do not fit.

    Example:

    >>> model = AlexNet(input_shape=(67, 67, 3), num_classes=5)
    >>> model.output_shape
    (None, 5)

    Reference:
        Krizhevsky, Sutskever & Hinton (2012); Caffe's `bvlc_alexnet`;
        `torchvision.models.alexnet`.
    """
    check_choice("variant", variant, _SIZES)
    weights = _check_weights(weights)
    shape = parts.check_input_shape(
        input_shape, _SIZES[variant], _SMALLEST[variant], channels=3
    )
    model = keras.Sequential(
        [
            keras.Input(shape, name="image"),
            MeanSubtraction(
                _MEANS[variant], _SCALES[variant], name="mean_subtraction"
            ),
            *_layers(variant),
            layers.Dense(
                parts.check_classes(num_classes, classes, 1000),
                activation=classifier_activation,
                dtype="float32",
                name="fc8",
            ),
        ],
        name=name,
    )
    _load(model, model, weights, variant, ("fc6", "fc7", "fc8"))
    return model


def AlexNetBottleneck(
    num_classes: int | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    weights: PathLike | None = None,
    mean: Mean = "imagenet",
    variant: str = "caffe",
    bottleneck: int = 256,
    pretrained_scale: float | None = None,
    classifier_activation: Activation = "softmax",
    name: str = "alexnet_bottleneck",
    classes: int | None = None,
    **kwargs: Any,
) -> DANNModel:
    """The paper's OFFICE architecture, as a `DANNModel` for raw images.

    | part | layers |
    |---|---|
    | feature extractor | AlexNet up to fc7: see `AlexNet` |
    |                   | gradient times `pretrained_scale` |
    |                   | bottleneck of 256 units, without ReLU |
    | label predictor | `num_classes` units |
    | domain classifier | 1024, 1024, 1 units after gradient reversal, with \
dropout 0.5 |

    With the default arguments there are 57,917,056 + 7,967 + 1,313,793
    weights.

    The authors train the new layers at ten times the learning rate of the
    pre-trained ones. Here the learning rate is that of the new layers: the
    authors use 0.01. On OFFICE they weight the domain loss by 0.1:
    `model.compile(..., domain_loss_weight=0.1)`.

    Args:
        num_classes: Integer, the number of classes, by default 31.
        input_shape: Shape of an RGB image; see `AlexNet`.
        weights: None; "imagenet", which downloads the published file of the
            variant; or the path of a file: Caffe's as `.caffemodel` or
            `.npy` (`bvlc_alexnet.npy`), torchvision's as `.pth` or
            `.safetensors`; or a `.weights.h5` file of such a `DANNModel`.
        mean: What is subtracted from the pixels: "imagenet", what the
            published weights were trained with; a number; one per channel;
            `{"source": …, "target": …}` of these; or "per_domain", each
            domain's own mean over the images trained on.
        variant: "caffe" or "torchvision".
        bottleneck: Integer, the number of features.
        pretrained_scale: Float, at least 0: the learning rate of AlexNet
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
        OSError: If "imagenet" cannot be downloaded.
        ValueError: If an argument is invalid, or the weights do not fit.

    Example:

    >>> model = AlexNetBottleneck(num_classes=10, input_shape=(67, 67, 3))
    >>> model.feature_extractor.output_shape
    (None, 256)

    Reference:
        Ganin & Lempitsky (2015), section 4 and Appendix B, figure 5d.
    """
    check_choice("variant", variant, _SIZES)
    weights = _check_weights(weights)
    shape = parts.check_input_shape(
        input_shape, _SIZES[variant], _SMALLEST[variant], channels=3
    )
    imagenet = isinstance(mean, str) and mean == "imagenet"
    model = parts.bottlenecked(
        keras.Sequential(_layers(variant), name="alexnet"),
        bottleneck,
        pretrained_scale,
        weights is not None,
        parts.check_classes(num_classes, classes, 31),
        classifier_activation,
        shape,
        _MEANS[variant] if imagenet else mean,
        _SCALES[variant],
        name=name,
        **kwargs,
    )
    alexnet = model.feature_extractor.get_layer("alexnet")
    _load(model, alexnet, weights, variant, ("fc6", "fc7"))
    return model


def _layers(variant: str) -> list[layers.Layer]:
    """From a mean-subtracted image to fc7."""
    caffe = variant == "caffe"

    def convolution(
        name: str, filters: int, size: int, groups: int = 1, **kwargs: Any
    ) -> layers.Layer:
        return Conv2D(
            filters,
            size,
            groups=groups if caffe else 1,
            name=name,
            **{"padding": "same", **kwargs},
        )

    def after(number: int) -> list[layers.Layer]:
        pool = MaxPooling2D(3, 2, name=f"pool{number}")
        relu = layers.ReLU(name=f"relu{number}")
        if not caffe or number == 5:
            # ReLU after pooling is the same function as before it, for a
            # quarter of the work.
            return [pool, relu]
        return [
            relu,
            LocalResponseNormalization(5, 1e-4, 0.75, name=f"norm{number}"),
            pool,
        ]

    return [
        *([] if caffe else [layers.ZeroPadding2D(2, name="pad1")]),
        convolution(
            "conv1", 96 if caffe else 64, 11, strides=4, padding="valid"
        ),
        *after(1),
        convolution("conv2", 256 if caffe else 192, 5, groups=2),
        *after(2),
        convolution("conv3", 384, 3),
        layers.ReLU(name="relu3"),
        convolution("conv4", 384 if caffe else 256, 3, groups=2),
        layers.ReLU(name="relu4"),
        convolution("conv5", 256, 3, groups=2),
        *after(5),
        *(
            []
            if caffe
            else [layers.AdaptiveAveragePooling2D(6, name="average")]
        ),
        layers.Flatten(name="flatten"),
        layers.Dense(4096, activation="relu", name="fc6"),
        layers.Dropout(0.5, name="drop6"),
        layers.Dense(4096, activation="relu", name="fc7"),
        layers.Dropout(0.5, name="drop7"),
    ]


def _check_weights(weights: PathLike | None) -> str | None:
    """The path of a file that may be read, or "imagenet"."""
    if isinstance(weights, str) and weights == "imagenet":
        return weights
    return parts.check_weights(weights, *weight_files.SUFFIXES)


def _load(
    model: keras.Model,
    alexnet: keras.Model,
    weights: str | None,
    variant: str,
    dense: tuple[str, ...],
) -> None:
    """Published weights go into AlexNet, saved ones into the whole model."""
    if weights is None or parts.is_own(weights):
        parts.load_own(model, weights)
        return
    if weights == "imagenet":
        weights = download(_PUBLISHED[variant])
    published = weight_files.read(weights)
    caffe = variant == "caffe"
    names = _CAFFE if caffe else _TORCHVISION
    if (_TORCHVISION if caffe else _CAFFE)["conv1"] in published.layers:
        other = "torchvision" if caffe else "caffe"
        raise ValueError(
            f"The file {weights} has the other variant's layers. Expected: "
            f"those of {variant!r}, such as {names['conv1']!r}. Received: "
            f"{', '.join(sorted(published.layers))}\n"
            f'Pass `variant="{other}"`.'
        )
    _, *flattened = alexnet.get_layer("flatten").input.shape
    if not parts.channels_last():
        flattened = [*flattened[1:], flattened[0]]
    assign(
        alexnet,
        published,
        {name: names[name] for name in (*_CONVOLUTIONS, *dense)},
        flattened={"fc6": tuple(flattened)},
        flipped="conv1" if caffe else None,
    )
