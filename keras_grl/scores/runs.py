"""agreement: of two runs of the same training."""

import numpy as np

from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.arrays import check_classes
from keras_grl.types import AnyArray


def agreement(p: AnyArray, q: AnyArray) -> float:
    """How often two runs that differ only in the seed predict the same class.

    `score = share of rows i with argmax p_i = argmax q_i`

    Train the same candidate twice with two seeds, predict the same target
    samples with both, and compare. On data without a shift it estimates the
    accuracy.

    Two runs that fail in the same way agree too: it is 1 for two runs that
    collapsed to the same class, and for two with uniform predictions. For
    random guesses among C classes it is about 1/C.

    Args:
        p: Array of shape `(n, classes)`, the probabilities of the first run.
        q: Array of the same shape, those of the second run for the same
            samples in the same order.

    Returns:
        Float, 0 to 1.

    Raises:
        ValueError: If they are labels, logits, NaN or empty, or their shapes
            differ.

    Example:

    >>> p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    >>> q = np.array([[0.6, 0.4], [0.7, 0.3], [0.8, 0.2], [0.1, 0.9]])
    >>> agreement(p, q)
    0.75

    Reference:
        Jiang et al. (2022), "Assessing Generalization of SGD via Disagreement",
        ICLR.
    """
    first = as_probabilities("p", p)
    second = as_probabilities("q", q, rows=len(first))
    check_classes("q", second, first.shape[1])
    return float(np.mean(first.argmax(axis=1) == second.argmax(axis=1)))
