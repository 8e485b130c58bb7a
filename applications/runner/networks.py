"""The networks that experiments train, from the settings' `network`."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

import keras_grl
from applications.runner.augmentation import augmentation
from applications.runner.settings import Domains
from applications.runner.settings import Settings


def of(architecture: str, classes: int) -> Callable[..., keras_grl.DANNModel]:
    """What `--network` chooses from.

    With "paper" it is the builder's network, which subtracts from the images
    of each domain their own mean.

    Args:
        architecture: A builder of `keras_grl.architectures`.
        classes: Number of classes.
    """

    def network(
        settings: Settings, domains: Domains, **kwargs: Any
    ) -> keras_grl.DANNModel:
        shape = domains.source.x.shape[1:]
        schedule = keras_grl.schedules.SigmoidRamp(settings.gamma)
        kwargs = {"adaptation_factor": schedule, **kwargs}
        others = {"small": small, "deep": deep}
        if settings.augmentation != "none":
            kwargs["preprocessing"] = {
                domain: augmentation(settings.augmentation, f"of_{domain}")
                for domain in ("source", "target")
            }
        if settings.network in others:
            return others[settings.network](classes, shape, settings, **kwargs)
        builder = getattr(keras_grl.architectures, architecture)
        return builder(
            classes, input_shape=shape, mean=means(domains), **kwargs
        )

    return network


def means(domains: Domains) -> dict[str, list[float]]:
    """The mean of each channel over the training images of each domain."""
    return {
        "source": domains.source.x.mean(axis=(0, 1, 2)).tolist(),
        "target": domains.target.x.mean(axis=(0, 1, 2)).tolist(),
    }


def small(
    classes: int,
    shape: tuple[int, int, int],
    settings: Settings,
    **kwargs: Any,
) -> keras_grl.DANNModel:
    """LeNet with batch normalization per domain, and dropout.

    Args:
        classes: Number of classes.
        shape: Of an image.
        settings: Of them `features` and `normalization`.
        **kwargs: Arguments of `DANNModel`.
    """
    extractor: list[layers.Layer] = []
    for number, filters in enumerate((32, 48), start=1):
        extractor += [
            keras_grl.layers.Conv2D(
                filters, 5, use_bias=False, name=f"conv{number}"
            ),
            # Pooled first: a quarter of the work for what follows.
            keras_grl.layers.MaxPooling2D(2, name=f"pool{number}"),
            layers.BatchNormalization(name=f"normalization{number}"),
            layers.ReLU(name=f"relu{number}"),
        ]
    return _joined(extractor, (100, 100), classes, shape, settings, kwargs)


def deep(
    classes: int,
    shape: tuple[int, int, int],
    settings: Settings,
    **kwargs: Any,
) -> keras_grl.DANNModel:
    """Five 3x3 convolutions with batch normalization per domain.

    A fifth of the work of the paper's network for SVHN.

    Args:
        classes: Number of classes.
        shape: Of an image.
        settings: Of them `features` and `normalization`.
        **kwargs: Arguments of `DANNModel`.
    """
    extractor: list[layers.Layer] = []
    for number, (filters, pooled) in enumerate(
        ((32, True), (64, False), (64, True), (128, False), (128, True)),
        start=1,
    ):
        extractor.append(
            keras_grl.layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                name=f"conv{number}",
            )
        )
        if pooled:
            extractor.append(
                keras_grl.layers.MaxPooling2D(2, name=f"pool{number}")
            )
        extractor += [
            layers.BatchNormalization(name=f"normalization{number}"),
            layers.ReLU(name=f"relu{number}"),
        ]
    return _joined(extractor, (256,), classes, shape, settings, kwargs)


def _joined(
    extractor: list[layers.Layer],
    units: tuple[int, ...],
    classes: int,
    shape: tuple[int, int, int],
    settings: Settings,
    kwargs: dict[str, Any],
) -> keras_grl.DANNModel:
    """The layers between raw images and the heads' outputs."""
    before = [
        keras.Input(shape, name="image"),
        layers.Rescaling(1 / 127.5, offset=-1, name="rescaling"),
    ]
    if settings.normalization == "image":
        # Groups of one channel: instance normalization (Shu et al., 2018).
        before.append(
            layers.GroupNormalization(
                -1, center=False, scale=False, name="instance_normalization"
            )
        )
    hidden: list[layers.Layer] = [
        layers.Dense(size, activation="relu", name=f"fc{number}")
        for number, size in enumerate(units, start=1)
    ]
    hidden.insert(1, layers.Dropout(0.5, name="drop1"))
    hidden.append(
        layers.Dense(classes, activation="softmax", name="predictions")
    )
    # What distinguishes synthetic images from photographs, such as noise, is in
    # many outputs of the convolutions. A dense layer can leave it out.
    cut = 1 if settings.features == "dense" else 0
    domain_classifier = [
        layers.Dense(100, activation="relu", name="domain_fc1"),
        layers.Dense(1, name="domain_logits"),
    ]
    model = keras_grl.DANNModel(
        keras.Sequential(
            [
                *before,
                *extractor,
                layers.Flatten(name="flatten"),
                *hidden[:cut],
            ],
            name="feature_extractor",
        ),
        keras.Sequential(hidden[cut:], name="label_predictor"),
        keras.Sequential(domain_classifier, name="domain_classifier"),
        **{"batch_normalization": "domain_specific", **kwargs},
    )
    if not model.built:  # a preprocessing might take another shape
        model.build((None, *shape))
    return model
