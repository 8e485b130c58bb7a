"""Random changes of training images, by the settings' `augmentation`."""

import keras
from keras import layers

_RANGE = (0, 255)


def augmentation(kind: str, name: str) -> keras.Sequential:
    """Layers that change images of values 0 to 255, in training only.

    Args:
        kind: "light" for brightness, contrast and position; "negative" for
            these, and every second image inverted.
        name: Of the layers.
    """
    changes: list[layers.Layer] = [
        layers.Rescaling(1.0, name="as_float"),
        layers.RandomBrightness(0.2, _RANGE, name="brightness"),
        layers.RandomContrast(0.5, _RANGE, name="contrast"),
        layers.RandomTranslation(0.1, 0.1, "nearest", name="position"),
    ]
    if kind == "negative":
        changes.insert(
            1, layers.RandomInvert((0.5, 0.5), _RANGE, name="negative")
        )
    if keras.backend.backend() == "jax":
        # Keras takes RandomTranslation for a layer that XLA cannot compile, as
        # it is on TensorFlow, and runs the whole model op by op:
        # https://github.com/keras-team/keras/issues/23229
        for layer in changes:
            layer.supports_jit = True
    return keras.Sequential(changes, name=name)
