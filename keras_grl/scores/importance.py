"""Importance-weighted errors of held-out source samples."""

from typing import NamedTuple

import numpy as np

from keras_grl.scores.arrays import as_features
from keras_grl.scores.arrays import as_labels
from keras_grl.scores.arrays import as_probabilities
from keras_grl.scores.scikit_learn import scikit_learn
from keras_grl.streams.names import wrong
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.validation import check_integer

# Penalties of the domain classifier, the strongest first.
_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
# Squares of weights up to e^300 are finite.
_LARGEST_LOG = 300.0


class RiskScore(NamedTuple):
    """A negative estimated risk, and its uncertainty.

    Args:
        score: Float, the negative risk.
        standard_error: Float, at least 0, of the score: that of a mean over
            the held-out samples, with the weights as they are. The error of the
            weights themselves is not included.
    """

    score: float
    standard_error: float


def dev(
    probabilities: AnyArray,
    labels: AnyArray,
    features: AnyArray,
    source_features: AnyArray,
    target_features: AnyArray,
    seed: int = 0,
) -> RiskScore:
    """The negative risk of deep embedded validation, and its standard error.

    `score = −(mean(w·l) + η · (mean(w) − 1))` with `η = −Cov(w·l, w) / Var(w)`

    over held-out source samples, with l = 1 for a wrong prediction and 0 for a
    right one. The weights `w = N_s/N_t · P(target) / P(source)` come from a
    classifier of the domains (a logistic regression, where the authors use a
    small network), trained on the features of N_s other source and N_t target
    samples. The second term, the control variate, lowers the variance. The
    weights are not normalized: their mean would be 1 and the term 0.

    Its variance is high, and has no bound: a few samples may carry most of the
    weight, and the number decreases as the domains become more separable. It
    assumes that the same features have the same label in both domains, so it
    does not see swapped classes. In comparisons of methods it often keeps a bad
    model.

    Args:
        probabilities: Array of shape `(n, classes)`, n at least 2: predictions
            for held-out labeled source samples.
        labels: Array of shape `(n,)`, their class numbers.
        features: Array of shape `(n, d)`, their features. Further axes are
            flattened.
        source_features: Array of shape `(N_s, d)`, features of training
            samples of the source, at least 5.
        target_features: Array of shape `(N_t, d)`, features of target samples,
            at least 5.
        seed: Integer, seed of the samples that choose the penalty of the
            domain classifier.

    Returns:
        A `RiskScore`, `(score, standard_error)`. The score is about −1 to 0,
        but has no bounds.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If probabilities are labels, logits, NaN or empty; if
            labels are not class numbers; if features are not finite; if shapes
            do not match.

    Example:

    >>> random = np.random.default_rng(0)
    >>> features, source, target = random.normal(size=(3, 100, 2))
    >>> labels = np.arange(100) % 2
    >>> wrong = np.eye(2)[np.where(np.arange(100) < 25, 1 - labels, labels)]
    >>> score = dev(wrong, labels, features, source, target)
    >>> round(score.score, 2), round(score.standard_error, 2)  # no shift
    (-0.25, 0.04)

    Reference:
        You, Wang, Long & Jordan (2019), "Towards Accurate Model Selection in
        Deep Unsupervised Domain Adaptation", ICML, algorithm 1.
    """
    weights, errors = _weights_and_errors(
        "dev", probabilities, labels, features, source_features,
        target_features, seed,
    )  # fmt: skip
    variance = weights.var(ddof=1)
    # Weights that are equal, except for rounding, need no control.
    eta = 0.0
    if variance > 1e-12 * weights.mean() ** 2:
        eta = -np.cov(weights * errors, weights)[0, 1] / variance
    return _risk_score(weights * errors + eta * (weights - 1.0))


def importance_weighted(
    probabilities: AnyArray,
    labels: AnyArray,
    features: AnyArray,
    source_features: AnyArray,
    target_features: AnyArray,
    seed: int = 0,
) -> RiskScore:
    """The negative importance-weighted risk, and its standard error.

    `score = −mean(w·l)`: as `dev`, without the control variate.

    Its variance is even higher than that of `dev`, and it fails in the same
    way. If the domains are separable the weights are about 0, and so is the
    score: it prefers a model whose features separate the domains.

    Args:
        probabilities: Array of shape `(n, classes)`, n at least 2: predictions
            for held-out labeled source samples.
        labels: Array of shape `(n,)`, their class numbers.
        features: Array of shape `(n, d)`, their features. Further axes are
            flattened.
        source_features: Array of shape `(N_s, d)`, features of training
            samples of the source, at least 5.
        target_features: Array of shape `(N_t, d)`, features of target samples,
            at least 5.
        seed: Integer, seed of the samples that choose the penalty of the
            domain classifier.

    Returns:
        A `RiskScore`, `(score, standard_error)`. The score is at most 0, and
        has no lower bound.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If probabilities are labels, logits, NaN or empty; if
            labels are not class numbers; if features are not finite; if shapes
            do not match.

    Example:

    >>> random = np.random.default_rng(0)
    >>> features, source, target = random.normal(size=(3, 100, 2))
    >>> labels = np.arange(100) % 2
    >>> importance_weighted(np.eye(2)[labels], labels, features, source, target)
    RiskScore(score=0.0, standard_error=0.0)

    Reference:
        Sugiyama, Krauledat & Müller (2007), "Covariate Shift Adaptation by
        Importance Weighted Cross Validation", JMLR 8.
    """
    weights, errors = _weights_and_errors(
        "importance_weighted", probabilities, labels, features,
        source_features, target_features, seed,
    )  # fmt: skip
    return _risk_score(weights * errors)


def _risk_score(terms: Array) -> RiskScore:
    """Minus the mean of the terms, and the standard error of that mean."""
    return RiskScore(
        # 0 and not −0.
        score=float(0.0 - terms.mean()),
        standard_error=float(terms.std(ddof=1) / np.sqrt(len(terms))),
    )


def _weights_and_errors(
    function: str,
    probabilities: AnyArray,
    labels: AnyArray,
    features: AnyArray,
    source_features: AnyArray,
    target_features: AnyArray,
    seed: int,
) -> tuple[Array, Array]:
    """The importance weights and the 0/1 errors of the held-out samples."""
    p = as_probabilities("probabilities", probabilities)
    if len(p) < 2:
        raise ValueError(
            wrong(
                "probabilities", "at least 2 held-out samples", f"{len(p)} row"
            )
        )
    y = as_labels("labels", labels, classes=p.shape[1], rows=len(p))
    held_out = as_features("features", features, rows=len(p))
    source = _as_training("source_features", source_features, held_out)
    target = _as_training("target_features", target_features, held_out)
    seed = check_integer("seed", seed, minimum=0)
    weights = _weights(function, held_out, source, target, seed)
    return weights, (p.argmax(axis=1) != y).astype("float64")


def _as_training(name: str, values: AnyArray, like: Array) -> Array:
    """Features that train the domain classifier."""
    x = as_features(name, values)
    if x.shape[1] != like.shape[1] or len(x) < 5:
        raise ValueError(
            wrong(
                name,
                f"at least 5 rows of {like.shape[1]} features, as many as "
                "`features` has",
                f"{len(x)} rows of {x.shape[1]} features",
            )
        )
    return x


def _weights(
    function: str, held_out: Array, source: Array, target: Array, seed: int
) -> Array:
    """`N_s/N_t · P(target) / P(source)` of held-out source samples.

    A fifth of the training samples chooses the penalty of the classifier, as
    in the authors' code; by its likelihood, since weights need probabilities,
    which the accuracy does not measure.
    """
    linear_model = scikit_learn("linear_model", function)
    selection = scikit_learn("model_selection", function)
    preprocessing = scikit_learn("preprocessing", function)
    x = np.concatenate([source, target])
    domains = np.repeat([0, 1], [len(source), len(target)])
    x_train, x_test, y_train, y_test = selection.train_test_split(
        x, domains, test_size=0.2, random_state=seed, stratify=domains
    )
    metrics = scikit_learn("metrics", function)
    scaler = preprocessing.StandardScaler().fit(x_train)
    x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
    classifiers = [
        linear_model.LogisticRegression(C=c, max_iter=1000).fit(
            x_train, y_train
        )
        for c in _PENALTIES
    ]
    best = min(
        classifiers,
        key=lambda each: metrics.log_loss(y_test, each.predict_proba(x_test)),
    )
    log_ratio = best.decision_function(scaler.transform(held_out))
    ratio = np.exp(np.clip(log_ratio, -_LARGEST_LOG, _LARGEST_LOG))
    return len(source) / len(target) * ratio
