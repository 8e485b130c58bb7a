import types

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

from keras_grl.diagnostics import plots

matplotlib.use("agg")

HISTORY = {
    "loss": [3.0, 2.0],
    "label_loss": [2.0, 1.0],
    "domain_loss": [0.7, 0.6],
    "target_loss": [0.2, 0.1],
    "val_loss": [2.5, 1.5],
    "accuracy": [0.25, 0.5],
    "val_accuracy": [0.125, 0.375],
    "domain_accuracy": [1.0, 0.75],
    "target_infomax": [0.1, 1.2],
    "adaptation_factor": [0.0, 1.0],
    "target_loss_weight": [0.5, 0.1],
    "learning_rate": [0.01, 0.005],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(axes):
    return {
        line.get_label(): line
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def series(axes):
    return {
        name: line.get_ydata().tolist() for name, line in lines(axes).items()
    }


def test_the_dashboard_has_each_series_once_in_its_panel():
    of_losses, of_factor, of_scores = plots.training(HISTORY)
    assert series(of_losses) == {
        "label loss": HISTORY["label_loss"],
        "domain loss": HISTORY["domain_loss"],
        "target loss": HISTORY["target_loss"],
        # Of plain validation data it is the label loss.
        "val label loss": HISTORY["val_loss"],
    }
    assert series(of_factor) == {
        "λ": HISTORY["adaptation_factor"],
        "target loss weight": HISTORY["target_loss_weight"],
    }
    assert series(of_scores) == {
        "accuracy": HISTORY["accuracy"],
        "val accuracy": HISTORY["val_accuracy"],
        "domain accuracy": HISTORY["domain_accuracy"],
        "target infomax": HISTORY["target_infomax"],
    }
    for panel in (of_losses, of_factor, of_scores):
        assert panel.get_xlabel() == "epoch"
        assert lines(panel).popitem()[1].get_xdata().tolist() == [1, 2]
        shown = [text.get_text() for text in panel.get_legend().get_texts()]
        assert shown == list(series(panel))


@pytest.mark.parametrize(("sources", "text"), [(1, "ln 2"), (2, "ln 3")])
def test_the_line_of_a_classifier_that_cannot_distinguish(sources, text):
    axes = plots.losses(HISTORY, num_sources=sources)
    (guide,) = (line for line in axes.lines if line.get_label().startswith("_"))
    assert set(guide.get_ydata()) == {np.log(sources + 1)}
    assert [each.get_text() for each in axes.texts] == [text]
    assert axes.get_ylim()[0] == 0.0
    below = plots.losses({"loss": [0.5, -0.5]})
    assert below.get_ylim()[0] < -0.5


def test_validation_has_the_color_of_what_it_validates_in_another_style():
    of_losses, _, of_scores = plots.training(HISTORY)
    for axes, name in ((of_losses, "label loss"), (of_scores, "accuracy")):
        drawn = lines(axes)
        trained, validated = drawn[name], drawn[f"val {name}"]
        assert trained.get_color() == validated.get_color()
        assert (trained.get_ls(), validated.get_ls()) == ("-", "--")
    styles = [
        (line.get_color(), line.get_marker(), line.get_ls())
        for line in lines(of_scores).values()
    ]
    # No two lines differ by color alone.
    assert len({style[1:] for style in styles}) == len(styles)


def test_the_validation_of_pairs_has_its_own_label_loss():
    logs = {**HISTORY, "val_label_loss": [9.0, 8.0]}
    assert series(plots.losses(logs))["val label loss"] == [9.0, 8.0]


def test_training_on_the_source_only_has_neither_guide_nor_factor():
    logs = {"loss": [2.0, 1.0], "val_loss": [2.5, 2.0]}
    of_losses, of_factor, of_scores = plots.training(logs)
    assert series(of_losses) == {"loss": [2.0, 1.0], "val loss": [2.5, 2.0]}
    assert len(of_losses.lines) == 2
    for panel in (of_factor, of_scores):
        assert panel.texts[0].get_text() == "not in the logs"


def test_what_fit_returns_and_axes_of_the_user():
    fitted = types.SimpleNamespace(history=HISTORY)
    _, axes = plt.subplots(1, 3)
    assert list(plots.training(fitted, axes=axes)) == list(axes)
    assert "λ" in series(axes[1])
    assert plots.losses(fitted, axes=axes[0]) is axes[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"history": {}}, "`history`. Expected what `fit` returned"),
        ({"history": [1.0, 2.0]}, "`history`"),
        ({"history": {"loss": 1.0}}, "`history`.*a value for each epoch"),
        ({"num_sources": 0}, "`num_sources`"),
        ({"axes": None, "num_sources": 1.5}, "`num_sources`"),
        ({"axes": [1, 2, 3]}, "`axes`.*3 `Axes`"),
    ],
)
def test_bad_input_gets_one_clear_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.training(**{"history": HISTORY, **arguments})
