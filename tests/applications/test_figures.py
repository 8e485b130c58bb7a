import numpy as np
import pytest

from applications import figures
from applications.runner.names import METHODS


@pytest.fixture
def drawn(monkeypatch):
    """The figures, in place of files of them."""
    found = []
    monkeypatch.setattr(
        figures, "_save", lambda figure, path: found.append(figure)
    )
    yield found
    for figure in found:
        figures.plt.close(figure)


def test_features_that_cannot_be_embedded_are_said_to_be_so(tmp_path):
    random = np.random.default_rng(0)
    spread = random.normal(size=(2, 20, 3))
    figures.embeddings(
        {
            "trained": (spread[0], spread[1]),
            "dead": (np.zeros((20, 3)), np.zeros((20, 3))),
            "diverged": (np.full((20, 3), np.nan), np.zeros((20, 3))),
        },
        tmp_path / "features.png",
    )
    assert (tmp_path / "features.png").read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["features.png"]


def test_each_method_has_an_embedding_by_domain(drawn, no_embedding):
    source, target = np.arange(12.0).reshape(4, 3), np.arange(15.0, 0, -1)
    pair = source, target.reshape(5, 3)
    figures.embeddings({"source only": pair[::-1], "DANN": pair}, None, "t")
    before, after = drawn[0].axes
    assert before.get_title() == "source only"
    assert after.get_title() == "DANN"
    points = {
        collection.get_label(): collection.get_offsets().tolist()
        for collection in after.collections
    }
    assert points["source"] == source[:, :2].tolist()
    assert points["target"] == pair[1][:, :2].tolist()


def test_the_error_along_training_is_the_mean_of_the_seeds(drawn):
    history = [
        {"method": method, "seed": seed, "epoch": epoch, "target_accuracy": a}
        for method, seed, epoch, a in (
            ("dann", 0, 1, 0.5),
            ("dann", 0, 2, 0.8),
            ("dann", 1, 1, 0.7),
            ("dann", 1, 2, 1.0),
            ("source_only", 0, 1, 0.25),
        )
    ]
    figures.errors(history, METHODS, None)
    (axis,) = drawn[0].axes
    lines = {line.get_label(): line.get_xydata() for line in axis.lines}
    assert list(lines) == ["DANN", "source only"]
    np.testing.assert_allclose(lines["DANN"], [[1, 0.4], [2, 0.1]])
    np.testing.assert_allclose(lines["source only"], [[1, 0.75]])
    band = axis.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(0.0)
    assert band[:, 1].max() == pytest.approx(0.5)


def test_the_curves_of_training_are_those_of_the_history(drawn):
    dann = {
        "label_loss": [2.0, 1.0],
        "domain_loss": [0.7, 0.6],
        "domain_accuracy": [0.5, 0.75],
        "adaptation_factor": [0.0, 1.0],
        "loss": [2.7, 1.6],
        "val_accuracy": [0.25, 0.5],
    }
    plain = {"loss": [1.0, 0.5], "val_accuracy": [0.125, 0.375]}
    history = [
        {"method": method, "epoch": epoch + 1}
        | {name: values[epoch] for name, values in logs.items()}
        for method, logs in (("source_only", plain), ("dann", dann))
        for epoch in range(2)
    ]
    figures.training_curves(history, METHODS, None)
    *of_dann, compared = drawn[0].axes
    lines = {
        line.get_label(): line.get_ydata().tolist()
        for axis in of_dann
        for line in axis.lines
        if not line.get_label().startswith("_")
    }
    assert lines == {
        "label loss": dann["label_loss"],
        "domain loss": dann["domain_loss"],
        "λ": dann["adaptation_factor"],
        "domain accuracy": dann["domain_accuracy"],
        "val accuracy": dann["val_accuracy"],
    }
    assert {
        line.get_label(): line.get_xydata().tolist() for line in compared.lines
    } == {
        "source only": [[1, 0.125], [2, 0.375]],
        "DANN": [[1, 0.25], [2, 0.5]],
    }


def test_there_are_curves_without_dann_too(drawn):
    row = {"method": "source_only", "epoch": 1, "val_accuracy": 0.5}
    figures.training_curves([row], METHODS, None)
    (axis,) = drawn[0].axes
    assert [line.get_label() for line in axis.lines] == ["source only"]


def test_bars_are_of_the_means_and_lines_of_the_paper(drawn):
    groups = {
        "A → B": {"DANN": ([0.5, 0.7], 0.8), "MMD": ([0.25], None)},
        "B → C": {"MMD": ([0.75], 0.5)},
    }
    figures.bars(groups, None)
    first, second = drawn[0].axes
    assert [bar.get_width() for bar in first.patches] == [
        pytest.approx(0.6),
        0.25,
    ]
    assert [label.get_text() for label in first.get_yticklabels()] == [
        "DANN",
        "MMD",
    ]

    def published(axis):
        return [
            path.vertices[0, 0]
            for lines in axis.collections
            if tuple(lines.get_color()[0][:3]) == (0, 0, 0)
            for path in lines.get_paths()
        ]

    assert 0.8 in published(first) and published(second)[-1] == 0.5
    # A method has the same color in all panels.
    assert first.patches[1].get_facecolor() == second.patches[0].get_facecolor()
    assert (second.get_title(), first.get_title()) == ("B → C", "A → B")


def test_a_sheet_shows_the_images_of_each_domain_in_order(drawn):
    images = np.arange(5, dtype="uint8").reshape(5, 1, 1, 1) * 10
    figures.examples({"source": images, "target": images + 1}, None, columns=3)
    source, target = drawn[0].axes
    sheet = source.images[0].get_array()
    np.testing.assert_array_equal(sheet, [[0, 10, 20], [30, 40, 255]])
    assert target.images[0].get_array()[0, 0] == 1
    assert source.get_title("left") == "source"
