"""Figures of an experiment."""

from pathlib import Path
from typing import Any

import numpy as np

from applications.files import whole
from applications.options import stop

try:
    import matplotlib
except ImportError:
    stop("figures need Matplotlib. Install it: pip install matplotlib")

matplotlib.use("agg")

from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator


def examples(domains: dict[str, Any], path: Path, columns: int = 12) -> None:
    """A sheet of images of each domain.

    Args:
        domains: Name to images, uint8 of shape `(n, height, width, channels)`.
        path: The file to write.
        columns: Images in a row.
    """
    figure, axes = plt.subplots(
        len(domains), 1, figsize=(columns * 0.6, len(domains) * 2.2)
    )
    for axis, (name, images) in zip(axes, domains.items(), strict=True):
        # White where the last row is not full.
        missing = -len(images) % columns
        white = np.full((missing, *images.shape[1:]), 255, "uint8")
        tiles = np.concatenate([images, white])
        rows = [
            np.concatenate(list(tiles[start : start + columns]), axis=1)
            for start in range(0, len(tiles), columns)
        ]
        sheet = np.concatenate(rows, axis=0)
        axis.imshow(sheet.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_title(name, loc="left", fontsize=10)
        axis.axis("off")
    _save(figure, path)


def training_curves(
    history: list[dict[str, Any]], methods: dict[str, Any], path: Path
) -> None:
    """DANN's losses, λ and scores, and all methods' validation accuracy.

    Args:
        history: One dict for each epoch of each run of one seed: `method`,
            `epoch` and the logs of `fit`, of which "dann" has the domain
            figures.
        methods: Name to what has the method's `title`.
        path: The file to write.
    """
    # Here and not above, for it imports Keras.
    from keras_grl.diagnostics import plots

    runs: dict[str, list[dict[str, Any]]] = {}
    for row in history:
        runs.setdefault(row["method"], []).append(row)
    if "dann" in runs:
        figure, axes = plt.subplots(2, 2, figsize=(11, 7.5))
        *of_dann, last = axes.flat
        plots.training(_logs(runs["dann"]), axes=of_dann)
        figure.suptitle(methods["dann"].title)
    else:
        figure, last = plt.subplots(figsize=(6, 4))
    last.set_prop_cycle(color=plots.PALETTE)
    for name, rows in runs.items():
        last.plot(
            [row["epoch"] for row in rows],
            [row["val_accuracy"] for row in rows],
            label=methods[name].title,
        )
    last.set_title("accuracy on the target's validation images", fontsize=10)
    last.set_xlabel("epoch")
    last.xaxis.set_major_locator(MaxNLocator(integer=True))
    last.legend(loc="lower right")
    _save(figure, path)


def errors(
    history: list[dict[str, Any]], methods: dict[str, Any], path: Path
) -> None:
    """Each method's error on the target along training.

    Args:
        history: One dict for each epoch of each run: `method`, `seed`,
            `epoch` and `target_accuracy`.
        methods: Name to what has the method's `title`.
        path: The file to write.

    Reference:
        Ganin & Lempitsky (2015), figure 4.
    """
    # Here and not above, for it imports Keras.
    from keras_grl.diagnostics import plots

    figure, axis = plt.subplots(figsize=(9, 4))
    axis.set_prop_cycle(color=plots.PALETTE)
    for name in dict.fromkeys(row["method"] for row in history):
        runs: dict[float, list[float]] = {}
        for row in history:
            if row["method"] == name:
                runs.setdefault(row["epoch"], []).append(
                    1 - row["target_accuracy"]
                )
        epochs = sorted(runs)
        mean = np.array([np.mean(runs[epoch]) for epoch in epochs])
        spread = np.array([np.std(runs[epoch]) for epoch in epochs])
        (line,) = axis.plot(epochs, mean, label=methods[name].title)
        axis.fill_between(
            epochs,
            mean - spread,
            mean + spread,
            color=line.get_color(),
            alpha=0.2,
        )
    axis.set(
        xlabel="epoch",
        ylabel="error on the target's test images",
        ylim=(0, None),
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    # Beside the lines: they may be anywhere.
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, path)


def embeddings(
    features: dict[str, tuple[np.ndarray, ...]],
    path: Path,
    title: str = "Features of the last layer before the label predictor",
) -> None:
    """t-SNE of source and target features, side by side for each method.

    Args:
        features: Method to (source features, target features), each of shape
            `(n, dimensions)`.
        path: The file to write.
        title: Of the figure.

    Reference:
        Ganin & Lempitsky (2015), figure 3.
    """
    # Here and not above, for it imports Keras.
    from keras_grl.diagnostics import plots

    panels = len(features)
    figure, axes = plt.subplots(
        1, panels, figsize=(5.5 * panels, 5), squeeze=False
    )
    for axis, (method, domains) in zip(axes[0], features.items(), strict=True):
        source, target = domains
        if np.isfinite(source).all() and np.isfinite(target).all():
            plots.embedding(source, target, axes=axis)
        else:
            axis.set(xticks=[], yticks=[], xlabel="training has diverged")
        axis.set_title(method)
    figure.suptitle(title)
    _save(figure, path)


def bars(
    groups: dict[str, dict[str, tuple[list[float], float | None]]],
    path: Path,
    columns: int = 3,
) -> None:
    """Accuracies of methods, one panel for each shift; a line for the paper.

    Args:
        groups: Title of the panel to method to (accuracy of each seed, the
            paper's accuracy or None).
        path: The file to write.
        columns: Panels in a row.
    """
    names = list(
        dict.fromkeys(name for group in groups.values() for name in group)
    )
    colors = {name: f"C{place % 10}" for place, name in enumerate(names)}
    columns = min(columns, len(groups))
    rows = -(-len(groups) // columns)
    most = max(len(group) for group in groups.values())
    height = 0.9 + 0.28 * max(most, 4)  # room for the text below
    figure, axes = plt.subplots(
        rows, columns, figsize=(4.6 * columns, height * rows), squeeze=False
    )
    for axis, (title, methods) in zip(axes.flat, groups.items(), strict=False):
        for place, (name, (found, published)) in enumerate(methods.items()):
            axis.barh(
                place, np.mean(found), xerr=np.std(found), color=colors[name]
            )
            if published is not None:
                axis.vlines(published, place - 0.4, place + 0.4, color="k")
        axis.set_yticks(range(len(methods)), list(methods), fontsize=8)
        axis.set(xlim=(0, 1), ylim=(most - 0.5, -0.5))
        axis.set_title(title, fontsize=9)
    for axis in axes.flat[len(groups) :]:
        axis.axis("off")
    figure.supxlabel(
        "accuracy of a linear SVM in place of the last layer, on the target's "
        "test images; black lines: the paper's",
        fontsize=9,
    )
    _save(figure, path)


def knobs(
    results: list[dict[str, Any]], titles: dict[str, str], path: Path
) -> None:
    """Accuracy and domain accuracy over the values of each knob.

    Args:
        results: One dict for each knob, value and seed: `knob`, `value`,
            `accuracy`, `domain_accuracy`.
        titles: Knob to its title.
        path: The file to write.
    """
    # Here and not above, for it imports Keras.
    from keras_grl.diagnostics import plots

    by_knob: dict[str, dict[Any, list[dict[str, Any]]]] = {}
    for row in results:
        of_value = by_knob.setdefault(row["knob"], {})
        of_value.setdefault(row["value"], []).append(row)
    columns = min(len(by_knob), 3)
    rows = -(-len(by_knob) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(3.6 * columns, 3 * rows),
        squeeze=False,
        sharey=True,
    )
    for axis, (knob, of_value) in zip(axes.flat, by_knob.items(), strict=False):
        places = range(len(of_value))
        for name, label, color in (
            ("accuracy", "target accuracy", plots.TARGET_COLOR),
            ("domain_accuracy", "domain accuracy", "gray"),
        ):
            seeds = [[row[name] for row in each] for each in of_value.values()]
            axis.errorbar(
                places,
                [np.mean(each) for each in seeds],
                [np.std(each) for each in seeds],
                color=color,
                marker="o",
                capsize=3,
                label=label,
            )
        axis.set_xticks(places, [str(value) for value in of_value], fontsize=8)
        axis.set(title=titles[knob], ylim=(0, 1))
        axis.title.set_fontsize(9)
    axes[0, 0].legend(fontsize=8)
    for axis in axes.flat[len(by_knob) :]:
        axis.axis("off")
    _save(figure, path)


def _logs(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """The logs of a run, as `fit` returns them."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: [row.get(name, float("nan")) for row in rows]
        for name in names
        if name not in ("method", "seed", "epoch")
    }


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    with whole(path) as file:
        figure.savefig(file, dpi=120)
    plt.close(figure)
