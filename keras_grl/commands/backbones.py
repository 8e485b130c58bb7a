"""The classifier of the command: a backbone, raw images in, classes out."""

import contextlib
import textwrap
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from types import ModuleType

import keras
import numpy as np
from keras import layers

from keras_grl.commands.arguments import SMALL
from keras_grl.commands.errors import CommandError
from keras_grl.commands.errors import shown
from keras_grl.types import Array

_CHANNELS = 3
_MOST_LETTERS = 240  # of an error of Keras


def check(backbone: str, weights: str | None) -> str | None:
    """The weights to use, if there is such a network.

    Args:
        backbone: Of `--backbone`.
        weights: Of `--weights`; None if it was not passed.

    Returns:
        "imagenet", None for random ones, or the path of a file.

    Raises:
        CommandError: If Keras has no such network.
    """
    if backbone != SMALL and backbone not in names():
        raise CommandError(
            f"--backbone: expected small or one of {', '.join(names())}, "
            f"received {shown(backbone)!r}"
        )
    if backbone == SMALL or weights == "none":
        return None
    return weights or "imagenet"


def names() -> list[str]:
    """The networks of `keras.applications`."""
    return sorted(
        name
        for name, value in vars(keras.applications).items()
        if name[0].isupper() and callable(value)
    )


def builder(
    backbone: str, weights: str | None, size: int, classes: int
) -> Callable[[], keras.Model]:
    """A function that makes the classifier, not compiled.

    Args:
        backbone: "small", or a network of `keras.applications`.
        weights: As `check` returns them.
        size: Integer, the side of the images in pixels.
        classes: Integer.
    """

    def build() -> keras.Model:
        images = keras.Input((size, size, _CHANNELS), name="images")
        with _channels_last():
            if backbone == SMALL:
                features = _small(images)
            else:
                network = _application(backbone, weights, size)
                features = network(preprocessed(backbone, images))
        probabilities = layers.Dense(
            classes, activation="softmax", name="probabilities"
        )(features)
        return keras.Model(images, probabilities, name=backbone)

    return build


def check_builds(build: Callable[[], keras.Model]) -> None:
    """Makes the classifier once, so that errors come before training.

    The weights of ImageNet are downloaded here.

    Args:
        build: Function that returns the classifier.
    """
    build()
    keras.backend.clear_session(free_memory=False)


@contextlib.contextmanager
def _channels_last() -> Iterator[None]:
    """Layers take images as they are read, whatever keras.json says."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)


def _small(images: keras.KerasTensor) -> keras.KerasTensor:
    """Three convolutions and a dense layer, for images of 28 to 64 pixels."""
    # Each image by its own mean and variance. Batch normalization would take
    # averages of the source to the target, and they settle slowly: in runs of a
    # hundred steps it predicted one class for all of a target.
    x = layers.LayerNormalization((1, 2, 3), center=False, scale=False)(images)
    for filters, size in ((32, 5), (64, 3), (64, 3)):
        x = layers.Conv2D(
            filters, size, strides=2, padding="same", activation="relu"
        )(x)
    x = layers.Flatten()(x)
    return layers.Dense(128, activation="relu", name="features")(x)


def _application(backbone: str, weights: str | None, size: int) -> keras.Model:
    """The network of Keras without its top."""
    make = getattr(keras.applications, backbone)
    try:
        with warnings.catch_warnings():
            # That ImageNet's images were of another size; and of a file of
            # another network one for each layer, before the error.
            warnings.simplefilter("ignore")
            return make(
                include_top=False,
                weights=weights,
                input_shape=(size, size, _CHANNELS),
                pooling="avg",
            )
    except Exception as error:  # Keras raises plain ones of failed downloads
        message = " ".join(str(error).split())
        if weights == "imagenet" and "URL" in message:
            raise CommandError(
                f"--weights imagenet: cannot download the weights of "
                f"{backbone} ({message}). Without the internet pass --weights "
                "FILE, a file of weights without the top, or --weights none"
            ) from None
        if "Input size must be" in message:
            raise CommandError(
                f"--image-size: {backbone} cannot take {size} pixels. {message}"
            ) from None
        if weights not in (None, "imagenet"):
            raise CommandError(
                f"--weights: {shown(weights)} does not fit {backbone} without "
                f"its top ({_first_of(message)}). Save such a file by "
                f"`keras.applications.{backbone}(include_top=False)"
                '.save_weights("name.weights.h5")`'
            ) from None
        raise


def _first_of(message: str) -> str:
    """What an error of loading weights says before it lists all layers."""
    message = message.partition(" List of objects")[0].rstrip(".")
    return textwrap.shorten(message, _MOST_LETTERS, placeholder=" …")


def preprocessed(backbone: str, images: keras.KerasTensor) -> keras.KerasTensor:
    """The network's `preprocess_input` as layers, which are saved with it.

    Args:
        backbone: A network of `keras.applications`.
        images: Symbolic images of values 0 to 255.
    """
    module = _module(backbone)
    if module is None:  # MobileNetV3, which has it inside
        return images
    matrix, offset = _affine(module.preprocess_input)
    if np.any(np.diag(matrix[::-1])[[0, 2]]):
        images = keras.ops.flip(images, axis=-1)  # to blue, green, red
        matrix = matrix[::-1]
    scale = np.diag(matrix)
    if (scale == 1).all() and not offset.any():
        return images
    return layers.Rescaling(scale.tolist(), offset.tolist())(images)


def _affine(function: Callable[..., Array]) -> tuple[Array, Array]:
    """A function of pixels as `x @ matrix + offset`.

    Args:
        function: Of an array of images of values 0 to 255.
    """
    # All that Keras has are of this form: black, then 255 in each channel.
    pixels = np.concatenate([np.zeros((1, 3)), 255 * np.eye(3)])
    values = np.asarray(
        function(
            pixels.reshape(1, 2, 2, 3).astype("float32"),
            data_format="channels_last",
        )
    ).reshape(4, 3)
    offset = values[0].astype("float64")
    return np.round((values[1:] - offset) / 255, 9), offset


def _module(backbone: str) -> ModuleType | None:
    """The module with the `preprocess_input` of a network."""
    network = getattr(keras.applications, backbone)
    for module in vars(keras.applications).values():
        if isinstance(module, ModuleType):
            if getattr(module, backbone, None) is network:
                return module
    return None
