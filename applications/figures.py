"""Figures of an experiment."""

from pathlib import Path
from typing import Any

import numpy as np

from applications.options import stop

try:
    import matplotlib
except ImportError:
    stop("figures need matplotlib. Install it: pip install keras-grl[demo]")

matplotlib.use("agg")

from matplotlib import pyplot as plt

SOURCE_COLOUR, TARGET_COLOUR = "tab:blue", "tab:red"


def examples(domains: dict[str, Any], path: Path, columns: int = 12) -> None:
    """A sheet of images of each domain.

    Args:
        domains: Name to images, uint8 of shape `(n, height, width, channels)`,
            n a multiple of `columns`.
        path: The file to write.
        columns: Images in a row.
    """
    figure, axes = plt.subplots(
        len(domains), 1, figsize=(columns * 0.6, len(domains) * 2.2)
    )
    for axis, (name, images) in zip(axes, domains.items(), strict=True):
        rows = [
            np.concatenate(list(images[start : start + columns]), axis=1)
            for start in range(0, len(images), columns)
        ]
        sheet = np.concatenate(rows, axis=0)
        axis.imshow(sheet.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_title(name, loc="left", fontsize=10)
        axis.axis("off")
    _save(figure, path)


def training_curves(
    histories: dict[str, dict[str, list[float]]], path: Path
) -> None:
    """Losses, adaptation factor and target accuracy along training.

    Args:
        histories: Method to the history of its `fit`. The method "DANN" has
            the domain figures.
        path: The file to write.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    dann = histories["DANN"]
    epochs = np.arange(1, len(dann["loss"]) + 1)
    left.plot(epochs, dann["label_loss"], label="label loss")
    left.plot(epochs, dann["domain_loss"], label="domain loss")
    left.plot(epochs, dann["domain_accuracy"], label="domain accuracy")
    left.plot(epochs, dann["adaptation_factor"], "k:", label="λ")
    left.axhline(np.log(2), color="grey", lw=0.8, ls="--")
    left.text(epochs[-1], np.log(2), "ln 2", va="bottom", ha="right")
    left.set(title="DANN", xlabel="epoch", ylim=(0, None))
    left.legend()
    for method, history in histories.items():
        accuracy = history["val_accuracy"]
        right.plot(np.arange(1, len(accuracy) + 1), accuracy, label=method)
    right.set(
        title="Accuracy on the target's validation images", xlabel="epoch"
    )
    right.legend(loc="lower right")
    _save(figure, path)


def embeddings(features: dict[str, tuple[Any, Any]], path: Path) -> None:
    """t-SNE of source and target features, side by side for each method.

    Args:
        features: Method to (source features, target features), each of shape
            `(n, dimensions)`.
        path: The file to write.

    Reference:
        Ganin & Lempitsky (2015), figure 3.
    """
    from sklearn.manifold import TSNE

    figure, axes = plt.subplots(1, len(features), figsize=(11, 5))
    for axis, (method, domains) in zip(axes, features.items(), strict=True):
        joint = np.concatenate(domains)
        tsne = TSNE(
            perplexity=min(30, len(joint) - 1), init="pca", random_state=0
        )
        points = tsne.fit_transform(joint)
        count = len(domains[0])
        for name, part, colour in (
            ("source", points[:count], SOURCE_COLOUR),
            ("target", points[count:], TARGET_COLOUR),
        ):
            axis.scatter(*part.T, s=6, alpha=0.6, c=colour, label=name)
        axis.set(title=method, xticks=[], yticks=[])
        axis.legend()
    figure.suptitle("Features of the last layer before the label predictor")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)
