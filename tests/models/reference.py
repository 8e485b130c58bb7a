"""One SGD step of equations 4 to 6, by hand, in float64 NumPy.

G_f: tanh(x A + a). G_y: softmax(f B + b). G_d: relu(f C + c) D + d, a logit.
"""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def losses_and_gradients(
    weights, x_source, y_source, x_target, sample_weight=None
):
    """Losses, and each loss's gradient with respect to each part.

    Args:
        weights: [A, a, B, b, C, c, D, d].
        x_source: (n, inputs). Labeled samples: the first `y_source`.
        y_source: (n,) integer classes.
        x_target: (m, inputs).
        sample_weight: (n,), weights of the label losses.

    Returns:
        label_loss, domain_loss, domain_accuracy, and the gradients: dL_y/dθ_f
        (A, a), dL_d/dθ_f (A, a), dL_y/dθ_y (B, b), dL_d/dθ_d (C, c, D, d).
    """
    A, a, B, b, C, c, D, d = (np.asarray(w, "float64") for w in weights)
    n, m = len(x_source), len(x_target)
    x = np.concatenate([x_source, x_target]).astype("float64")
    domain = np.concatenate([np.zeros(n), np.ones(m)])

    f = np.tanh(x @ A + a)
    prediction = softmax(f[:n] @ B + b)
    hidden = np.maximum(f @ C + c, 0)
    logit = (hidden @ D + d)[:, 0]

    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight)
    one_hot = np.eye(len(b))[y_source]
    cross_entropy = -np.log((prediction * one_hot).sum(axis=1))
    label_loss = (weight * cross_entropy).sum() / n
    # log(1 + e^z) - d z
    domain_loss = np.mean(np.logaddexp(0, logit) - domain * logit)
    accuracy = np.mean((logit > 0) == (domain > 0.5))

    # Backward through G_y.
    dz = weight[:, None] * (prediction - one_hot) / n
    theta_y = [f[:n].T @ dz, dz.sum(axis=0)]
    df_label = np.zeros_like(f)
    df_label[:n] = dz @ B.T
    # Backward through G_d.
    dlogit = ((1 / (1 + np.exp(-logit)) - domain) / (n + m))[:, None]
    dhidden = (dlogit @ D.T) * (hidden > 0)
    theta_d = [
        f.T @ dhidden,
        dhidden.sum(axis=0),
        hidden.T @ dlogit,
        dlogit.sum(axis=0),
    ]
    df_domain = dhidden @ C.T

    # Backward through G_f.
    def theta_f(df):
        da = df * (1 - f**2)
        return [x.T @ da, da.sum(axis=0)]

    return (
        label_loss,
        domain_loss,
        accuracy,
        theta_f(df_label),
        theta_f(df_domain),
        theta_y,
        theta_d,
    )


def sgd_step(
    weights, batch, adaptation_factor, learning_rate, domain_loss_weight=1.0
):
    """The weights after one step of plain SGD.

    (4) θ_f ← θ_f − μ (∂L_y/∂θ_f − λ w ∂L_d/∂θ_f)
    (5) θ_y ← θ_y − μ ∂L_y/∂θ_y
    (6) θ_d ← θ_d − μ w ∂L_d/∂θ_d, w the weight of the domain loss.
    """
    _, _, _, f_label, f_domain, theta_y, theta_d = losses_and_gradients(
        weights, *batch
    )
    w = domain_loss_weight
    gradients = [
        *(
            label - adaptation_factor * w * domain
            for label, domain in zip(f_label, f_domain, strict=True)
        ),
        *theta_y,
        *(w * gradient for gradient in theta_d),
    ]
    return [
        np.asarray(weight, "float64") - learning_rate * gradient
        for weight, gradient in zip(weights, gradients, strict=True)
    ]
