"""The figure of docs/how_it_works.md: what adaptation changes.

    KERAS_BACKEND=jax python -m docs.developers.figures

trains the quickstart's network twice and writes docs/images/moons.png.
"""

import argparse
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import keras_grl
from keras_grl.diagnostics import plots

FIGURE = Path(__file__).parents[1] / "images" / "moons.png"


def moons(degrees: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of two classes in the plane, rotated."""
    rng, y = np.random.default_rng(seed), np.arange(1000) % 2
    z = (np.exp(1j * np.pi * rng.random(1000)) - 0.5 - 0.25j) * (1 - 2 * y)
    z = z * np.exp(1j * np.deg2rad(degrees))
    return np.stack([z.real, z.imag], 1) + rng.normal(0, 0.1, (1000, 2)), y


def train(domain_loss_weight: float, epochs: int) -> keras_grl.DANNModel:
    keras.utils.set_random_seed(0)
    model = keras_grl.DANNModel(
        keras.Sequential([keras.layers.Dense(64, "tanh") for _ in range(2)]),
        keras.layers.Dense(2, "softmax"),
        keras.Sequential(
            [keras.layers.Dense(64, "relu"), keras.layers.Dense(1)]
        ),
    )
    model.compile(
        keras.optimizers.Adam(0.003),
        "sparse_categorical_crossentropy",
        domain_loss_weight=domain_loss_weight,
    )
    pairs = keras_grl.pair(moons(0, 0), moons(35, 1)[0], batch_size=128)
    model.fit(pairs, epochs=epochs, verbose=0)
    return model


def boundary(axes: Axes, model: keras_grl.DANNModel, title: str) -> None:
    """The points of both domains, over the predicted classes."""
    x, y = np.meshgrid(np.linspace(-2.1, 2.3, 200), np.linspace(-1.7, 1.5, 200))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    second = model.predict(grid, batch_size=len(grid), verbose=0)[:, 1].reshape(
        x.shape
    )
    axes.contourf(x, y, second > 0.5, levels=1, colors=["#dde8f0", "#f7e3d6"])
    for (points, classes), marker, label in (
        (moons(0, 0), "o", "source, labeled"),
        (moons(35, 2), "^", "target, labels unknown to the model"),
    ):
        for each, color in enumerate(plots.PALETTE[:2]):
            axes.scatter(
                *points[classes == each][:150].T,
                s=14,
                marker=marker,
                facecolors=color if marker == "o" else "none",
                edgecolors=color,
                linewidths=0.8,
                label=None if each else label,
            )
    points, classes = moons(35, 2)
    found = model.predict(points, verbose=0).argmax(axis=1) == classes
    axes.set_title(f"{title}: {found.mean():.0%} right on the target")
    axes.set_xticks([])
    axes.set_yticks([])


def draw(epochs: int = 40) -> Figure:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for each, title, weight in zip(
        axes, ("Source only", "DANN"), (0.0, 1.0), strict=True
    ):
        boundary(each, train(weight, epochs), title)
    axes[0].legend(loc="lower right", fontsize="small")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    draw().savefig(FIGURE, dpi=110)
