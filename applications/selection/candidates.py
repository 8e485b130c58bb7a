"""The candidates of the study: what is trained, and how."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    import keras

REFERENCE = "source_only"
# A run: the seed of the initial weights, and that of the order of the images.
Kind = tuple[int, int]
BATCH_SIZE = 64  # half of it from each domain


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to train the network.

    Attributes:
        domain_loss_weight: 0 without a domain classifier.
        adaptation_factor: λ at the end of its ramp.
        at: The layer whose output the domain classifier takes.
        conditioning: As in `DANNModel`.
        target_loss: "mcc", "bnm" or None.
        target_loss_weight: Its weight.
        learning_rate: Of Adam, at the start.
        length: Number of training steps, relative to the others.
    """

    domain_loss_weight: float = 0.0
    adaptation_factor: float = 1.0
    at: str = "convolutions"
    conditioning: str | None = None
    target_loss: str | None = None
    target_loss_weight: float = 0.0
    learning_rate: float = 0.002
    length: float = 1.0

    @property
    def adapts(self) -> bool:
        """Whether it uses the target images."""
        return bool(self.domain_loss_weight or self.target_loss)


# Of the domain loss. At 1 adapting often fails in so few steps, so a candidate
# has it too.
_WEIGHT = 0.1
_WEIGHTS = (0.1, 0.3, 1.0)  # of the losses of target predictions
CANDIDATES = {
    REFERENCE: Candidate(),
    "dann": Candidate(_WEIGHT),
    "dann_weight_1": Candidate(1.0),
    "dann_lambda_0.3": Candidate(_WEIGHT, 0.3),
    "dann_dense": Candidate(_WEIGHT, at="features"),
    "dann_dense_weight_1": Candidate(1.0, at="features"),
    "dann_rate_0.005": Candidate(_WEIGHT, learning_rate=0.005),
    "dann_half_as_long": Candidate(_WEIGHT, length=0.5),
    "cdan": Candidate(_WEIGHT, at="features", conditioning="multilinear"),
    **{
        f"{prefix}{loss}_{weight:g}": Candidate(
            domain_loss_weight, target_loss=loss, target_loss_weight=weight
        )
        for prefix, domain_loss_weight in (("", 0.0), ("dann_", _WEIGHT))
        for loss in ("mcc", "bnm")
        for weight in _WEIGHTS
    },
}


def folder_of(
    output: Path, shift: str, name: str, seed: int, order: int
) -> Path:
    """The folder of one run.

    Args:
        output: Of all runs.
        shift: Its name.
        name: Of the candidate.
        seed: Of the initial weights.
        order: Seed of the order of the images.
    """
    suffix = f"{seed}" if order == seed else f"{seed}-order-{order}"
    return output / shift / f"{name}-{suffix}"


def classifier() -> "keras.Model":
    """The network of all candidates, untrained."""
    import keras
    from keras import layers

    def convolution(filters: int, size: int) -> "keras.layers.Layer":
        return layers.Conv2D(
            filters, size, strides=2, padding="same", activation="relu"
        )

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            # Each image by its own mean and variance.
            layers.LayerNormalization((1, 2, 3), center=False, scale=False),
            convolution(16, 5),
            convolution(32, 3),
            convolution(32, 3),
            layers.Flatten(name="convolutions"),
            layers.Dense(64, activation="relu", name="features"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def build(candidate: Candidate) -> tuple["keras.Model", "keras.Model"]:
    """An untrained model.

    Returns:
        The model to train, and the classifier in it, which shares its layers.
    """
    import keras
    from keras import layers

    import keras_grl

    network = classifier()
    if candidate.domain_loss_weight:
        domain_classifier = keras.Sequential(
            [layers.Dense(64, activation="relu"), layers.Dense(1)]
        )
        model = keras_grl.DANNModel.from_classifier(
            network,
            at=candidate.at,
            domain_classifier=domain_classifier,
            adaptation_factor=keras_grl.schedules.SigmoidRamp(
                scale=candidate.adaptation_factor
            ),
            conditioning=candidate.conditioning,
        )
    else:
        cut = network.get_layer(candidate.at).output
        model = keras_grl.AdaptationModel(
            keras.Model(network.inputs, cut),
            keras.Model(cut, network.outputs),
        )
    return model, network


def compile_model(model: "keras.Model", candidate: Candidate) -> None:
    """Compiles what `build` has returned."""
    import keras

    import keras_grl

    options: dict[str, Any] = {}
    if candidate.domain_loss_weight:
        options["domain_loss_weight"] = candidate.domain_loss_weight
    if candidate.target_loss:
        losses = {
            "mcc": keras_grl.losses.MinimumClassConfusion,
            "bnm": keras_grl.losses.NuclearNorm,
        }
        options["target_loss"] = losses[candidate.target_loss]()
        options["target_loss_weight"] = candidate.target_loss_weight
    model.compile(
        keras.optimizers.Adam(candidate.learning_rate),
        "sparse_categorical_crossentropy",
        **options,
    )
