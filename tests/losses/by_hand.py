"""The losses of target predictions in NumPy, float64, as the papers write them.

Of probabilities that are greater than 0.
"""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def entropy(p):
    return -np.sum(p * np.log(p), axis=-1)


def prediction_entropy(p):
    return entropy(p).mean()


def information_maximization(p):
    return entropy(p).mean() - entropy(p.mean(axis=0))


def nuclear_norm(p):
    return -np.linalg.svd(p, compute_uv=False).sum() / len(p)


def certainty_weights(y):
    w = 1.0 + np.exp(-entropy(y))
    return w * len(y) / w.sum()


def class_confusion(y, w=None):
    """Of probabilities after the temperature; `w` is not differentiated."""
    w = certainty_weights(y) if w is None else w
    correlation = y.T @ np.diag(w) @ y
    confusion = correlation / correlation.sum(axis=1, keepdims=True)
    return (confusion.sum() - np.trace(confusion)) / len(confusion)


def tempered(p, temperature):
    powers = p ** (1.0 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def gradient(fn, x, step=1e-6):
    """Central differences; `step` is relative."""
    result = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        h = step * abs(x[index])
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        result[index] = (fn(up) - fn(down)) / (2.0 * h)
    return result
