import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn import manifold

from keras_grl.diagnostics import plots

matplotlib.use("agg")

RANDOM = np.random.default_rng(0)
SOURCE = RANDOM.normal(size=(6, 4))
TARGET = RANDOM.normal(size=(5, 4)) + 3


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def no_tsne(monkeypatch):
    """The first two features, in place of t-SNE's."""
    given = {}

    class FirstTwoColumns:
        def __init__(self, **options):
            given.update(options)

        def fit_transform(self, features):
            return features[:, :2]

    monkeypatch.setattr(manifold, "TSNE", FirstTwoColumns)
    return given


def test_the_domains_have_their_points_colors_and_markers(no_tsne):
    (axes,) = plots.embedding(SOURCE, TARGET, seed=7)
    source, target = axes.collections
    np.testing.assert_allclose(source.get_offsets(), SOURCE[:, :2])
    np.testing.assert_allclose(target.get_offsets(), TARGET[:, :2])
    for drawn, color in (
        (source, plots.SOURCE_COLOR),
        (target, plots.TARGET_COLOR),
    ):
        wanted = matplotlib.colors.to_rgba(color, alpha=0.65)
        assert tuple(drawn.get_facecolor()[0]) == pytest.approx(wanted)
    shapes = [len(drawn.get_paths()[0].vertices) for drawn in (source, target)]
    assert shapes[0] != shapes[1]  # a circle and a triangle
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["source", "target"]
    # Of 11 samples there are not 30 neighbors.
    assert no_tsne["perplexity"] == 10 and no_tsne["random_state"] == 7


def test_classes_have_a_panel_of_their_own(no_tsne):
    source_classes = np.array([0, 0, 1, 1, 2, 2])
    probabilities = np.eye(3)[[2, 2, 1, 1, 0]]
    by_domain, by_class = plots.embedding(
        SOURCE,
        TARGET,
        source_classes,
        probabilities,
        class_names=["a", "b", "c"],
    )
    assert by_domain.get_title() == "by domain"
    assert by_class.get_title() == "by class"
    colors = [
        tuple(drawn.get_facecolor()[row][:3])
        for drawn, rows in zip(
            by_class.collections, ((0, 2, 4), (4, 2, 0)), strict=True
        )
        for row in rows
    ]
    # The same color for a class in both domains, another for each class.
    assert colors[:3] == colors[3:] and len(set(colors)) == 3
    names = {text.get_text(): text.xy for text in by_class.texts}
    of_class_b = np.concatenate([SOURCE[2:4], TARGET[2:4]])[:, :2]
    np.testing.assert_allclose(names["b"], np.median(of_class_b, axis=0))
    assert list(names) == ["a", "b", "c"]


def test_many_classes_have_different_colors(no_tsne):
    classes = np.arange(6) * 8
    _, by_class = plots.embedding(SOURCE, TARGET, classes, classes[:5])
    source, _ = by_class.collections
    assert len({tuple(color) for color in source.get_facecolor()}) == 6
    assert [text.get_text() for text in by_class.texts] == list(
        map(str, classes)
    )


def test_principal_components():
    line = np.linspace(0, 1, 8)[:, None] * [[3.0, 4.0, 0.0]]
    (axes,) = plots.embedding(line[:4], line[4:], method="pca")
    points = np.concatenate([c.get_offsets() for c in axes.collections])
    # All of the length 5 lies along the first component.
    assert np.ptp(points[:, 0]) == pytest.approx(5.0)
    assert np.ptp(points[:, 1]) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_one_feature_and_equal_features(method):
    (axes,) = plots.embedding(SOURCE[:, :1], TARGET[:, :1], method=method)
    assert np.isfinite(axes.collections[0].get_offsets()).all()
    (axes,) = plots.embedding(np.ones((4, 3)), np.ones((4, 3)), method=method)
    assert axes.get_xlabel() == "all features are equal: nothing to embed"


def test_axes_go_in_and_come_out(no_tsne):
    _, axes = plt.subplots(1, 2)
    found = plots.embedding(SOURCE, TARGET, [0] * 6, [1] * 5, axes=axes)
    assert list(found) == list(axes)
    one = plots.embedding(SOURCE, TARGET, axes=axes[0])
    assert list(one) == [axes[0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": SOURCE[:1]}, "`source`.*at least 4 samples"),
        ({"target": TARGET[:, :2]}, "`target`. Expected 4 features"),
        ({"target": TARGET * np.nan}, "`target`.*NaN"),
        ({"source": np.ones((5001, 4))}, "`source`.*at most 5000 samples"),
        ({"method": "umap"}, '`method`.*"tsne", "pca"'),
        ({"source_classes": [0] * 6}, "must be passed together"),
        (
            {"source_classes": [0] * 5, "target_classes": [0] * 5},
            "`source_classes`.*6 rows",
        ),
        (
            {"source_classes": [0.5] * 6, "target_classes": [0] * 5},
            "`source_classes`.*class numbers",
        ),
        (
            {
                "source_classes": [0] * 6,
                "target_classes": [1] * 5,
                "class_names": ["one"],
            },
            "`class_names`.*2 classes",
        ),
        ({"axes": "left"}, "`axes`. Expected None or a Matplotlib"),
        (
            {"source_classes": [0] * 6, "target_classes": [1] * 5, "axes": [1]},
            "`axes`.*2 `Axes`",
        ),
        ({"seed": -1}, "`seed`"),
    ],
)
def test_bad_input_gets_one_clear_error(arguments, message):
    valid = {"source": SOURCE, "target": TARGET}
    with pytest.raises(ValueError, match=f"(?s){message}"):
        plots.embedding(**{**valid, **arguments})
