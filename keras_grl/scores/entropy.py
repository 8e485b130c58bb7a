"""Scores based on the entropy of predictions, in nats."""

import numpy as np

from keras_grl.scores.arrays import as_probabilities
from keras_grl.types import AnyArray
from keras_grl.types import Array


def infomax(probabilities: AnyArray) -> float:
    """The mutual information of samples and predicted classes.

    `score = H(mean p) − mean H(p)` with `H(p) = −Σ_c p_c · ln p_c`

    over all rows p: high if each row is confident and the classes are predicted
    evenly.

    It is 0 for uniform and for collapsed predictions (all rows alike): it
    cannot distinguish the two. It is high for confident and wrong predictions.
    A model trained with `InformationMaximization`, or another loss of its
    predictions, scores high by construction.

    Args:
        probabilities: Array of shape `(n, classes)`, as
            `model.predict(x_target)` returns.

    Returns:
        Float, 0 to ln(classes), in nats.

    Raises:
        ValueError: If they are labels, logits, NaN or empty.

    Example:

    >>> round(infomax(np.array([[1.0, 0.0], [0.0, 1.0]])), 4)  # ln(2)
    0.6931
    >>> infomax(np.array([[1.0, 0.0], [1.0, 0.0]]))  # collapsed
    0.0
    >>> infomax(np.array([[0.5, 0.5], [0.5, 0.5]]))  # uniform
    0.0

    Reference:
        Krause, Perona & Gomes (2010), "Discriminative Clustering by Regularized
        Information Maximization"; Musgrave, Belongie & Lim (2022), "Three New
        Validators and a Large-Scale Benchmark Ranking for Unsupervised Domain
        Adaptation".
    """
    p = as_probabilities("probabilities", probabilities)
    information = entropy(p.mean(axis=0)) - entropy(p).mean()
    # Rounding may leave the range by 1e-16.
    return float(np.clip(information, 0.0, np.log(p.shape[1])))


def negative_entropy(probabilities: AnyArray) -> float:
    """The negative mean entropy of the predictions.

    `score = −mean H(p)` with `H(p) = −Σ_c p_c · ln p_c`

    over all rows p. (The loss `PredictionEntropy` has the other sign.)

    It is highest, 0, if every row is confident of any class: it cannot
    distinguish collapsed from good predictions. Entropy minimization raises it
    by construction.

    Args:
        probabilities: Array of shape `(n, classes)`, as
            `model.predict(x_target)` returns.

    Returns:
        Float, −ln(classes) to 0, in nats.

    Raises:
        ValueError: If they are labels, logits, NaN or empty.

    Example:

    >>> round(negative_entropy(np.array([[0.5, 0.5], [1.0, 0.0]])), 4)
    -0.3466
    >>> negative_entropy(np.array([[1.0, 0.0], [1.0, 0.0]]))  # collapsed
    0.0

    Reference:
        Morerio, Cavazza & Murino (2018), "Minimal-Entropy Correlation
        Alignment for Unsupervised Deep Domain Adaptation", ICLR.
    """
    p = as_probabilities("probabilities", probabilities)
    # 0 and not −0.
    return float(0.0 - entropy(p).mean())


def entropy(p: Array) -> Array:
    """The entropy, in nats, of the probabilities in the last axis."""
    # 0 · ln 0 is 0. The difference is 0 and not −0.
    return 0.0 - np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)
