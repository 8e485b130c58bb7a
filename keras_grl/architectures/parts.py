"""What the builders share: arguments, heads and the joining of parts."""

import functools
import operator
import warnings
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from keras_grl.architectures import weight_files
from keras_grl.architectures.weights import load_keras
from keras_grl.layers.gradient_scaling import GradientScaling
from keras_grl.layers.mean_subtraction import MeanSubtraction
from keras_grl.methods.several_domains import units_of_domains
from keras_grl.models.dann import DANNModel
from keras_grl.streams import TARGET
from keras_grl.streams import source_names
from keras_grl.types import Activation
from keras_grl.types import Mean
from keras_grl.types import PathLike
from keras_grl.types import PerChannel
from keras_grl.validation import check_integer
from keras_grl.validation import check_number
from keras_grl.validation import check_per_channel
from keras_grl.validation import invalid

_OWN = ".weights.h5"
# A new constraint for each layer, or none.
MakeConstraint = Callable[[], keras.constraints.Constraint | None]


def channels_last() -> bool:
    """Whether `keras.config` says that images end in their channels."""
    return keras.config.image_data_format() == "channels_last"


def check_classes(
    num_classes: int | None, classes: int | None, default: int
) -> int:
    """The number of classes, by its deprecated name too."""
    if classes is None:
        given = default if num_classes is None else num_classes
        return check_integer("num_classes", given)
    if num_classes is not None:
        raise ValueError(
            "`classes` is the deprecated name of `num_classes`. Expected one "
            f"of them. Received: num_classes={num_classes!r}, "
            f"classes={classes!r}\nLeave out `classes`."
        )
    classes = check_integer("classes", classes)
    warnings.warn(
        f"`classes` is deprecated: write `num_classes={classes!r}`.",
        DeprecationWarning,
        stacklevel=3,
    )
    return classes


def check_input_shape(
    input_shape: tuple[int, int, int] | None,
    default: int,
    minimum: int,
    channels: int | None = None,
) -> tuple[int, int, int]:
    """The shape of an image.

    Args:
        input_shape: What the user passed. None stands for `default` x
            `default` pixels in color.
        default: Pixels.
        minimum: Pixels, below which the convolutions leave nothing.
        channels: The only number of them that the network takes.
    """
    if input_shape is None:
        square = (default, default)
        return (*square, 3) if channels_last() else (3, *square)
    order = "(height, width, channels)"
    if not channels_last():
        order = "(channels, height, width)"
    try:
        sizes = tuple(operator.index(size) for size in input_shape)
    except TypeError:
        sizes = ()
    if len(sizes) != 3 or min(sizes) < 1:
        raise ValueError(
            invalid(
                "input_shape",
                f"three integers, {order}",
                input_shape,
                "Grayscale images need their axis too: `x[..., np.newaxis]`.",
            )
        )
    pixels = sizes[:2] if channels_last() else sizes[1:]
    if min(pixels) < minimum:
        raise ValueError(
            invalid(
                "input_shape",
                f"{order} of at least {minimum} x {minimum} pixels, "
                "as the pooling layers require",
                input_shape,
            )
        )
    if channels is not None and sizes[-1 if channels_last() else 0] != channels:
        raise ValueError(
            invalid(
                "input_shape",
                f"{channels} channels, since the published weights and means "
                "are for RGB images",
                input_shape,
                "Grayscale images become RGB by `np.repeat(x, 3, axis=-1)`.",
            )
        )
    return sizes


def mean_subtraction(
    mean: Mean, scale: PerChannel, channels: int, num_sources: int | None = None
) -> tuple[list[keras.layers.Layer], dict[str, keras.layers.Layer] | None]:
    """The layers that a builder's argument `mean` stands for.

    Returns:
        What begins the feature extractor, and the `preprocessing` of the
        `DANNModel`: one of the two is empty.
    """
    domains = (*source_names(num_sources or 1), TARGET)
    named = " and ".join(f'"{name}"' for name in domains)
    if isinstance(mean, str) and mean == "per_domain":
        means: dict[str, PerChannel | None] = dict.fromkeys(domains)
    elif isinstance(mean, dict):
        if set(mean) != set(domains):
            raise ValueError(invalid("mean", f"a dict with {named}", mean))
        means = {
            domain: check_per_channel("mean", value, channels)
            for domain, value in mean.items()
        }
    else:
        if mean is None or isinstance(mean, str):
            raise ValueError(
                invalid(
                    "mean",
                    "a number, one for each channel, a dict of these for "
                    f'{named}, or "per_domain"',
                    mean,
                )
            )
        mean = check_per_channel("mean", mean, channels)
        return [MeanSubtraction(mean, scale, name="mean_subtraction")], None
    return [], {
        domain: MeanSubtraction(value, scale, name=f"{domain}_mean_subtraction")
        for domain, value in means.items()
    }


def label_predictor(
    units: Sequence[int],
    classes: int,
    activation: Activation,
    dropout: float = 0.0,
    constraint: MakeConstraint = lambda: None,
) -> keras.Sequential:
    """Dense layers of `units`, with ReLU, and one unit for each class."""
    layers: list[keras.layers.Layer] = []
    for number, size in enumerate(units, start=1):
        layers.append(
            keras.layers.Dense(
                size,
                activation="relu",
                kernel_constraint=constraint(),
                name=f"fc{number}",
            )
        )
        if dropout:
            layers.append(
                keras.layers.Dropout(dropout, name=f"drop_fc{number}")
            )
    layers.append(
        keras.layers.Dense(
            classes,
            activation=activation,
            kernel_constraint=constraint(),
            dtype="float32",
            name="predictions",
        )
    )
    return keras.Sequential(layers, name="label_predictor")


def domain_classifier(
    units: Sequence[int], dropout: float = 0.0
) -> Callable[[int | None], keras.Sequential]:
    """Makes, for a number of sources, dense layers with ReLU, and logits."""
    return functools.partial(_domain_classifier, units, dropout)


def _domain_classifier(
    units: Sequence[int], dropout: float, num_sources: int | None
) -> keras.Sequential:
    layers: list[keras.layers.Layer] = []
    for number, size in enumerate(units, start=1):
        layers.append(
            keras.layers.Dense(
                size, activation="relu", name=f"domain_fc{number}"
            )
        )
        if dropout:
            layers.append(
                keras.layers.Dropout(dropout, name=f"domain_drop{number}")
            )
    layers.append(
        keras.layers.Dense(
            units_of_domains(num_sources), dtype="float32", name="domain_logits"
        )
    )
    return keras.Sequential(layers, name="domain_classifier")


def joined(
    feature_layers: list[keras.layers.Layer],
    label_predictor: keras.Sequential,
    domain_classifier: Callable[[int | None], keras.Sequential],
    input_shape: tuple[int, int, int],
    mean: Mean,
    scale: PerChannel,
    /,  # so that `kwargs` can have a domain classifier too
    **kwargs: Any,
) -> DANNModel:
    """The `DANNModel` of the parts, for raw images.

    Args:
        feature_layers: The feature extractor after mean subtraction.
        label_predictor: From features to predictions.
        domain_classifier: Makes, for a number of sources, the model from
            features to logits; not called if `kwargs` has one.
        input_shape: Shape of an image.
        mean: The builder's argument.
        scale: What pixels are divided by after mean subtraction.
        **kwargs: Arguments of `DANNModel`.
    """
    channels = input_shape[-1 if channels_last() else 0]
    num_sources = kwargs.get("num_sources")
    before, preprocessing = mean_subtraction(mean, scale, channels, num_sources)
    if preprocessing is not None:
        if kwargs.get("preprocessing") is not None:
            raise ValueError(
                "Both `mean` of the domains and `preprocessing` were given. "
                f"Expected one of them. Received: mean={mean!r}, "
                f"preprocessing={kwargs['preprocessing']!r}\n"
                "Put `keras_grl.layers.MeanSubtraction` into your own "
                "preprocessing, and pass `mean=0`."
            )
        kwargs["preprocessing"] = preprocessing
    if kwargs.get("domain_classifier") is None:
        kwargs["domain_classifier"] = domain_classifier(num_sources)
    extractor = keras.Sequential(
        [keras.Input(input_shape, name="image"), *before, *feature_layers],
        name="feature_extractor",
    )
    model = DANNModel(extractor, label_predictor, **kwargs)
    if not model.built:
        model.build((None, *input_shape))
    return model


def bottlenecked(
    backbone: keras.Model,
    bottleneck: int,
    pretrained_scale: float | None,
    pretrained: bool,
    classes: int,
    classifier_activation: Activation,
    input_shape: tuple[int, int, int],
    mean: Mean,
    scale: PerChannel,
    **kwargs: Any,
) -> DANNModel:
    """The paper's network for OFFICE on a backbone, pre-trained or not."""
    if pretrained_scale is None:
        pretrained_scale = 0.1 if pretrained else 1.0
    return joined(
        [
            backbone,
            GradientScaling(
                check_number("pretrained_scale", pretrained_scale, minimum=0.0),
                name="pretrained_scale",
            ),
            keras.layers.Dense(
                check_integer("bottleneck", bottleneck), name="bottleneck"
            ),
        ],
        label_predictor((), classes, classifier_activation),
        domain_classifier((1024, 1024), dropout=0.5),
        input_shape,
        mean,
        scale,
        **kwargs,
    )


def check_weights(weights: PathLike | None, *others: str) -> str | None:
    """`weights`, if it is None or the path of a file that may be read.

    Args:
        weights: What the user passed.
        *others: Endings of names beside ".weights.h5".
    """
    if weights is None:
        return None
    return weight_files.check_file(weights, (_OWN, *others))


def is_own(weights: str | None) -> bool:
    """Whether the file is one that `model.save_weights` has written."""
    return weights is not None and weights.lower().endswith(_OWN)


def load_own(model: keras.Model, weights: PathLike | None) -> keras.Model:
    """The model, with the weights of a `.weights.h5` file that it has saved."""
    if weights is not None:
        load_keras(model, weights)
    return model
