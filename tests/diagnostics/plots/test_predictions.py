import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt

from keras_grl.diagnostics import plots
from keras_grl.diagnostics.intervals import Errors
from keras_grl.diagnostics.intervals import rate_interval

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_a_row_of_the_confusion_is_a_true_class():
    axes = plots.confusion(
        [0, 0, 0, 0, 2], [0, 0, 0, 2, 2], class_names=["a", "b", "c"]
    )
    shares = axes.images[0].get_array()
    np.testing.assert_array_equal(
        shares.filled(-1), [[0.75, 0, 0.25], [-1, -1, -1], [0, 0, 1]]
    )
    numbers = {text.get_position(): text.get_text() for text in axes.texts}
    assert numbers == {(0, 0): ".75", (2, 0): ".25", (2, 2): "1.00"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert ticks(axes.xaxis) == ticks(axes.yaxis) == ["a", "b", "c"]
    # A number is readable on its square.
    colors = {text.get_position(): text.get_color() for text in axes.texts}
    assert (colors[0, 0], colors[2, 0]) == ("white", "black")


def test_probabilities_tell_how_many_classes_there_are():
    axes = plots.confusion([0, 1], [[0.9, 0.1, 0, 0], [0.6, 0.4, 0, 0]])
    assert axes.images[0].get_array().shape == (4, 4)
    assert axes.images[0].get_array()[1, 0] == 1.0


def test_many_classes_have_neither_numbers_nor_all_names():
    labels = np.arange(43)
    axes = plots.confusion(labels, labels)
    assert not axes.texts
    assert ticks(axes.xaxis) == [str(each) for each in range(0, 43, 3)]


def test_the_bars_are_the_shares_of_the_classes():
    axes = plots.class_frequencies(
        {
            "source labels": [0, 0, 1, 1],
            "predicted": [[0.1, 0.9, 0.0], [0.2, 0.3, 0.5]],
        }
    )
    source, predicted = axes.containers
    assert [bar.get_height() for bar in source] == [0.5, 0.5, 0.0]
    assert [bar.get_height() for bar in predicted] == [0.0, 0.5, 0.5]
    # Beside each other, around the class.
    left, right = source[1], predicted[1]
    assert left.get_x() + left.get_width() == pytest.approx(right.get_x())
    assert right.get_x() == pytest.approx(1.0)
    assert left.get_facecolor() != right.get_facecolor()
    assert (left.get_hatch() or "", right.get_hatch()) == ("", "///")
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["source labels", "predicted"]
    assert ticks(axes.xaxis) == ["0", "1", "2"]


def test_calibration_by_hand():
    """Four predictions: sure ones of .95 and .9, and two of .55 and .6."""
    first = np.array([0.95, 0.9, 0.55, 0.6])
    probabilities = np.stack([first, 1 - first], axis=1)
    axes = plots.calibration([0, 1, 0, 0], probabilities, bins=10)
    diagonal, model, *_ = axes.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    # .6 belongs to (.5, .6], and .9 to (.8, .9].
    np.testing.assert_allclose(
        model.get_xydata(), [[0.575, 1.0], [0.9, 0.0], [0.95, 1.0]]
    )
    error = (2 * 0.425 + 0.9 + 0.05) / 4
    assert axes.get_title() == f"expected calibration error {error:.3f}"
    (bars,) = axes.collections
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    for found, (right, n) in zip(ends, ((2, 2), (0, 1), (1, 1)), strict=True):
        assert found == pytest.approx(rate_interval(Errors(right, n), 0.95))
    legend = {text.get_text() for text in axes.get_legend().get_texts()}
    assert legend == {"calibrated", "model"}


def test_bins_are_of_equal_width():
    sure = np.array([0.51, 0.74, 0.76, 1.0])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    axes = plots.calibration([0] * 4, probabilities, bins=4)
    np.testing.assert_allclose(
        axes.lines[1].get_xdata(), [(0.51 + 0.74) / 2, 0.88]
    )


def test_axes_go_in_and_come_out():
    _, (one, two, three) = plt.subplots(1, 3)
    assert plots.confusion([0, 1], [1, 1], axes=one) is one
    assert plots.class_frequencies({"a": [0]}, axes=two) is two
    assert plots.calibration([0], [[0.6, 0.4]], axes=three) is three


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.confusion([0, 1], [0]), "`predictions`.*2 rows"),
        (lambda: plots.confusion([], []), "`labels`.*at least one sample"),
        (lambda: plots.confusion([0, np.nan], [0, 1]), "`labels`"),
        (lambda: plots.confusion([-1, 0], [0, 1]), "`labels`.*class numbers"),
        (
            lambda: plots.confusion([0, 1], [[3.0, -1.0], [0.0, 2.0]]),
            "`predictions`.*softmax",
        ),
        (
            lambda: plots.confusion([0, 1], [0, 1], class_names="ab"),
            "`class_names`",
        ),
        (
            lambda: plots.confusion([0, 1], [0, 1], class_names=["a"]),
            "`class_names`.*2 classes",
        ),
        (lambda: plots.confusion([0], [0], axes=3), "`axes`"),
        (lambda: plots.class_frequencies([0, 1]), "`classes`.*a dict"),
        (lambda: plots.class_frequencies({}), "`classes`.*one to four"),
        (
            lambda: plots.class_frequencies({str(n): [0] for n in range(5)}),
            "`classes`.*one to four",
        ),
        (lambda: plots.class_frequencies({"a": ["x"]}), "`a`.*strings"),
        (lambda: plots.calibration([0], [0.5]), "`probabilities`"),
        (
            lambda: plots.calibration([2], [[0.5, 0.5]]),
            "`labels`.*from 0 to 1",
        ),
        (
            lambda: plots.calibration([0, 1], [[0.5, 0.5]]),
            "`labels`.*1 rows",
        ),
        (
            lambda: plots.calibration([0], [[np.nan, 0.5]]),
            "`probabilities`.*NaN",
        ),
        (lambda: plots.calibration([0], [[0.5, 0.5]], bins=0), "`bins`"),
    ],
)
def test_bad_input_gets_one_clear_error(call, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call()
