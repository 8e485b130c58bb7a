"""The further results: features and their distance."""

import hashlib

import keras
import numpy as np

from keras_grl.adapting.domains import Domains
from keras_grl.adapting.domains import count
from keras_grl.adapting.domains import rows_of
from keras_grl.adapting.splitting import Network
from keras_grl.diagnostics import proxy_a_distance_test
from keras_grl.diagnostics.samples import random_rows
from keras_grl.scores.arrays import predicted_shares
from keras_grl.scores.entropy import entropy
from keras_grl.types import JSON
from keras_grl.types import Array

_ROWS = 500
# Label shift alone rarely halves the effective number of classes.
_FEW = 0.5


def embedding(
    network: Network, domains: Domains, probabilities: Array
) -> dict[str, Array]:
    """Features of at most 500 samples of each domain.

    Args:
        network: A trained one.
        domains: The samples.
        probabilities: Of the network, for the target.
    """
    (x_source, y, *_), x_target = domains
    of_source = random_rows(count(x_source), _ROWS, seed=0)
    of_target = random_rows(count(x_target), _ROWS, seed=1)

    def features(x: object) -> Array:
        found = network.feature_extractor.predict(x, batch_size=128, verbose=0)
        return np.asarray(found, "float32").reshape(len(found), -1)

    return {
        "source": features(rows_of(x_source, of_source)),
        "target": features(rows_of(x_target, of_target)),
        "source_labels": y[of_source],
        "target_predicted": probabilities[of_target].argmax(axis=1),
    }


def domain_distance(features: dict[str, Array], seed: int) -> dict[str, JSON]:
    """What `Adaptation.domains` holds."""
    names = ("distance", "low", "high", "null_high", "differ")
    try:
        found = proxy_a_distance_test(
            features["source"], features["target"], seed=seed
        )
    except (ImportError, ValueError) as error:
        # No scikit-learn, few samples, or features that are not finite.
        return {**dict.fromkeys(names), "reason": str(error)}
    return {
        "distance": found.distance,
        "low": found.low,
        "high": found.high,
        "null_high": found.null[-1],
        "differ": found.differ,
        "reason": None,
    }


def few_classes(labels: Array, probabilities: Array) -> list[str]:
    """A warning, if source only predicts far fewer classes than there are.

    The vetoes compare with source only: they cannot see that it has collapsed.

    Args:
        labels: Integers, of the source.
        probabilities: Of source only, for the target.

    Example:

    >>> labels = np.array([0, 1, 2, 3])
    >>> few_classes(labels, np.eye(4))
    []
    >>> few_classes(labels, np.eye(4)[[0, 0, 0, 0]])[0][:57]
    'source_only: predicts 1.0 classes effectively on the targ'
    """
    if not np.isfinite(probabilities).all():
        return []  # It is vetoed.
    of_labels = np.bincount(labels) / len(labels)
    expected = np.exp(entropy(of_labels))
    found = np.exp(entropy(predicted_shares(probabilities)))
    if found >= _FEW * expected:
        return []
    return [
        f"source_only: predicts {found:.1f} classes effectively on the target, "
        f"the source has {expected:.1f}. It may have learned too little, and "
        "collapsed candidates are recognized by a comparison with it. Train "
        "longer, and check the scale of the inputs."
    ]


def model_digest(model: keras.Model) -> str:
    """A short text that differs for other networks or initial weights."""
    found = hashlib.blake2b(digest_size=16)
    for layer in model.layers:
        found.update(type(layer).__name__.encode())
    for weight in model.get_weights():
        found.update(f"{weight.shape} {weight.dtype}".encode())
        found.update(np.ascontiguousarray(weight).tobytes())
    return found.hexdigest()
