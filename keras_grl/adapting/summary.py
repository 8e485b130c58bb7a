"""The further results: features and their distance."""

import hashlib
import json

import keras
import numpy as np

from keras_grl.adapting.domains import Domains
from keras_grl.adapting.domains import count
from keras_grl.adapting.domains import rows_of
from keras_grl.adapting.splitting import Network
from keras_grl.diagnostics import proxy_a_distance_test
from keras_grl.diagnostics.samples import random_rows
from keras_grl.models import AdaptationModel
from keras_grl.monitor.scales import check_scales
from keras_grl.scores.arrays import predicted_shares
from keras_grl.scores.entropy import entropy
from keras_grl.streams import SOURCE
from keras_grl.streams import TARGET
from keras_grl.types import JSON
from keras_grl.types import Array

_ROWS = 500
# Label shift alone rarely halves the effective number of classes.
_FEW = 0.5
# Of a configuration: the name of a layer, and those that it is connected to.
_NAMES = ("name", "inbound_nodes", "input_layers", "output_layers")


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


def wrong_scales(
    network: Network, domains: Domains, batch_size: int
) -> list[str]:
    """A warning, if the images do not have the scale that is expected.

    Args:
        network: Any.
        domains: The samples.
        batch_size: How many of each domain are compared.
    """
    (x_source, *_), x_target = domains
    rows = np.arange(batch_size)
    model = AdaptationModel(network.feature_extractor, network.label_predictor)
    found = check_scales(
        model,
        {SOURCE: rows_of(x_source, rows), TARGET: rows_of(x_target, rows)},
    )
    return [finding.message for finding in found]


def model_digest(model: keras.Model) -> str:
    """A short text that differs for other networks or initial weights."""
    found = hashlib.blake2b(digest_size=16)
    described = json.dumps(_described(model), sort_keys=True, default=_plain)
    found.update(described.encode())
    for weight in model.get_weights():
        found.update(f"{weight.shape} {weight.dtype}".encode())
        found.update(np.ascontiguousarray(weight).tobytes())
    return found.hexdigest()


def _described(layer: keras.layers.Layer) -> JSON:
    """The configuration of a layer, and of those within, without names.

    Names count the layers of a process: the same network has others later.
    """
    policy = layer.dtype_policy.name
    if getattr(layer, "layers", None):
        return [policy, [_described(each) for each in layer.layers]]
    try:
        config = _unnamed(layer.get_config())
    except NotImplementedError:  # a layer of the user's that is not saved
        config = None
    return [policy, type(layer).__name__, config]


def _unnamed(config: JSON) -> JSON:
    if isinstance(config, dict):
        return {
            str(key): _unnamed(value)
            for key, value in config.items()
            if key not in _NAMES
        }
    if isinstance(config, (list, tuple)):
        return [_unnamed(each) for each in config]
    return config


def _plain(value: object) -> JSON:
    """What JSON does not know."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return type(value).__name__
