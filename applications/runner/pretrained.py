"""Networks of pre-trained layers, for OFFICE's few photographs."""

from typing import Any

import keras

import keras_grl
from applications.runner.settings import Domains
from applications.runner.settings import Settings
from keras_grl import architectures


def frozen(squeezenet: keras.Model, network: str) -> keras.Model:
    """The layers that are not trained with `--network` deep or small."""
    if network == "deep":  # 13 x 13 positions of 512 channels
        outputs = squeezenet.get_layer("pool8").output
    else:  # 512 features
        outputs = keras.layers.GlobalAveragePooling2D()(
            squeezenet.get_layer("fire9_concat").output
        )
    return keras.Model(squeezenet.input, outputs)


def last_fire(squeezenet: keras.Model) -> list[keras.layers.Layer]:
    """Fire9, from the outputs of pool8 to what the bottleneck takes."""
    fire = keras.Model(
        squeezenet.get_layer("pool8").output,
        squeezenet.get_layer("fire9_concat").output,
        name="fire9",
    )
    return [
        fire,
        keras.layers.GlobalAveragePooling2D(name="pool9"),
        keras.layers.Dropout(0.5, name="drop9"),
        # As with AlexNet, pre-trained layers learn at a tenth of the rate by
        # SGD. Adam, which is invariant to it, has one rate for all.
        keras_grl.layers.GradientScaling(0.1, name="pretrained_scale"),
    ]


def network(
    weights: str | None, settings: Settings, domains: Domains, **kwargs: Any
) -> keras_grl.DANNModel:
    """The network that `--network` chooses, untrained.

    Args:
        weights: File of published weights; None for random ones.
        settings: Of them `network` and `gamma`.
        domains: The data.
        **kwargs: Arguments of `DANNModel`.
    """
    classes = int(domains.source.y.max()) + 1
    kwargs = {
        "adaptation_factor": keras_grl.schedules.SigmoidRamp(settings.gamma),
        **kwargs,
    }
    if settings.network == "paper":
        return architectures.AlexNetBottleneck(
            classes, weights=weights, **kwargs
        )
    pretrained = []
    if settings.network == "deep":
        squeezenet = architectures.SqueezeNet(weights=weights)
        pretrained = last_fire(squeezenet)
    return keras_grl.DANNModel(
        keras.Sequential(
            [
                keras.Input(domains.source.x.shape[1:]),
                *pretrained,
                keras.layers.Dense(256, name="bottleneck"),
            ],
            name="feature_extractor",
        ),
        keras.Sequential(
            [
                keras.layers.Dense(
                    classes, activation="softmax", name="predictions"
                )
            ],
            name="label_predictor",
        ),
        keras.Sequential(
            [
                keras.layers.Dense(1024, activation="relu"),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(1024, activation="relu"),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(1),
            ],
            name="domain_classifier",
        ),
        **kwargs,
    )
