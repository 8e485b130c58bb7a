"""bnm: how confident and diverse predictions are."""

import numpy as np

from keras_grl.scores.arrays import as_probabilities
from keras_grl.types import AnyArray


def bnm(probabilities: AnyArray) -> float:
    """The nuclear norm of the matrix of predictions, relative to its maximum.

    `score = ‖P‖* / √(n · min(n, C))`

    with the n rows of C probabilities P and the sum of its singular values
    `‖P‖*`. It is 1 only if each row is confident and the classes are predicted
    evenly; 1/√C if all rows are confident of the same class; 1/C if all are
    uniform.

    It is high for confident, diverse and wrong predictions. The range
    between collapsed and good is small for few classes: 0.71 to 1 for two.
    Unbalanced targets lower it. A model trained with `NuclearNorm`, or another
    loss of its predictions, scores high by construction.

    Args:
        probabilities: Array of shape `(n, classes)`, as
            `model.predict(x_target)` returns.

    Returns:
        Float, 1/C to 1 (with fewer rows than classes from 1/√(n · C)).

    Raises:
        ValueError: If they are labels, logits, NaN or empty.

    Example:

    >>> bnm(np.eye(4))
    1.0
    >>> bnm(np.array([[0.0, 1.0, 0.0, 0.0]] * 4))  # only one class
    0.5
    >>> round(bnm(np.full((8, 4), 0.25)), 6)  # uniform
    0.25

    Reference:
        Cui et al. (2020), "Towards Discriminability and Diversity: Batch
        Nuclear-norm Maximization under Label Insufficient Situations", CVPR.
    """
    p = as_probabilities("probabilities", probabilities)
    norm = np.linalg.svd(p, compute_uv=False).sum()
    return float(norm / np.sqrt(len(p) * min(p.shape)))
