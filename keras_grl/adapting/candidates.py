"""The candidates of `adapt`: how each trains the same network."""

import dataclasses
from typing import Any

import keras

from keras_grl import losses
from keras_grl.adapting.splitting import Network
from keras_grl.models import AdaptationModel
from keras_grl.models import DANNModel

REFERENCE = "source_only"


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to adapt a network.

    Attributes:
        domain_loss_weight: 0 without a domain classifier.
        conditioning: As in `DANNModel`.
        target_loss: Class of `keras_grl.losses`, or None.
    """

    domain_loss_weight: float = 0.0
    conditioning: str | None = None
    target_loss: type[keras.Loss] | None = None


# Those of the study of docs/selection.md: a larger weight of the domain loss
# often fails in short runs.
_DANN = 0.1
_TARGET_LOSS_WEIGHT = 0.3
# The cheapest and safest first.
LADDER = {
    REFERENCE: Candidate(),
    "mcc": Candidate(target_loss=losses.MinimumClassConfusion),
    "dann_mcc": Candidate(_DANN, target_loss=losses.MinimumClassConfusion),
    "bnm": Candidate(target_loss=losses.NuclearNorm),
    "dann": Candidate(_DANN),
    "cdan": Candidate(_DANN, conditioning="multilinear"),
    "dann_bnm": Candidate(_DANN, target_loss=losses.NuclearNorm),
}
DEFAULT = ("source_only", "mcc", "dann_mcc", "bnm", "dann")


def compiled(
    candidate: Candidate, network: Network, steps: int, learning_rate: float
) -> AdaptationModel:
    """The model that trains a network with both domains.

    Args:
        candidate: Any but source only.
        network: What is trained.
        steps: Integer, training steps, over which λ rises.
        learning_rate: Float, of Adam.
    """
    parts = network.feature_extractor, network.label_predictor
    options: dict[str, Any] = {}
    if candidate.domain_loss_weight:
        domain_classifier = keras.Sequential(
            [
                keras.layers.Flatten(),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(1),
            ]
        )
        model: AdaptationModel = DANNModel(
            *parts,
            domain_classifier=domain_classifier,
            conditioning=candidate.conditioning,
            total_steps=steps,
        )
        options["domain_loss_weight"] = candidate.domain_loss_weight
    else:
        model = AdaptationModel(*parts)
    if candidate.target_loss is not None:
        options["target_loss"] = candidate.target_loss()
        options["target_loss_weight"] = _TARGET_LOSS_WEIGHT
    model.compile(
        keras.optimizers.Adam(learning_rate),
        "sparse_categorical_crossentropy",
        **options,
    )
    return model
