"""Measurements of a network, after every epoch and after training."""

from typing import Any

import keras
import numpy as np

import keras_grl
from applications.runner.settings import Domains
from applications.runner.settings import Split

BATCH = 500
SAMPLES = 1000  # of each domain, to measure the distance of the domains


class Measures(keras.callbacks.Callback):
    """Adds to the logs of every epoch

    - `target_accuracy`, on the target's test images: the result, by which
      only the oracle is chosen;
    - `source_accuracy`, on the source's test images;
    - `domain_error`, of a linear classifier that predicts the domain of
      training images from their last hidden layer (`keras_grl.diagnostics`).

    The last two need no label of the target. Their sum selects an epoch, as
    in the paper: the source's test error should be low and the domain
    classifier's error high.

    Args:
        network: The `DANNModel` or other paired model that has the weights.
        domains: The data.
    """

    def __init__(self, network: keras.Model, domains: Domains):
        super().__init__()
        self._network = network
        self._domains = domains
        self.hidden = Hidden(network)

    def on_epoch_end(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        # On JAX this brings the weights back from where the step keeps them.
        _ = self.model
        if logs is None:
            return
        source, target = self._domains.source, self._domains.target
        logs["target_accuracy"] = accuracy(self._network, "target", target)
        logs["source_accuracy"] = accuracy(self._network, "source", source)
        features = [
            self.hidden(domain, split.x[:SAMPLES])
            for domain, split in (("source", source), ("target", target))
        ]
        # Features of a training that has diverged cannot be classified.
        logs["domain_error"] = (
            keras_grl.diagnostics.domain_error(features[0], features[1])
            if all(np.isfinite(each).all() for each in features)
            else float("nan")
        )


class Hidden:
    """The last hidden layer's activations, compiled once for each domain.

    Args:
        network: A paired model.
    """

    def __init__(self, network: keras.Model):
        self._models = {
            domain: keras_grl.baselines.LastHidden(network, domain)
            for domain in ("source", "target")
        }

    def __call__(self, domain: str, x: np.ndarray) -> np.ndarray:
        return self._models[domain].predict(x, batch_size=BATCH, verbose=0)


def accuracy(network: keras.Model, domain: str, split: Split) -> float:
    """The accuracy on the domain's test images."""
    x = split.x_test if domain == "target" else {"source": split.x_test}
    predictions = network.predict(x, batch_size=BATCH, verbose=0)
    return float(np.mean(predictions.argmax(axis=1) == split.y_test))


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """The accuracies of a finished run, by the way the epoch is chosen.

    Args:
        rows: The logs of every epoch.

    Returns:
        `accuracy`: after the last epoch. `selected`: of the epoch chosen
        without target labels. `oracle`: of the best epoch by the target's test
        labels, which nobody who needs adaptation has.
    """
    score = np.nan_to_num(
        [row["source_accuracy"] + row["domain_error"] for row in rows], nan=-1
    )
    found = [row["target_accuracy"] for row in rows]
    selected, best = int(np.argmax(score)), int(np.argmax(found))
    return {
        "accuracy": found[-1],
        "selected": {"accuracy": found[selected], "epoch": selected + 1},
        "oracle": {"accuracy": found[best], "epoch": best + 1},
        "source_accuracy": rows[-1]["source_accuracy"],
        "domain_error": (
            rows[-1]["domain_error"]
            if np.isfinite(rows[-1]["domain_error"])
            else None
        ),
    }


def svm_accuracy(
    hidden: Hidden,
    learned: dict[str, tuple[np.ndarray, np.ndarray]],
    target: Split,
    most: int,
) -> float | None:
    """The accuracy of a linear SVM in place of the last layer.

    That is what the paper compares.

    Args:
        hidden: Of the trained network.
        learned: Domain to images and labels that the network learned from.
        target: It is tested on the target's test images.
        most: The most images of each domain to learn from.

    Returns:
        The accuracy; None if the network has diverged.
    """
    features, labels = [], []
    for domain, (x, y) in learned.items():
        rows = keras_grl.baselines.sample_rows(y, most)
        features.append(hidden(domain, x[rows]))
        labels.append(y[rows])
    tested = hidden("target", target.x_test)
    if not all(np.isfinite(each).all() for each in (*features, tested)):
        return None
    svm = keras_grl.baselines.LastLayerSVM()
    svm.fit(np.concatenate(features), np.concatenate(labels))
    return float(svm.score(tested, target.y_test))
