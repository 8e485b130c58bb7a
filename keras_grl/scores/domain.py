"""The paper's criterion: the errors on the source and of the domains."""

import numpy as np

from keras_grl.scores.arrays import as_labels
from keras_grl.scores.arrays import as_probabilities
from keras_grl.types import AnyArray
from keras_grl.validation import check_number
from keras_grl.validation import invalid


def source_accuracy_and_domain_error(
    probabilities: AnyArray, labels: AnyArray, domain_error: float
) -> float:
    """The accuracy on the source plus the error of the domain classifier.

    `score = accuracy + min(domain error, 0.5)`

    The paper chooses parameters by "observing the test error on the source
    domain and the domain classifier error": the model should classify well, and
    its domains should not be separable. An error above 0.5 counts as 0.5: such
    a classifier separates the domains, with swapped labels.

    The domain error is also high if the domain classifier is too weak or
    untrained, or if the features have collapsed. If domains are aligned with
    swapped classes, both values are perfect.

    Args:
        probabilities: Array of shape `(n, classes)`, predictions for held-out
            source samples.
        labels: Array of shape `(n,)`, their class numbers.
        domain_error: Float, 0 to 1, the error that distinguishes the domains:
            1 − `val_domain_accuracy`, or `keras_grl.diagnostics.domain_error`
            of features, which also compares models without a domain
            classifier.

    Returns:
        Float, 0 to 1.5.

    Raises:
        ValueError: If probabilities are labels, logits, NaN or empty; if
            labels are not class numbers; if the numbers of rows differ; if the
            domain error is not within 0 and 1.

    Example:

    >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [1, 0]])
    >>> source_accuracy_and_domain_error(probabilities, [0, 1, 1, 0], 0.25)
    1.0

    Reference:
        Ganin & Lempitsky (2015), section 4.
    """
    p = as_probabilities("probabilities", probabilities)
    y = as_labels("labels", labels, classes=p.shape[1], rows=len(p))
    error = check_number("domain_error", domain_error, minimum=0.0)
    if error > 1:
        raise ValueError(
            invalid(
                "domain_error",
                "a share, 0 to 1",
                domain_error,
                "Divide percent by 100.",
            )
        )
    return float(np.mean(p.argmax(axis=1) == y)) + min(error, 0.5)
