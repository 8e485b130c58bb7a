"""embedding: features in two dimensions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_grl.diagnostics.domain_classifiers import two_domains
from keras_grl.diagnostics.optional import optional
from keras_grl.diagnostics.plots.axes import SOURCE_COLOR
from keras_grl.diagnostics.plots.axes import SOURCE_MARKER
from keras_grl.diagnostics.plots.axes import TARGET_COLOR
from keras_grl.diagnostics.plots.axes import TARGET_MARKER
from keras_grl.diagnostics.plots.axes import Axes
from keras_grl.diagnostics.plots.axes import axes_for
from keras_grl.diagnostics.plots.axes import class_colors
from keras_grl.diagnostics.plots.class_numbers import as_classes
from keras_grl.diagnostics.plots.class_numbers import names_of
from keras_grl.types import AnyArray
from keras_grl.types import Array
from keras_grl.validation import check_choice
from keras_grl.validation import check_integer
from keras_grl.validation import invalid

METHODS = ("tsne", "pca")
# More would hide each other, and t-SNE take minutes.
_MOST = 5000


def embedding(
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    source_classes: AnyArray | None = None,
    target_classes: AnyArray | None = None,
    *,
    method: str = "tsne",
    class_names: Sequence[str] | None = None,
    seed: int = 0,
    axes: Axes | Sequence[Axes] | None = None,
) -> Array:
    """Features of both domains in the plane, by domain and by class.

    Both domains are embedded together: once colored by domain and, with the
    classes of both, next to it once colored by class. There source samples are
    circles, target samples triangles, and the name of a class stands at the
    median of its samples.

    Distances in t-SNE mean little, and neither do the sizes of clusters:
    check whether the domains mix within a class, and measure it with
    `keras_grl.diagnostics.proxy_a_distance_test`.

    Args:
        source: Array of shape `(n, …)`, 4 to 5000 samples: features, for
            example of `model.extract_features`.
        target: The same of the target.
        source_classes: Class numbers `(n,)`, or probabilities `(n, classes)`.
        target_classes: Those of the target: predicted ones, if there are no
            labels.
        method: "tsne" or "pca".
        class_names: Name of each class. Defaults to the numbers.
        seed: Integer, of t-SNE.
        axes: Matplotlib axes: one, or two if there are classes. New ones by
            default.

    Returns:
        NumPy array of the one or two axes.

    Raises:
        ImportError: If Matplotlib or scikit-learn is not installed.
        ValueError: If an argument is invalid.

    Example:

    >>> features = np.random.default_rng(0).normal(size=(2, 20, 6))
    >>> axes = embedding(*features, method="pca")  # doctest: +SKIP
    >>> axes[0].figure.savefig("features.png")  # doctest: +SKIP

    Reference:
        Ganin & Lempitsky (2015), figure 3; van der Maaten (2013), "Barnes-Hut
        t-SNE".
    """
    check_choice("method", method, METHODS)
    seed = check_integer("seed", seed, minimum=0)
    domains = two_domains(source, target)
    for name, each in zip(("source", "target"), domains, strict=True):
        if len(each) > _MOST:
            raise ValueError(
                invalid(
                    name,
                    f"at most {_MOST} samples",
                    each.shape,
                    f"Take some of them: `{name}[:1000]`.",
                )
            )
    classes = None
    if (source_classes is None) != (target_classes is None):
        raise ValueError(
            "`source_classes` and `target_classes` must be passed together. "
            "Without labels of the target, pass the predicted classes: "
            "`model.predict(x_target)`."
        )
    if source_classes is not None:
        classes = np.concatenate(
            [
                as_classes("source_classes", source_classes, len(domains[0])),
                as_classes("target_classes", target_classes, len(domains[1])),
            ]
        )
        class_names = names_of(class_names, classes.max() + 1)
    panels = axes_for(axes, 1 if classes is None else 2, "embedding", 4.4, 4.0)
    points = _points(np.concatenate(domains), method, seed)
    parts = points[: len(domains[0])], points[len(domains[0]) :]
    _by_domain(panels[0], parts)
    if classes is not None and class_names is not None:
        of_parts = classes[: len(parts[0])], classes[len(parts[0]) :]
        _by_class(panels[1], parts, of_parts, class_names)
    for panel in panels:
        panel.set(xticks=[], yticks=[])
        if (points == points[0]).all():
            panel.set_xlabel("all features are equal: nothing to embed")
    return panels


def _points(features: Array, method: str, seed: int) -> Array:
    if (features == features[0]).all():
        return np.zeros((len(features), 2))
    if method == "pca":
        centered = features - features.mean(axis=0)
        left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
        points = (left * sizes)[:, :2]
        # A single feature has one component.
        return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    manifold = optional("sklearn.manifold", "embedding")
    tsne = manifold.TSNE(
        perplexity=min(30, len(features) - 1),
        # PCA needs two features.
        init="pca" if features.shape[1] > 1 else "random",
        random_state=seed % 2**32,
    )
    return tsne.fit_transform(features)


def _by_domain(axes: Axes, parts: tuple[Array, Array]) -> None:
    drawn = zip(
        parts,
        ("source", "target"),
        (SOURCE_COLOR, TARGET_COLOR),
        (SOURCE_MARKER, TARGET_MARKER),
        strict=True,
    )
    for points, name, color, marker in drawn:
        axes.scatter(
            points[:, 0],
            points[:, 1],
            c=color,
            label=name,
            **_style(points, marker),
        )
    axes.legend(markerscale=2, fontsize=9)
    axes.set_title("by domain", fontsize=10)


def _by_class(
    axes: Axes,
    parts: tuple[Array, Array],
    classes: tuple[Array, Array],
    names: Sequence[str],
) -> None:
    colors = np.array(class_colors(len(names), "embedding"), dtype=object)
    markers = (SOURCE_MARKER, TARGET_MARKER)
    for points, of_points, marker in zip(parts, classes, markers, strict=True):
        axes.scatter(
            points[:, 0],
            points[:, 1],
            c=[colors[each] for each in of_points],
            **_style(points, marker),
        )
    everything, numbers = np.concatenate(parts), np.concatenate(classes)
    for number in np.unique(numbers):
        axes.annotate(
            names[number],
            np.median(everything[numbers == number], axis=0),
            ha="center",
            va="center",
            fontsize=9,
            bbox={"boxstyle": "round,pad=0.2", "fc": "white", "alpha": 0.8},
        )
    axes.set_title("by class", fontsize=10)


def _style(points: Array, marker: str) -> dict[str, Any]:
    size = 20 if len(points) < 100 else 9
    return {"s": size, "alpha": 0.65, "marker": marker, "linewidths": 0}
