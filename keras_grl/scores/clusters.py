"""class_ami: whether predicted classes are clusters of the features."""

import warnings

import numpy as np

from keras_grl.scores.arrays import as_features
from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.scikit_learn import scikit_learn
from keras_grl.streams.names import wrong
from keras_grl.types import AnyArray
from keras_grl.validation import check_integer


def class_ami(
    features: AnyArray, probabilities: AnyArray, seed: int = 0
) -> float:
    """The adjusted mutual information of predicted classes and clusters.

    `score = AMI(argmax p, k-means(features))`

    with as many clusters as the model has classes, and not as it predicts.
    AMI is 1 for two equal partitions and about 0 for independent ones.

    It is high where the features form clusters that match the predicted
    classes, also if the clusters mix the true classes or carry the wrong
    labels: swapped classes change nothing. One predicted class is 0.

    Args:
        features: Array of shape `(n, d)`, features of target samples, such as
            `model.feature_extractor.predict(x_target)`. Further axes are
            flattened.
        probabilities: Array of shape `(n, classes)`, the predictions for the
            same samples.
        seed: Integer, seed of k-means.

    Returns:
        Float, at most 1; slightly below 0 if they match less than by chance.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If probabilities are labels, logits, NaN or empty; if
            features are not finite; if the numbers of rows differ; if there
            are fewer samples than classes.

    Example:

    >>> features = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> class_ami(features, np.eye(2)[[0, 0, 1, 1]])
    1.0
    >>> class_ami(features, np.eye(2)[[0, 0, 0, 0]])  # collapsed
    0.0

    Reference:
        Musgrave, Belongie & Lim (2022), "Three New Validators and a Large-Scale
        Benchmark Ranking for Unsupervised Domain Adaptation".
    """
    p = as_probabilities("probabilities", probabilities)
    x = as_features("features", features, rows=len(p))
    seed = check_integer("seed", seed, minimum=0)
    if len(p) < p.shape[1]:
        raise ValueError(
            wrong(
                "probabilities",
                "at least as many samples as classes",
                f"{len(p)} samples of {p.shape[1]} classes",
            )
        )
    cluster = scikit_learn("cluster", "class_ami")
    metrics = scikit_learn("metrics", "class_ami")
    predicted = p.argmax(axis=1)
    if np.all(predicted == predicted[0]):
        # If the features are collapsed too there is only one cluster, and the
        # AMI of one class and one cluster is 1.
        return 0.0
    with warnings.catch_warnings():
        # Fewer distinct samples than clusters.
        exceptions = scikit_learn("exceptions", "class_ami")
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        clusters = cluster.KMeans(
            n_clusters=p.shape[1], n_init=10, random_state=seed
        ).fit_predict(x)
    return float(metrics.adjusted_mutual_info_score(predicted, clusters))
